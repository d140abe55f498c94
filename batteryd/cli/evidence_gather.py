"""Gathers the evidence of a battery from ledger and journal; decides and writes nothing."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from batteryd.cli.chain import entries_after
from batteryd.cli.evidence_trends import trends_of
from batteryd.cli.permit import work_entries
from batteryd.cli.work_common import Desk
from batteryd.domain.component import Scope
from batteryd.domain.conditions import ConditionFinding, Usage
from batteryd.domain.history import RecordedEvent
from batteryd.domain.inventory import Battery, Inventory
from batteryd.domain.work import WorkOrder
from batteryd.permits.dossier import GRANTS
from batteryd.registrar.history import DEVICES
from batteryd.report.evidence import ChainEntry, Evidence
from batteryd.report.trend import TrendTable
from batteryd.report.work_history import entry_as_json
from batteryd.rules.room_alarm import is_said_by
from batteryd.store.audit import GENESIS_HASH
from batteryd.store.disk import DiskReserve
from batteryd.store.journal import Journal
from batteryd.store.journal_file import open_journal_file
from batteryd.store.ledger import Ledger
from batteryd.store.records import (
    ACCEPTANCES,
    ATTESTATIONS,
    CLEARANCES,
    FINDINGS,
    REGISTER,
    WORK_ORDERS,
    RecordKind,
    Revision,
)
from batteryd.store.usage_account import UsageAccount
from batteryd.warranty.conditions import judge_conditions

EVENTS_MAX = 100_000  # of one alarm

_CONDITIONS = TypeAdapter(tuple[ConditionFinding, ...])


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What the ledger has under the ids that lead to a battery."""

    register: tuple[Revision[Any], ...]
    device: tuple[Revision[Any], ...]
    findings: tuple[Revision[Any], ...]
    orders: tuple[WorkOrder, ...]


def gather(at: Desk, asset_id: str, *, since_s: float | None) -> Evidence:
    """Return all that there is about a battery that inventory or register know.

    Raises:
        StoreError: ledger or journal cannot be read.
    """
    found = _recorded(at.ledger, asset_id)
    battery = at.inventory.batteries.get(asset_id) or found.register[-1].value.battery
    place, zone = _place_of(battery, at.inventory)
    usage, trends = _from_journal(at, asset_id, since_s=since_s)
    today = datetime.fromtimestamp(at.now_s, ZoneInfo(zone)).date()
    conditions = judge_conditions(battery, usage, as_of=today)
    events = tuple(sorted(_events(at.ledger, asset_id), key=lambda event: event.event_id))
    findings = tuple({r.record_id: r.value for r in found.findings}.values())
    rooms = frozenset(str(e.key) for e in events if e.key.asset_id != asset_id)
    chain, (ledger_seq, ledger_hash) = _chain(at.ledger, asset_id, found, rooms=rooms)
    return Evidence(
        battery=battery,
        place=place,
        zone=zone,
        since_s=since_s,
        made_at_s=at.now_s,
        records={
            "register": [_as_json(REGISTER, revision) for revision in found.register],
            "device": [_as_json(DEVICES, revision) for revision in found.device],
            "findings": [_as_json(FINDINGS, revision) for revision in found.findings],
            "conditions": _CONDITIONS.dump_python(conditions, mode="json"),
            "work": [_work_as_json(at.ledger, order) for order in found.orders],
        },
        counts={
            "entries of the register": len(found.register),
            "findings": len(findings),
            "conditions of the contract": len(conditions),
            "work orders": len(found.orders),
            "events of alarms": len(events),
            "entries of the audit chain": len(chain),
        },
        findings=findings,
        conditions=conditions,
        orders=found.orders,
        events=events,
        trends=trends,
        chain=chain,
        ledger_seq=ledger_seq,
        ledger_hash=ledger_hash,
    )


