"""What a page says of a work order: one word, and why.

GO stands there only where it was said a moment ago, on a work order that has been cleared, and has
not run out. Everything else, and everything that nobody knows, reads as a reason not to begin.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from batteryd.domain.clearance import Clearance, Decision
from batteryd.domain.work import WorkOrder, WorkState
from batteryd.web.look import STALE_AFTER_S, Look


class Tone(StrEnum):
    """How a word is coloured; the word itself says it as well."""

    GO = "go"
    HOLD = "hold"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The word on the page, and the sentence under it."""

    word: str
    tone: Tone
    because: str


@dataclass(frozen=True, slots=True)
class Decided:
    """A work order with the newest decision on it; None where none was ever made."""

    order: WorkOrder
    clearance: Clearance | None = None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A work order in a list."""

    order: WorkOrder
    verdict: Verdict
    codes: tuple[str, ...]  # that hold
    time_zone: str


def verdict_on(decided: Decided, *, now_s: float) -> Verdict:
    """Return what to say of a work order now."""
    order, clearance = decided.order, decided.clearance
    if order.state is WorkState.CLOSED:
        return Verdict("CLOSED", Tone.OVER, "The work is over.")
    if order.state is WorkState.REVOKED:
        return Verdict("HOLD", Tone.HOLD, f"The GO was revoked. {_what_now(order)}")
    if clearance is None:
        return Verdict("HOLD", Tone.HOLD, "Nobody has checked it yet.")
    if clearance.decision is Decision.HOLD:
        return Verdict("HOLD", Tone.HOLD, _held(clearance, order))
    return _on_go(order, clearance, now_s=now_s)


def open_orders(decided: Iterable[Decided], look: Look, *, now_s: float) -> tuple[OrderLine, ...]:
    """Return the orders that are not closed as lines of a list, by their start."""
    lines = (
        OrderLine(
            order=one.order,
            verdict=verdict_on(one, now_s=now_s),
            codes=() if one.clearance is None else one.clearance.codes,
            time_zone=zone_of(one.order, look),
        )
        for one in decided
        if one.order.state is not WorkState.CLOSED
    )
    return tuple(sorted(lines, key=lambda line: line.order.starts_at_s))


def zone_of(order: WorkOrder, look: Look) -> str:
    """Return the zone of the first battery that the register still has; UTC without one."""
    batteries = look.inventory.batteries
    known = (batteries[asset_id] for asset_id in order.batteries if asset_id in batteries)
    return next((look.time_zone(battery.room_id) for battery in known), "UTC")


def _on_go(order: WorkOrder, clearance: Clearance, *, now_s: float) -> Verdict:
    age_s = now_s - clearance.as_of_s
    until_s = clearance.valid_until_s
    if age_s > STALE_AFTER_S:
        minutes = f"{age_s / 60:.0f} min" if age_s < 7200 else f"{age_s / 3600:.0f} h"
        return Verdict("HOLD", Tone.HOLD, f"The last check said GO, but that is {minutes} ago.")
    if until_s is None or now_s > until_s:
        return Verdict("HOLD", Tone.HOLD, "The GO has run out.")
    if order.state is WorkState.PLANNED:
        return Verdict("NOT CLEARED", Tone.HOLD, "No check holds, but nobody has asked for the GO.")
    begun = "Work has begun." if order.state is WorkState.STARTED else "Work may begin."
    return Verdict("GO", Tone.GO, f"No check holds. {begun}")


def _held(clearance: Clearance, order: WorkOrder) -> str:
    count = len(clearance.holds)
    reasons = "1 reason" if count == 1 else f"{count} reasons"
    return f"{reasons}. {_what_now(order)}"


def _what_now(order: WorkOrder) -> str:
    if order.started_at_s is not None:
        return "Stop work and leave the batteries until it is cleared again."
    return "Do not begin."
