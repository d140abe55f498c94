"""A work order as JSON and as lines: the same words in every command about work."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from batteryd.cli.frame import instant
from batteryd.domain.clearance import Clearance
from batteryd.domain.work import Attestation, RiskAcceptance, WorkOrder

if TYPE_CHECKING:
    from batteryd.store.records import Revision

_NAMES_MAX = 6  # batteries that a line names


def order_as_json(order: WorkOrder) -> dict[str, Any]:
    """Return an order as programs read it: instants as text, `_at` in the place of `_at_s`."""
    return _plain(asdict(order))


def said_as_json(said: Attestation | RiskAcceptance) -> dict[str, Any]:
    """Return what people said as programs read it."""
    return _plain(asdict(said))


def revision_as_json(revision: "Revision[WorkOrder]") -> dict[str, Any]:
    """Return what happened to an order."""
    return {
        "at": instant(revision.at_s),
        "actor": revision.actor,
        "action": revision.action,
        "state": revision.value.state.value,
        "audit_entry": revision.seq,
    }


def order_line(order: WorkOrder) -> str:
    """Return `WO-1  cleared  relocate R1, R2  from … to …`."""
    when = f"{instant(order.starts_at_s)} to {instant(order.ends_at_s)}"
    return (
        f"{order.work_order_id:<7} {order.state.value:<8} {order.kind.value} "
        f"{batteries_text(order)}  {when}"
    )


def order_lines(order: WorkOrder) -> Iterator[str]:
    """Yield what there is to know of an order, one fact a line."""
    yield order_line(order)
    for name, value in (
        ("title", order.title),
        ("contractor", order.contractor),
        ("people", ", ".join(order.people)),
        ("opened", f"by {order.opened_by} at {instant(order.opened_at_s)}"),
        ("from", order.source),
        ("GO until", _instant_or_nothing(order.cleared_until_s)),
        ("started", _by(order.started_by, order.started_at_s)),
        ("revoked", _instant_or_nothing(order.revoked_at_s)),
        ("closed", _by(order.closed_by, order.closed_at_s)),
    ):
        if value:
            yield f"  {name:<10} {value}"
    yield from (f"  {'because':<10} {reason}" for reason in order.revoked_because)


def said_line(said: Attestation) -> str:
    """Return what somebody attested, in one line."""
    about = said.battery or said.service or ", ".join(said.people)
    value = "" if said.value is None else f" {said.value:g} V"
    where = f" {about}" if about else ""
    return f"{said.kind.value}{where}{value}, attested by {said.by} at {instant(said.at_s)}"


def accepted_line(accepted: RiskAcceptance) -> str:
    """Return which risk was accepted, in one line."""
    until = instant(accepted.expires_at_s)
    return (
        f"{accepted.code} accepted by {' and '.join(accepted.by)} until {until}: {accepted.reason}"
    )


def decision_text(clearance: Clearance | None, *, now_s: float) -> str:
    """Return the last decision and how old it is."""
    if clearance is None:
        return "never checked"
    codes = ", ".join(clearance.codes)
    minutes = (now_s - clearance.as_of_s) / 60
    return f"{clearance.decision.value}{f' ({codes})' if codes else ''} {minutes:.0f} min ago"


def batteries_text(order: WorkOrder) -> str:
    """Return the batteries of an order, the first few by their ids."""
    more = len(order.batteries) - _NAMES_MAX
    return ", ".join(order.batteries[:_NAMES_MAX]) + (f" and {more} more" if more > 0 else "")


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name.removesuffix("_s") if name.endswith(("_at_s", "_until_s")) else name: (
            _instant_or_none(value) if name.endswith(("_at_s", "_until_s")) else value
        )
        for name, value in fields.items()
    }


def _instant_or_none(at_s: float | None) -> str | None:
    return None if at_s is None else instant(at_s)


def _instant_or_nothing(at_s: float | None) -> str:
    return "" if at_s is None else instant(at_s)


def _by(name: str, at_s: float | None) -> str:
    return "" if at_s is None else f"by {name} at {instant(at_s)}"
