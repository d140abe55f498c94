"""The inventory that is watched follows the register, and the calendar."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from batteryd.app.registered import RegisteredInventory
from batteryd.domain.inventory import Inventory
from batteryd.domain.register import RegisterEntry
from batteryd.domain.warranty import WarrantyTerms
from batteryd.registrar.imports import record_entries
from batteryd.store.ledger import Ledger
from tests.builders import NOON_S, make_inventory
from tests.register_entries import make_entry

TODAY, TOMORROW = date(2025, 11, 25), date(2025, 11, 26)  # of NOON_S
DAY_S = 86_400.0


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.db")) as opened:
        yield opened


def record(ledger: Ledger, *entries: RegisterEntry) -> None:
    with ledger.transaction(NOON_S) as tx:
        record_entries(tx, entries, actor="J. Kim")


def ending(day: date, *, effective_on: date = TODAY) -> RegisterEntry:
    """Return an entry of a contract that names its last covered day."""
    return make_entry(effective_on=effective_on, warranty=WarrantyTerms(ends_on=day))


def last_day(inventory: Inventory | None) -> date | None:
    assert inventory is not None
    return inventory.batteries["rack-1"].warranty.ends_on


def test_what_somebody_records_counts_once(ledger: Ledger) -> None:
    registered = RegisteredInventory(ledger.records)
    assert last_day(registered.take(make_inventory(), now_s=NOON_S)) is None
    assert registered.renewed(now_s=NOON_S) is None

    record(ledger, ending(date(2024, 12, 31)))

    assert last_day(registered.renewed(now_s=NOON_S)) == date(2024, 12, 31)
    assert registered.renewed(now_s=NOON_S) is None


def test_an_entry_of_a_coming_day_counts_from_that_day(ledger: Ledger) -> None:
    registered = RegisteredInventory(ledger.records)
    record(
        ledger,
        ending(date(2024, 12, 31)),
        ending(date(2026, 12, 31), effective_on=TOMORROW),
    )

    assert last_day(registered.take(make_inventory(), now_s=NOON_S)) == date(2024, 12, 31)
    assert last_day(registered.renewed(now_s=NOON_S + DAY_S)) == date(2026, 12, 31)


def test_other_entries_of_the_ledger_are_no_reason_to_read_the_register_again(
    ledger: Ledger,
) -> None:
    registered = RegisteredInventory(ledger.records)
    registered.take(make_inventory(), now_s=NOON_S)

    with ledger.transaction(NOON_S) as tx:
        tx.audit(actor="Park", action="logged in", subject="page", detail={})

    assert registered.renewed(now_s=NOON_S) is None
