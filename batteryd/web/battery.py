"""What a battery's own page says: what it is, what covers it, what is wrong, what hangs on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from batteryd.domain.alarm import Alarm
from batteryd.domain.clearance import ImpactedService
from batteryd.domain.component import Scope
from batteryd.domain.conditions import ConditionFinding, Usage
from batteryd.domain.impact import impact_of
from batteryd.domain.inventory import Battery, Inventory
from batteryd.domain.nameplate import UNKNOWN_NAMEPLATE, Nameplate
from batteryd.domain.warranty import WarrantyAssessment
from batteryd.domain.work import Finding
from batteryd.health.statement import HealthStatement
from batteryd.web.cabinet import Cabinet, build_cabinet
from batteryd.web.chart import ChartSpan
from batteryd.web.doubts import Doubt, doubts_of
from batteryd.web.health import HealthView, build_health
from batteryd.web.look import Look, most_urgent_first
from batteryd.web.order import Decided, OrderLine, open_orders


@dataclass(frozen=True, slots=True)
class BatteryFacts:
    """What the page is made from. Findings and orders may be those of every battery."""

    look: Look
    nameplate: Nameplate = UNKNOWN_NAMEPLATE
    usage: Usage | None = None
    conditions: Sequence[ConditionFinding] = ()
    findings: Sequence[Finding] = ()
    orders: Sequence[Decided] = ()
    charts: Sequence[ChartSpan] = ()
    pictures: Sequence[ChartSpan] = ()  # of alarms: each place against its peers
    health: HealthStatement | None = None


@dataclass(frozen=True, slots=True)
class BatteryView:
    """The page at one instant. `cabinet` is None where nobody polls the battery."""

    now_s: float
    battery: Battery
    name: str
    site: str
    room: str
    time_zone: str
    nameplate: Nameplate
    cabinet: Cabinet | None
    doubts: tuple[Doubt, ...]
    warranty: WarrantyAssessment | None
    usage: Usage | None
    conditions: tuple[ConditionFinding, ...]
    findings: tuple[Finding, ...]  # open ones first, then the newest
    alarms: tuple[Alarm, ...]  # its own and its room's, most urgent first
    orders: tuple[OrderLine, ...]
    impact: tuple[ImpactedService, ...]  # the most important grade first
    charts: tuple[ChartSpan, ...]
    pictures: tuple[ChartSpan, ...]
    health: HealthView | None

    @property
    def findings_open(self) -> int:
        """Return how many findings are open."""
        return sum(f.closed_on is None for f in self.findings)


def build_battery(facts: BatteryFacts, asset_id: str, *, now_s: float) -> BatteryView | None:
    """Gather everything that the page shows; None where the register has no such battery."""
    look, inventory = facts.look, facts.look.inventory
    battery = inventory.batteries.get(asset_id)
    if battery is None:
        return None
    room, asset = inventory.rooms[battery.room_id], inventory.assets.get(asset_id)
    findings = [f for f in facts.findings if f.asset_id == asset_id]
    findings.sort(key=lambda f: (f.closed_on is not None, -f.opened_on.toordinal()))
    day = look.day(room.room_id, now_s=now_s)
    return BatteryView(
        now_s=now_s,
        battery=battery,
        name=battery.rack or asset_id,
        site=inventory.sites[room.site_id].name,
        room=room.name,
        time_zone=look.time_zone(room.room_id),
        nameplate=facts.nameplate,
        cabinet=None if asset is None else build_cabinet(look, asset, now_s=now_s),
        doubts=doubts_of(look.last_good.get(asset_id)),
        warranty=look.assessments.get(asset_id),
        usage=facts.usage,
        conditions=tuple(facts.conditions),
        findings=tuple(findings),
        alarms=most_urgent_first(a for a in look.alarms if _is_about(a, battery, inventory)),
        orders=open_orders(
            (one for one in facts.orders if asset_id in one.order.batteries), look, now_s=now_s
        ),
        impact=impact_of(inventory, batteries=[asset_id], day=day),
        charts=tuple(facts.charts),
        pictures=tuple(facts.pictures),
        health=_health(facts, zone=look.time_zone(room.room_id)),
    )


def _is_about(alarm: Alarm, battery: Battery, inventory: Inventory) -> bool:
    """Whether an alarm is the battery's own or its room's, whichever battery said that first."""
    asset_id = alarm.key.asset_id
    if asset_id in (battery.asset_id, battery.room_id):
        return True
    other = inventory.batteries.get(asset_id) or inventory.ups.get(asset_id)
    return alarm.scope is Scope.ROOM and other is not None and other.room_id == battery.room_id


def _health(facts: BatteryFacts, *, zone: str) -> HealthView | None:
    return None if facts.health is None else build_health(facts.health, zone=zone)
