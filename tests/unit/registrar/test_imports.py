"""What people bring into the register: entries, the file itself, approvals."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from batteryd.domain.register import RegisterEntry
from batteryd.registrar.history import imported_file, register_as_of
from batteryd.registrar.imports import approve, keep_file, packed_file, record_entries
from batteryd.store.ledger import Ledger
from batteryd.store.records import REGISTER
from tests.builders import NOON_S
from tests.register_entries import make_entry

TODAY = date(2025, 11, 25)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.db")
    yield opened
    opened.close()


def record(ledger: Ledger, *entries: RegisterEntry, at_s: float = NOON_S) -> None:
    with ledger.transaction(at_s) as tx:
        record_entries(tx, entries, actor="J. Kim", comment="yearly inventory")


def test_what_was_true_on_a_day_depends_on_what_was_known(ledger: Ledger) -> None:
    record(ledger, make_entry(model="LR-17"))
    record(ledger, make_entry(model="LR-18"), at_s=NOON_S + 60)
    day = date(2020, 1, 1)

    before = register_as_of(ledger.records, day=day, known_at_s=NOON_S + 59)
    after = register_as_of(ledger.records, day=day)

    assert [e.battery.model for e in (before["rack-1"], after["rack-1"])] == ["LR-17", "LR-18"]
    assert register_as_of(ledger.records, day=day, known_at_s=NOON_S - 1) == {}


def test_an_entry_reads_back_as_it_was_and_names_who_recorded_it(ledger: Ledger) -> None:
    entry = make_entry(is_retired=True)

    record(ledger, entry)

    (revision,) = ledger.records.history(REGISTER, "rack-1")
    assert revision.value == entry
    assert (revision.action, revision.actor) == ("retired", "J. Kim")
    assert revision.comment == "yearly inventory"


def test_another_person_approves_and_nothing_else_changes(ledger: Ledger) -> None:
    entry = make_entry(approved_by=None)
    record(ledger, entry, make_entry("rack-2", approved_by=None))

    with ledger.transaction(NOON_S + 60) as tx:
        found = approve(tx, ["rack-1", "rack-2"], by="S. Park", day=TODAY)

    assert [e.asset_id for e in found.approved] == ["rack-1", "rack-2"]
    entered, approved = ledger.records.history(REGISTER, "rack-1")
    assert entered.value == entry
    assert approved.value == make_entry(approved_by="S. Park")
    assert (approved.action, approved.actor) == ("approved", "S. Park")


@pytest.mark.parametrize(
    ("asset_id", "by", "why"),
    [
        ("rack-1", "j.  kim", "rack-1: J. Kim entered it; another person has to approve it"),
        ("rack-2", "S. Park", "rack-2: its entry of 2014-08-20 is approved by S. Park"),
        ("rack-3", "S. Park", "rack-3: not in the register on 2025-11-25"),
    ],
)
def test_an_approval_that_is_none_is_refused_and_approves_nothing_beside_it(
    ledger: Ledger, asset_id: str, by: str, why: str
) -> None:
    fit = replace(make_entry("rack-4", approved_by=None), entered_by="C. Lee")
    record(ledger, make_entry(approved_by=None), make_entry("rack-2"), fit)

    with ledger.transaction(NOON_S + 60) as tx:
        found = approve(tx, ["rack-4", asset_id], by=by, day=TODAY)

    assert found.approved == ()
    assert found.refused == (why,)
    assert len(ledger.records.history(REGISTER, "rack-4")) == 1


def test_that_a_battery_left_the_register_can_be_approved(ledger: Ledger) -> None:
    gone = make_entry(effective_on=TODAY, is_retired=True, approved_by=None)
    record(ledger, make_entry(), gone)

    with ledger.transaction(NOON_S + 60) as tx:
        found = approve(tx, ["rack-1"], by="S. Park", day=TODAY)

    assert found.approved[0].is_retired
    assert register_as_of(ledger.records, day=TODAY) == {}


def test_an_imported_file_is_kept_to_the_byte_and_once(ledger: Ledger) -> None:
    content = "\ufeffasset_id,site,room\r\nrack-1,대전,5층\r\n".encode()
    for at_s in (NOON_S, NOON_S + 60):
        with ledger.transaction(at_s) as tx:
            keep_file(tx, packed_file("register.csv", content), actor="J. Kim")

    found = imported_file(ledger.records)

    assert found == ("register.csv", content)
    assert len(ledger.audit()) == 1


def test_a_file_that_was_imported_before_another_is_known_as_of_then(ledger: Ledger) -> None:
    for at_s, content in ((NOON_S, b"first"), (NOON_S + 60, b"second"), (NOON_S + 120, b"first")):
        with ledger.transaction(at_s) as tx:
            keep_file(tx, packed_file("register.csv", content), actor="J. Kim")

    known = [imported_file(ledger.records, known_at_s=NOON_S + s) for s in (-1, 0, 60, 120)]

    assert [found and found.content for found in known] == [None, b"first", b"second", b"first"]
