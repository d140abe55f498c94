"""The report of a ledger: both times of the register, and what else was recorded by then."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from batteryd.app.warranty.of_ledger import Installation, Question, report_of_ledger
from batteryd.domain.inventory import Battery, Inventory, Service, Source
from batteryd.domain.nameplate import DeviceDate, Nameplate
from batteryd.domain.register import DeviceSays, RegisterEntry, ServiceEntry
from batteryd.domain.snapshot import Layout, Snapshot, failed_snapshot, parse_column
from batteryd.domain.warranty import OperatingConditions, WarrantyTerms
from batteryd.domain.work import Finding
from batteryd.registrar.observed import record_device
from batteryd.report.warranty import Made, WarrantyReport
from batteryd.settings.load import load_configuration
from batteryd.store.journal import Journal
from batteryd.store.ledger import Ledger
from batteryd.store.records import FINDINGS, REGISTER, SERVICES
from batteryd.store.rollup import Rollup
from batteryd.store.usage_account import Metered, UsageAccount
from tests.builders import NOON_S, make_battery, make_inventory
from tests.journals import open_journal
from tests.unit.settings.places import NO_ENVIRONMENT, lay_out

MADE = Made(at_s=NOON_S, by="kim", clock="unknown")
RACK = Layout.of([parse_column("s1/m01/t1:temperature_c"), parse_column("-:cycle_count")])
TODAY = date(2025, 11, 25)  # of NOON_S


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = open_journal(tmp_path / "journal.db")
    yield journal
    journal.file.close()


class Site:
    """An installation whose ledger is written by the test."""

    def __init__(self, folder: Path, ledger: Ledger, journal: Journal | None) -> None:
        found = load_configuration(lay_out(folder), environ=NO_ENVIRONMENT)
        self.ledger = ledger
        self.installation = Installation(
            replace(found, inventory=make_inventory()), ledger, journal
        )

    def polls(self, inventory: Inventory) -> None:
        """Let the daemon poll this."""
        found = replace(self.installation.configuration, inventory=inventory)
        self.installation = replace(self.installation, configuration=found)

    def says(
        self, battery: Battery | None = None, *, on: str, recorded: str, **changes: Any
    ) -> None:
        """Record that the register says something of a battery from a day on."""
        entry = RegisterEntry(
            battery=battery or make_battery(),
            effective_on=date.fromisoformat(on),
            source="register.csv",
            source_sha256="ab" * 32,
            entered_by="kim",
            approved_by="lee",
            site_id="daejeon",
        )
        with self.ledger.transaction(at(recorded)) as tx:
            tx.records.put(
                REGISTER, entry.asset_id, replace(entry, **changes), actor="kim", action="entered"
            )

    def report(self, day: str, *, known_at: str | None = None) -> WarrantyReport:
        """Make the report of a day."""
        known_at_s = None if known_at is None else at(known_at)
        question = Question(date.fromisoformat(day), known_at_s=known_at_s)
        return report_of_ledger(self.installation, question, made=MADE)


@pytest.fixture
def site(tmp_path: Path, ledger: Ledger, journal: Journal) -> Site:
    return Site(tmp_path / "etc", ledger, journal)


def rows(report: WarrantyReport) -> dict[str, dict[str, Any]]:
    names = [column.name for column in report.columns]
    found = (dict(zip(names, row, strict=True)) for row in report.rows)
    return {str(row["asset_id"]): row for row in found}


def months(count: int) -> Battery:
    battery = make_battery()
    return replace(battery, warranty=replace(battery.warranty, months=count))


@pytest.mark.parametrize(
    ("day", "known_at", "last_day"),
    [
        ("2016-01-01", "2015-01-01T00:00Z", "2024-08-19"),  # as it was first read
        ("2016-01-01", "2020-01-01T00:00Z", "2022-08-19"),  # the contract had been misread
        ("2016-01-01", None, "2022-08-19"),
        ("2022-08-19", "2023-01-01T00:00Z", "2022-08-19"),
        ("2022-08-20", "2023-01-01T00:00Z", "2024-08-19"),  # an extension was bought
        ("2022-08-20", "2020-01-01T00:00Z", "2022-08-19"),  # and nobody knew of it then
    ],
)
def test_what_was_valid_on_a_day_is_told_as_it_was_known_at_an_instant(
    site: Site, day: str, known_at: str | None, last_day: str
) -> None:
    extended = replace(months(96).warranty, extension_months=24)
    site.says(months(120), on="2014-08-20", recorded="2014-09-01T09:00Z")
    site.says(months(96), on="2014-08-20", recorded="2019-03-12T09:00Z")
    site.says(replace(months(96), warranty=extended), on="2022-08-20", recorded="2022-06-30T09:00Z")

    row = rows(site.report(day, known_at=known_at))["rack-1"]

    assert row["warranty_last_day"] == date.fromisoformat(last_day)


def test_a_row_names_the_entry_that_it_rests_on(site: Site) -> None:
    site.says(on="2014-08-20", recorded="2014-09-01T09:00Z", approved_by=None)
    site.says(on="2014-08-20", recorded="2014-09-02T09:00Z")

    report = site.report("2025-09-26")

    row, provenance = rows(report)["rack-1"], report.header.provenance
    assert (row["register_seq"], row["register_recorded_at"]) == (2, "2014-09-02T09:00:00.000000Z")
    assert (row["entered_by"], row["approved_by"]) == ("kim", "lee")
    assert row["effective_on"] == date(2014, 8, 20)
    assert provenance.register_revision == "ledger entry 2 of 2014-09-02T09:00:00.000000Z"
    assert provenance.sources == {"register.csv": "ab" * 32}
    assert provenance.rule_set_sha256 is not None
    head = site.ledger.head()
    assert head is not None
    assert provenance.ledger_head is not None
    assert (provenance.ledger_head.seq, provenance.ledger_head.hash) == (2, head.hash)


def test_two_files_of_one_name_are_two_sources(site: Site) -> None:
    site.says(make_battery("rack-1"), on="2014-08-20", recorded="2014-09-01T09:00Z")
    site.says(
        make_battery("rack-2"), on="2014-08-20", recorded="2015-09-01T09:00Z",
        source_sha256="cd" * 32,
    )  # fmt: skip

    assert site.report("2025-09-26").header.provenance.sources == {
        "register.csv (abababab)": "ab" * 32,
        "register.csv (cdcdcdcd)": "cd" * 32,
    }


def test_the_population_accounts_for_everything_polled_and_everything_registered(
    site: Site,
) -> None:
    recorded = "2014-09-01T09:00Z"
    for asset_id in ("rack-1", "rack-2"):
        site.says(make_battery(asset_id), on="2014-08-20", recorded=recorded)
    site.says(make_battery("rack-3"), on="2014-08-20", recorded=recorded)
    site.says(make_battery("rack-3"), on="2020-01-01", recorded=recorded, is_retired=True)
    site.says(make_battery("rack-4"), on="2026-01-01", recorded=recorded)
    site.polls(make_inventory(make_battery("rack-1"), make_battery("rack-9")))

    report = site.report("2025-09-26")

    population = report.header.population
    assert rows(report).keys() == {"rack-1", "rack-2"}
    assert population.excluded == {
        "rack-3": "left the register on 2020-01-01",
        "rack-4": "in the register from 2026-01-01",
    }
    assert population.polled_only == {"rack-9": "a battery of the inventory", "ups-1": "a UPS"}
    assert (population.in_register, population.polled, population.both) == (4, 3, 1)


def test_a_finding_stands_in_the_report_of_the_days_on_which_it_was_open(site: Site) -> None:
    site.says(on="2014-08-20", recorded="2014-09-01T09:00Z")
    finding = Finding("F-1", "rack-1", date(2024, 6, 27), "lee", "pack temperatures deviate")
    closed = replace(finding, closed_on=date(2025, 7, 1), closed_by="park", evidence="replaced")
    for value, recorded in ((finding, "2024-06-28T09:00Z"), (closed, "2025-07-02T09:00Z")):
        with site.ledger.transaction(at(recorded)) as tx:
            tx.records.put(FINDINGS, "F-1", value, actor="lee", action="opened")

    def open_on(day: str, known_at: str | None = None) -> Any:
        return rows(site.report(day, known_at=known_at))["rack-1"]["findings"]

    assert open_on("2024-06-26") == ()
    assert open_on("2024-06-27") == ("F-1",)
    assert open_on("2025-06-30") == ("F-1",)
    assert open_on("2025-07-01") == ()
    assert open_on("2025-07-01", known_at="2025-07-01T12:00Z") == ("F-1",)
    assert open_on("2024-06-27", known_at="2024-06-27T12:00Z") == ()


def test_services_stand_in_the_row_once_with_the_grade_of_the_day(site: Site) -> None:
    site.says(on="2014-08-20", recorded="2014-09-01T09:00Z")
    services = (
        (Service("mobile identity", 2, ups_id="ups-1"), date.min),
        (Service("mobile identity", 1, ups_id="ups-1"), date(2025, 1, 1)),
        (Service("mobile identity", 3, room_id="room-5b"), date.min),
        (Service("staff canteen", 4, room_id="room-5b"), date.min),
        (Service("elsewhere", 1, room_id="room-6"), date.min),
    )
    with site.ledger.transaction(at("2014-09-01T09:00Z")) as tx:
        for service, day in services:
            entry = ServiceEntry(service, day, "inventory.toml", "ef" * 32, "batteryd")
            tx.records.put(SERVICES, entry.service_id, entry, actor="batteryd", action="entered")

    assert rows(site.report("2024-12-31"))["rack-1"]["services"] == (
        "2 mobile identity", "4 staff canteen",
    )  # fmt: skip
    assert rows(site.report("2025-01-01"))["rack-1"]["services"][0] == "1 mobile identity"


def test_what_a_device_says_otherwise_is_a_conflict_and_changes_nothing(site: Site) -> None:
    site.says(on="2014-08-20", recorded="2014-09-01T09:00Z")
    plate = Nameplate(serial="EC-9999", last_replaced_on=DeviceDate(date(2021, 5, 4)))
    with site.ledger.transaction(at("2025-01-01T00:00Z")) as tx:
        record_device(tx, DeviceSays("rack-1", plate, NOON_S))

    row = rows(site.report("2025-09-26"))["rack-1"]
    before = rows(site.report("2025-09-26", known_at="2024-12-31T00:00Z"))["rack-1"]

    assert len(row["conflicts"]) == 2
    assert "the device EC-9999: the register counts" in row["conflicts"][0]
    assert row["warranty_last_day"] == date(2024, 8, 19)
    assert "conflict" in row["data_quality"]
    assert before["conflicts"] == ()


def hot_hours(journal: Journal, hours: range) -> None:
    """Poll every minute; all of it is hot."""
    journal.append([
        Snapshot("rack-1", NOON_S + minute * 60, RACK, np.array([41.0, 100.0]), np.zeros(2, "u1"))
        for minute in range(hours.start * 60, hours.stop * 60)
    ])  # fmt: skip
    while Rollup(journal).step():
        pass


def with_condition() -> Battery:
    terms = WarrantyTerms(conditions=OperatingConditions(35.0, temperature_hours_max=3.0))
    return make_battery(warranty=terms)


def test_use_counts_until_the_end_of_the_day_with_and_without_an_account(
    site: Site, journal: Journal
) -> None:
    site.says(with_condition(), on="2014-08-20", recorded="2014-09-01T09:00Z")
    every_minute = Source("modbus://127.0.0.1/1", "lithium-rack", poll_interval_s=60.0)
    site.polls(make_inventory(make_battery(source=every_minute)))
    hot_hours(journal, range(24))  # from noon to noon

    first, second = site.report("2025-11-25"), site.report("2025-11-26")
    UsageAccount(journal, site.ledger).step(
        [Metered("rack-1", 35.0, 60.0)], now_s=NOON_S + 30 * 3600
    )
    again = site.report("2025-11-25"), site.report("2025-11-26")

    assert "12.0 h above 35 °C" in rows(first)["rack-1"]["conditions"][0]
    assert "24.0 h above 35 °C" in rows(second)["rack-1"]["conditions"][0]
    assert [rows(r)["rack-1"]["conditions"] for r in again] == [
        rows(r)["rack-1"]["conditions"] for r in (first, second)
    ]


def test_a_contract_without_conditions_is_not_threatened(site: Site, journal: Journal) -> None:
    site.says(on="2014-08-20", recorded="2014-09-01T09:00Z")
    hot_hours(journal, range(24))

    assert rows(site.report("2025-11-26"))["rack-1"]["conditions"] == ()


def test_a_device_that_never_answered_by_the_day_is_flagged(site: Site, journal: Journal) -> None:
    site.says(with_condition(), on="2014-08-20", recorded="2014-09-01T09:00Z")
    journal.append([failed_snapshot("rack-1", RACK, at_s=NOON_S - 60, failure="timeout")])
    hot_hours(journal, range(1))

    for day, is_flagged in (("2025-11-24", True), ("2025-11-25", False)):
        row = rows(site.report(day))["rack-1"]
        assert ("never_observed" in row["data_quality"]) is is_flagged


def test_without_a_journal_nobody_knows_of_use(tmp_path: Path, ledger: Ledger) -> None:
    site = Site(tmp_path / "etc", ledger, None)
    site.says(with_condition(), on="2014-08-20", recorded="2014-09-01T09:00Z")

    report = site.report("2025-11-25")

    row = rows(report)["rack-1"]
    assert row["conditions"] is None
    assert "never_observed" not in row["data_quality"]
    assert report.header.provenance.columns_left_empty == ("conditions",)


def test_an_empty_ledger_makes_an_empty_report(site: Site) -> None:
    report = site.report("2025-09-26", known_at="2025-09-27T00:00Z")

    assert report.rows == ()
    assert report.header.provenance.register_revision == "nothing recorded"
    assert report.header.provenance.ledger_head is None
    assert report.header.provenance.known_at == "2025-09-27T00:00:00Z"


@pytest.mark.parametrize(
    ("time_zone", "ends"), [("UTC", "2025-09-27T00:00Z"), ("Asia/Seoul", "2025-09-26T15:00Z")]
)
def test_a_day_ends_in_the_time_zone_of_the_question(time_zone: str, ends: str) -> None:
    assert Question(date(2025, 9, 26), time_zone).until_s == at(ends)


def test_the_last_day_of_the_calendar_can_be_asked_about() -> None:
    assert Question(date.max, "Asia/Seoul").until_s > Question(date(9999, 12, 30)).until_s
