"""The clearance report of a work order: everything that was recorded about it, in the order it was.

Every line is an entry of the audit chain and carries its number, so that a reader can find it in
the ledger, and what the chain protects is what is printed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from batteryd.domain.clearance import Clearance
from batteryd.domain.work import Attestation, RiskAcceptance, WorkOrder
from batteryd.report import paper_words as words

Recorded = WorkOrder | Clearance | Attestation | RiskAcceptance

FORMAT = "batteryd-clearance-report/1"
KINDS: Mapping[type[Recorded], str] = {
    WorkOrder: "work order",
    Clearance: "decision",
    Attestation: "attestation",
    RiskAcceptance: "risk acceptance",
}
_ADAPTERS: Mapping[type[Recorded], TypeAdapter[Any]] = {kind: TypeAdapter(kind) for kind in KINDS}


@dataclass(frozen=True, slots=True)
class WorkEntry:
    """One thing that was recorded about a work order."""

    seq: int  # of the audit entry
    at_s: float
    actor: str
    action: str
    comment: str
    value: Recorded


@dataclass(frozen=True, slots=True)
class WorkHistory:
    """All of it, oldest first."""

    order: WorkOrder  # as it stands now
    entries: tuple[WorkEntry, ...]
    place: str
    zone: str  # IANA name
    made_at_s: float
    ledger_seq: int  # the newest entry of the audit chain
    ledger_hash: str

    @property
    def header(self) -> dict[str, object]:
        """What a manifest says of it."""
        return {
            "title": "Clearance report",
            "work_order": self.order.work_order_id,
            "ledger_head": {"seq": self.ledger_seq, "hash": self.ledger_hash},
        }

    @property
    def decisions(self) -> tuple[tuple[WorkEntry, Clearance], ...]:
        """Every decision that was recorded."""
        return tuple(
            (entry, entry.value) for entry in self.entries if isinstance(entry.value, Clearance)
        )


def history_json(history: WorkHistory) -> bytes:
    """Return the whole history as a JSON file."""
    text = json.dumps(history_as_json(history), ensure_ascii=False, indent=2, allow_nan=False)
    return f"{text}\n".encode()


def history_as_json(history: WorkHistory) -> dict[str, object]:
    """Return the whole history; instants are UTC seconds, as they are on record."""
    return {
        "format": FORMAT,
        "work_order": _plain(history.order),
        "place": history.place,
        "time_zone": history.zone,
        "ledger_head": history.header["ledger_head"],
        "entries": [entry_as_json(entry) for entry in history.entries],
    }


def entry_as_json(entry: WorkEntry) -> dict[str, object]:
    """Return one entry with every field of what was recorded."""
    return {
        "seq": entry.seq,
        "at_s": entry.at_s,
        "kind": KINDS[type(entry.value)],
        "actor": entry.actor,
        "action": entry.action,
        "comment": entry.comment,
        "value": _plain(entry.value),
    }


def summary_of(entry: WorkEntry, before: WorkOrder | None, *, zone: str) -> str:
    """Return what an entry says in a line; `before` is the order as it was until then."""
    match entry.value:
        case Clearance() as clearance:
            codes = ", ".join(clearance.codes) or "no reason to hold"
            accepted = f"; accepted {', '.join(clearance.accepted)}" if clearance.accepted else ""
            return f"{clearance.decision}: {codes}{accepted}"
        case Attestation() as said:
            about = said.battery or said.service or "the whole order"
            value = "" if said.value is None else f", {said.value:g} V"
            return f"{said.kind.value.replace('_', ' ')}, {about}{value}"
        case RiskAcceptance() as accepted:
            until = words.instant(accepted.expires_at_s, zone)
            return f"{accepted.code} until {until}: {accepted.reason}"
        case WorkOrder() as order:
            return _order_summary(order, before)


def _order_summary(order: WorkOrder, before: WorkOrder | None) -> str:
    if before is None:
        return f"{order.kind.value} of {', '.join(order.batteries)}"
    said = [] if order.state is before.state else [f"{before.state.value} to {order.state.value}"]
    said += order.revoked_because if order.revoked_at_s != before.revoked_at_s else ()
    said += [f"{name.replace('_', ' ')} changed" for name in _changes(order, before)]
    return "; ".join(said) or "as it was"


_PLAN = ("kind", "starts_at_s", "ends_at_s", "batteries", "people", "title", "contractor")


def _changes(order: WorkOrder, before: WorkOrder) -> Iterator[str]:
    """Yield which parts of the plan are another; a GO that comes and goes is no change of plan."""
    for name in _PLAN:
        if getattr(order, name) != getattr(before, name):
            yield name.removesuffix("_at_s")


def _plain(value: Recorded) -> Any:
    return _ADAPTERS[type(value)].dump_python(value, mode="json")
