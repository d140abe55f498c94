"""What a permit says, and whether it is one: the last decision, held against the order and the day.

A permit repeats the last decision that is on record and says how old that is. It prints the words
CLEARED TO START only while that decision is a GO, its validity has not ended, the order is one that
may be worked on, and the same checks still say GO at the moment of printing: a daemon that died
leaves a GO behind that nobody has looked at since. Whatever else is the case - no decision at all
included - it is NOT CLEARED, and says why.
"""

from dataclasses import dataclass
from enum import StrEnum

from batteryd.domain.clearance import Clearance, Decision, HoldCode
from batteryd.domain.inventory import Battery
from batteryd.domain.work import Attestation, RiskAcceptance, WorkOrder, WorkState


class Standing(StrEnum):
    """Whether a permit is a permission, and if not, why."""

    CLEARED = "cleared"
    HELD = "the last decision is HOLD"
    CONTRADICTED = "the decision on record is GO, but the checks at the time of printing say HOLD"
    NEVER_CHECKED = "no decision is on record"
    NOT_GRANTED = "nobody has been given the clearance"
    REVOKED = "the clearance was revoked"
    EXPIRED = "the clearance has ended, or has no end on record"
    FROM_THE_FUTURE = "the decision on record is of a later time than this print"
    CLOSED = "the work order is closed"
    OTHER_ORDER = "the decision on record is about another work order"


@dataclass(frozen=True, slots=True)
class BatteryLine:
    """One battery on a permit, with the newest that its device said. None is unknown."""

    battery: Battery
    is_in_scope: bool  # otherwise it is beside the work, on the same DC bus
    observed_at_s: float | None = None
    soc_pct: float | None = None
    voltage_v: float | None = None
    current_a: float | None = None
    contactor_closed: bool | None = None
    breaker_closed: bool | None = None
    temperature_c_max: float | None = None


@dataclass(frozen=True, slots=True)
class PermitView:
    """Everything that is printed on a permit."""

    order: WorkOrder
    clearance: Clearance | None  # the last one on record
    at_print: Clearance  # what the checks say at this moment; it goes on no record
    asked: frozenset[HoldCode]  # the checks that apply to this kind of work
    attestations: tuple[Attestation, ...]
    acceptances: tuple[RiskAcceptance, ...]
    batteries: tuple[BatteryLine, ...]
    place: str  # site and rooms, as people call them
    zone: str  # IANA name
    url: str  # of the live state
    printed_at_s: float

    @property
    def deciding(self) -> Clearance | None:
        """The decision whose reasons are printed."""
        contradicted = standing_of(self) is Standing.CONTRADICTED
        return self.at_print if contradicted else self.clearance


def standing_of(view: PermitView) -> Standing:
    """Return whether work may go on under this order when the permit is printed."""
    order, clearance = view.order, view.clearance
    if clearance is None:
        return Standing.NEVER_CHECKED
    if clearance.work_order_id != order.work_order_id:
        return Standing.OTHER_ORDER
    match order.state:
        case WorkState.CLOSED:
            return Standing.CLOSED
        case WorkState.REVOKED:
            return Standing.REVOKED
        case WorkState.PLANNED | WorkState.CLEARED | WorkState.STARTED:
            return _standing_of_open(view, clearance)


def _standing_of_open(view: PermitView, clearance: Clearance) -> Standing:
    order, now_s = view.order, view.printed_at_s
    if clearance.decision is not Decision.GO or clearance.holds:
        return Standing.HELD
    if order.state is WorkState.PLANNED:
        return Standing.NOT_GRANTED
    ends = (clearance.valid_until_s, order.cleared_until_s)
    if any(end_s is None or now_s >= end_s for end_s in ends):
        return Standing.EXPIRED
    if now_s < clearance.as_of_s:
        return Standing.FROM_THE_FUTURE
    is_confirmed = view.at_print.decision is Decision.GO and not view.at_print.holds
    return Standing.CLEARED if is_confirmed else Standing.CONTRADICTED
