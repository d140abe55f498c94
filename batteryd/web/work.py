"""What the page of a work order says: the decision, everything it rests on, and who said what.

It is what the QR code of a printed permit leads to, read on a telephone in front of a rack. So the
word comes first, then the reasons; paper grows old, this page says how old each reading is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from batteryd.domain.clearance import Clearance
from batteryd.domain.work import Attestation, RiskAcceptance, WorkOrder
from batteryd.web.cabinet import Cabinet, build_cabinet
from batteryd.web.look import Look
from batteryd.web.order import Decided, Verdict, verdict_on, zone_of


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to the work order, as the ledger has it."""

    at_s: float
    actor: str
    action: str
    state: str  # of the order, after it
    comment: str = ""


@dataclass(frozen=True, slots=True)
class WorkFacts:
    """What the page is made from; `decided` is best made just now."""

    look: Look
    decided: Decided
    attestations: Sequence[Attestation] = ()
    acceptances: Sequence[RiskAcceptance] = ()
    history: Sequence[Step] = ()  # oldest first


@dataclass(frozen=True, slots=True)
class BatteryInScope:
    """A battery that the order names. `cabinet` is None where nobody polls it, or knows it."""

    asset_id: str
    room: str
    cabinet: Cabinet | None


@dataclass(frozen=True, slots=True)
class WorkView:
    """The page at one instant."""

    now_s: float
    time_zone: str
    order: WorkOrder
    verdict: Verdict
    clearance: Clearance | None
    batteries: tuple[BatteryInScope, ...]
    attestations: tuple[Attestation, ...]  # newest first
    acceptances: tuple[RiskAcceptance, ...]  # newest first
    history: tuple[Step, ...]  # newest first

    @property
    def checked_age_s(self) -> float | None:
        """Return how old the decision is; None where there is none."""
        return None if self.clearance is None else max(0.0, self.now_s - self.clearance.as_of_s)


def build_work(facts: WorkFacts, *, now_s: float) -> WorkView:
    """Gather everything that the page shows."""
    order = facts.decided.order
    return WorkView(
        now_s=now_s,
        time_zone=zone_of(order, facts.look),
        order=order,
        verdict=verdict_on(facts.decided, now_s=now_s),
        clearance=facts.decided.clearance,
        batteries=tuple(_in_scope(facts.look, b, now_s=now_s) for b in order.batteries),
        attestations=tuple(sorted(facts.attestations, key=lambda a: -a.at_s)),
        acceptances=tuple(sorted(facts.acceptances, key=lambda a: -a.at_s)),
        history=tuple(reversed(facts.history)),
    )


def _in_scope(look: Look, asset_id: str, *, now_s: float) -> BatteryInScope:
    battery = look.inventory.batteries.get(asset_id)
    asset = look.inventory.assets.get(asset_id)
    if battery is None:
        return BatteryInScope(asset_id, "not in the register", None)
    return BatteryInScope(
        asset_id,
        look.inventory.rooms[battery.room_id].name,
        None if asset is None else build_cabinet(look, asset, now_s=now_s),
    )
