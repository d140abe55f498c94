"""The clearance report of a work order on paper: who said what when, and every decision in full."""

from collections.abc import Iterator, Mapping

from batteryd.domain.clearance import Clearance
from batteryd.domain.work import WorkOrder
from batteryd.report import paper_words as words
from batteryd.report.permit_pdf import NO_INTERLOCK, hold_rows, service_rows
from batteryd.report.typeset import Head, typeset
from batteryd.report.work_history import Recorded, WorkEntry, WorkHistory, summary_of

ENTRIES_MAX = 2000
DECISIONS_MAX = 200  # in full; the chronicle has a line for each

# What an action is about, where its own words do not say so: people attest and accept.
_OBJECTS: Mapping[type[Recorded], str] = {WorkOrder: "order", Clearance: "decision,"}


def clearance_pdf(history: WorkHistory) -> bytes:
    """Return the report of a work order.

    Raises:
        TypesettingError: it could not be set in type.
    """
    head = Head(
        title="Clearance report",
        subject=history.order.work_order_id,
        as_of=words.instant(history.made_at_s, history.zone),
        at_s=history.made_at_s,
    )
    return typeset("clearance", clearance_page(history), head=head)


def clearance_page(history: WorkHistory) -> dict[str, object]:
    """Return what the template prints, all of it as text."""
    decisions = history.decisions
    return {
        "order": _order_facts(history),
        "no_interlock": NO_INTERLOCK,
        "chronicle": list(_chronicle(history))[:ENTRIES_MAX],
        "decisions": [
            _decision(entry, clearance, zone=history.zone)
            for entry, clearance in decisions[:DECISIONS_MAX]
        ],
        "omissions": list(_omissions(history)),
        "ledger": f"entry {history.ledger_seq}, {history.ledger_hash}",
    }


def _order_facts(history: WorkHistory) -> list[list[str]]:
    order, zone = history.order, history.zone
    facts = {
        "Work": order.title or order.kind.value,
        "Kind": order.kind.value,
        "Planned": words.span(order.starts_at_s, order.ends_at_s, zone),
        "Where": history.place,
        "Batteries": ", ".join(order.batteries),
        "People": ", ".join(order.people),
        "Contractor": order.contractor or words.UNKNOWN,
        "Opened": _by(order.opened_by, order.opened_at_s, zone),
        "Started": _by(order.started_by, order.started_at_s, zone),
        "Closed": _by(order.closed_by, order.closed_at_s, zone),
        "State": order.state.value,
    }
    return [[name, said] for name, said in facts.items()]


def _by(name: str, at_s: float | None, zone: str) -> str:
    return "not yet" if at_s is None else f"{words.instant(at_s, zone)} by {name or words.UNKNOWN}"


def _chronicle(history: WorkHistory) -> Iterator[list[str]]:
    before: WorkOrder | None = None
    for entry in history.entries:
        summary = summary_of(entry, before, zone=history.zone)
        yield [
            str(entry.seq),
            words.instant(entry.at_s, history.zone),
            entry.actor,
            f"{_OBJECTS.get(type(entry.value), '')} {entry.action}".strip(),
            f"{summary} ({entry.comment})" if entry.comment else summary,
        ]
        if isinstance(entry.value, WorkOrder):
            before = entry.value


def _decision(entry: WorkEntry, clearance: Clearance, *, zone: str) -> dict[str, object]:
    until = clearance.valid_until_s
    return {
        "decision": clearance.decision.value,
        "title": f"{words.instant(clearance.as_of_s, zone)}, {entry.action} by {entry.actor}",
        "seq": str(entry.seq),
        "until": "" if until is None else f"Valid until {words.instant(until, zone)}.",
        "holds": hold_rows(clearance.holds, clearance, zone=zone),
        "warnings": hold_rows(clearance.warnings, clearance, zone=zone),
        "accepted": ", ".join(clearance.accepted),
        "services": service_rows(clearance.impact),
    }


def _omissions(history: WorkHistory) -> Iterator[str]:
    for found, shown, what in (
        (len(history.entries), ENTRIES_MAX, "entries"),
        (len(history.decisions), DECISIONS_MAX, "decisions"),
    ):
        if found > shown:
            yield f"The first {shown:,} of {found:,} {what} are printed; the JSON has them all."
