"""Writes the history of services: which grade each had on which day, and how it was reached.

Services stand in the inventory alone, with the days from which their rows count. What the inventory
says of a service is its whole timeline: a row that is changed corrects the one of the same day, and
a row that is gone is corrected to what the others say of its day. A service of which no row is left
has ended today; that it was there before stays true.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from batteryd.domain.inventory import Inventory
from batteryd.domain.register import ServiceEntry
from batteryd.store.ledger_transaction import Transaction
from batteryd.store.records import SERVICES
from batteryd.warranty.register import as_of


class Row(NamedTuple):
    """A row of the inventory, under the id of its service."""

    record_id: str
    value: ServiceEntry


Timeline = Mapping[tuple[str, date], ServiceEntry]  # by service id and effective day


def record_services(
    tx: Transaction, inventory: Inventory, *, today: date, actor: str
) -> tuple[str, ...]:
    """Record what the inventory says of its services; return the ids of those it concerns."""
    known = {(r.record_id, r.value.effective_on): r.value for r in tx.records.revisions(SERVICES)}
    said = tuple(_entry_rows(inventory, actor=actor))
    wanted = _wanted(said, known, today=today)
    new = [entry for key, entry in wanted.items() if not _says_the_same(entry, known.get(key))]
    for entry in new:
        action = "retired" if entry.is_retired else "entered"
        tx.records.put(SERVICES, entry.service_id, entry, actor=actor, action=action)
    return tuple(dict.fromkeys(entry.service_id for entry in new))


def _entry_rows(inventory: Inventory, *, actor: str) -> Iterator[Row]:
    for service in inventory.services:
        entry = ServiceEntry(
            service=service,
            effective_on=service.valid_from or date.min,
            source=inventory.source,
            source_sha256=inventory.source_sha256,
            entered_by=actor,
        )
        yield Row(entry.service_id, entry)


def _wanted(said: Iterable[Row], known: Timeline, *, today: date) -> Timeline:
    rows = tuple(said)
    wanted = {(row.record_id, row.value.effective_on): row.value for row in rows}
    named = {row.record_id for row in rows}
    for key, held in known.items():
        service_id, day = key
        if service_id in named and key not in wanted:
            others = [row for row in rows if row.record_id == service_id]
            says = as_of(others, day=day).get(service_id)
            wanted[key] = _ended(held, day) if says is None else replace(says, effective_on=day)
        elif service_id not in named and day > today:
            wanted[key] = _ended(held, day)
    standing = as_of((Row(name, entry) for (name, _), entry in known.items()), day=today)
    ended = {(name, today): _ended(e, today) for name, e in standing.items() if name not in named}
    return wanted | ended


def _ended(entry: ServiceEntry, day: date) -> ServiceEntry:
    return replace(entry, effective_on=day, is_retired=True)


def _says_the_same(entry: ServiceEntry, held: ServiceEntry | None) -> bool:
    if held is None:
        return False
    return entry.service == held.service and entry.is_retired == held.is_retired
