"""What the daemon records of its inventory files, of devices, and of services."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from batteryd.domain.inventory import Battery, Inventory, Service
from batteryd.domain.nameplate import Nameplate
from batteryd.domain.register import DeviceSays
from batteryd.registrar.history import nameplates, register_as_of, services_as_of
from batteryd.registrar.imports import record_entries
from batteryd.registrar.observed import InventoryRecorded, record_device, record_inventory
from batteryd.store.ledger import Ledger
from batteryd.store.records import REGISTER
from tests.builders import NOON_S, make_battery, make_inventory
from tests.register_entries import make_entry

TODAY = date(2025, 11, 25)  # of NOON_S
DAY_S = 86_400.0


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.db")
    yield opened
    opened.close()


def written(*batteries: Battery, services: tuple[Service, ...] = ()) -> Inventory:
    """Return an inventory as it is read from a file; its batteries have been completed."""
    completed = (replace(b, capacity_ah=999.0) for b in batteries)
    return replace(
        make_inventory(*completed),
        registered={b.asset_id: b for b in batteries},
        services=services,
        source="/etc/batteryd/inventory.toml",
        source_sha256="cd" * 32,
    )


def record(ledger: Ledger, inventory: Inventory, *, days_later: int = 0) -> InventoryRecorded:
    now_s = NOON_S + days_later * DAY_S
    with ledger.transaction(now_s) as tx:
        return record_inventory(tx, inventory, now_s=now_s)


def test_batteries_are_recorded_as_they_were_written_and_from_the_day_they_came(
    ledger: Ledger,
) -> None:
    found = record(ledger, written(make_battery()))

    assert found.added == ("rack-1",)
    (revision,) = ledger.records.history(REGISTER, "rack-1")
    assert revision.actor == "batteryd"
    assert revision.value == replace(
        make_entry(approved_by=None),
        source="/etc/batteryd/inventory.toml",
        source_sha256="cd" * 32,
        entered_by="batteryd",
    )


def test_a_restart_with_the_same_files_records_nothing(ledger: Ledger) -> None:
    inventory = written(make_battery(), services=(Service("payments", 1, "ups-1"),))
    record(ledger, inventory)
    entries_before = len(ledger.audit())

    found = record(ledger, replace(inventory, source_sha256="ef" * 32), days_later=1)

    assert found.is_empty
    assert len(ledger.audit()) == entries_before


def test_what_a_file_changes_counts_from_the_day_on_which_it_was_read(ledger: Ledger) -> None:
    record(ledger, written(make_battery(rack="Rack 1")))

    found = record(ledger, written(make_battery(rack="Rack 7")), days_later=3)

    assert found.changed == ("rack-1",)
    racks = [
        register_as_of(ledger.records, day=TODAY + timedelta(days=d))["rack-1"].battery.rack
        for d in (2, 3)
    ]
    assert racks == ["Rack 1", "Rack 7"]


def test_what_people_imported_is_not_undone_by_an_inventory_that_says_else(ledger: Ledger) -> None:
    imported = make_entry(serial_number="EC-0001")
    with ledger.transaction(NOON_S) as tx:
        record_entries(tx, [imported], actor="J. Kim")

    found = record(ledger, written(make_battery(serial_number=None)))

    assert found == InventoryRecorded(kept_by_others=("rack-1",))
    assert register_as_of(ledger.records, day=TODAY) == {"rack-1": imported}


def test_a_battery_that_leaves_the_file_stays_in_the_register_and_is_told(ledger: Ledger) -> None:
    record(ledger, written(make_battery(), make_battery("rack-2")))

    found = record(ledger, written(make_battery()), days_later=1)

    assert found.missing == ("rack-2",)
    assert found.is_empty
    assert set(register_as_of(ledger.records, day=TODAY)) == {"rack-1", "rack-2"}


def test_a_device_is_recorded_when_it_says_something_new(ledger: Ledger) -> None:
    said = [Nameplate(serial="A"), Nameplate(serial="A"), Nameplate(serial="B")]
    recorded = []
    for number, nameplate in enumerate(said):
        with ledger.transaction(NOON_S + number) as tx:
            recorded.append(record_device(tx, DeviceSays("rack-1", nameplate, NOON_S + number)))

    assert recorded == [True, False, True]
    assert nameplates(ledger.records) == {"rack-1": Nameplate(serial="B")}
    assert nameplates(ledger.records, known_at_s=NOON_S) == {"rack-1": Nameplate(serial="A")}


GRADE_2 = Service("payments", 2, ups_id="ups-1")
GRADE_1 = Service("payments", 1, ups_id="ups-1", valid_from=date(2025, 10, 9))
PLANNED = Service("payments", 3, ups_id="ups-1", valid_from=date(2026, 6, 1))


def grades(ledger: Ledger, *days: str) -> list[list[int]]:
    return [
        [s.grade for s in services_as_of(ledger.records, day=date.fromisoformat(day))]
        for day in days
    ]


def test_grades_are_kept_with_their_days(ledger: Ledger) -> None:
    found = record(ledger, written(services=(GRADE_2, GRADE_1)))

    assert found.services == ("payments/ups-1/",)
    assert grades(ledger, "2014-01-01", "2025-10-08", "2025-10-09") == [[2], [2], [1]]


def test_a_grade_that_was_corrected_is_known_before_and_after_the_correction(
    ledger: Ledger,
) -> None:
    record(ledger, written(services=(GRADE_2,)))
    record(ledger, written(services=(replace(GRADE_2, grade=1),)), days_later=1)
    day = date(2025, 9, 26)

    then = services_as_of(ledger.records, day=day, known_at_s=NOON_S)
    now = services_as_of(ledger.records, day=day)

    assert [s.grade for s in (*then, *now)] == [2, 1]


def test_a_row_that_is_gone_says_what_the_others_say_of_its_day(ledger: Ledger) -> None:
    record(ledger, written(services=(GRADE_2, GRADE_1, PLANNED)))

    found = record(ledger, written(services=(GRADE_2, PLANNED)), days_later=1)

    assert found.services == ("payments/ups-1/",)
    assert grades(ledger, "2025-10-09", "2026-05-31", "2026-06-01") == [[2], [2], [3]]


def test_a_service_without_a_row_has_ended_today_and_was_there_before(ledger: Ledger) -> None:
    record(ledger, written(services=(GRADE_1, PLANNED)))
    record(ledger, written(), days_later=1)

    again = record(ledger, written(), days_later=2)

    assert again.services == ()
    assert grades(ledger, "2025-11-25", "2025-11-26", "2026-06-01") == [[1], [], []]


def test_a_service_ends_after_its_last_day(ledger: Ledger) -> None:
    record(ledger, written(services=(replace(GRADE_1, valid_to=date(2025, 12, 31)),)))

    assert grades(ledger, "2025-12-31", "2026-01-01") == [[1], []]