def _recorded(ledger: Ledger, asset_id: str) -> _Recorded:
    records = ledger.records
    return _Recorded(
        register=records.history(REGISTER, asset_id),
        device=records.history(DEVICES, asset_id),
        findings=tuple(r for r in records.revisions(FINDINGS) if r.value.asset_id == asset_id),
        orders=tuple(
            order for order in records.current(WORK_ORDERS).values() if asset_id in order.batteries
        ),
    )


def _place_of(battery: Battery, inventory: Inventory) -> tuple[str, str]:
    """Return where a battery stands, as people call it, and the time zone there."""
    room = inventory.rooms.get(battery.room_id)
    if room is None:
        return f"room {battery.room_id}, which the inventory does not have", "UTC"
    site = inventory.sites[room.site_id]
    return f"{site.name}, {room.name}", site.time_zone


def _from_journal(
    at: Desk, asset_id: str, *, since_s: float | None
) -> tuple[Usage | None, tuple[TrendTable, ...]]:
    """Return how the battery was used and how it went; nothing where there is no journal."""
    state_dir = at.configuration.settings.daemon.state_dir
    path = state_dir / "journal.db"
    if not path.exists():
        return None, ()
    with closing(open_journal_file(path)) as file:
        journal = Journal(file, reserve=DiskReserve(state_dir, size_bytes=0))
        usage = UsageAccount(journal, at.ledger).of(asset_id)
        return usage, trends_of(journal, asset_id, since_s=since_s, now_s=at.now_s)


def _events(ledger: Ledger, asset_id: str) -> Iterator[RecordedEvent]:
    """Yield the events of its alarms, and of those of its room that say something of it."""
    for alarm in ledger.alarms(open_only=False):
        if alarm.key.asset_id == asset_id:
            yield from ledger.events(alarm.key, limit=EVENTS_MAX)
        elif alarm.scope is Scope.ROOM:
            events = ledger.events(alarm.key, limit=EVENTS_MAX)
            yield from (event for event in events if is_said_by(asset_id, event.evidence))


def _chain(
    ledger: Ledger, asset_id: str, found: _Recorded, *, rooms: frozenset[str]
) -> tuple[tuple[ChainEntry, ...], tuple[int, str]]:
    """Return the entries about a battery, its room and its work, and where the chain ends."""
    exact, begins = _subjects(asset_id, found)
    exact |= rooms
    alarms = f"/{asset_id}/"  # after the site, and sites have no slash
    about, head = [], (0, GENESIS_HASH)
    for entry in entries_after(ledger):
        head = (entry.seq, entry.hash)
        subject = entry.subject
        is_alarm = not subject.startswith("/") and subject[subject.find("/") :].startswith(alarms)
        if is_alarm or subject in exact or subject.startswith(begins):
            about.append(ChainEntry(*entry))
    return tuple(about), head


def _subjects(asset_id: str, found: _Recorded) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the subjects of entries about a battery, and what others of them begin with."""
    orders = [order.work_order_id for order in found.orders]
    exact = {REGISTER.subject(asset_id), DEVICES.subject(asset_id)}
    exact |= {FINDINGS.subject(revision.record_id) for revision in found.findings}
    exact |= {kind.subject(o) for o in orders for kind in (WORK_ORDERS, CLEARANCES, GRANTS)}
    begins = tuple(kind.subject(f"{o}/") for o in orders for kind in (ATTESTATIONS, ACCEPTANCES))
    return frozenset(exact), begins


def _as_json(kind: RecordKind[Any], revision: Revision[Any]) -> dict[str, object]:
    return {
        "seq": revision.seq,
        "at_s": revision.at_s,
        "actor": revision.actor,
        "action": revision.action,
        "comment": revision.comment,
        "value": kind.adapter.dump_python(revision.value, mode="json"),
    }


def _work_as_json(ledger: Ledger, order: WorkOrder) -> dict[str, object]:
    entries = sorted(work_entries(ledger, order.work_order_id), key=lambda entry: entry.seq)
    return {
        "work_order": order.work_order_id,
        "entries": [entry_as_json(entry) for entry in entries],
    }
