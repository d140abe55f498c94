"""What the overview page says, as plain values: one room after the other, one cabinet a rack.

Everything here is a function of the inventory, the last snapshots, the open alarms, the warranty
assessments, findings and work orders at one instant. Unknown stays None all the way and is shown as
"unknown"; a value of a device that is silent keeps its age beside it. Nothing here calls anything
"safe".
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from batteryd.domain.alarm import Alarm, Priority
from batteryd.domain.component import WHOLE_BATTERY
from batteryd.domain.inventory import AssetKind, Service
from batteryd.domain.notification import Notification
from batteryd.domain.quantity import BatteryStatus, OutputSource
from batteryd.domain.warranty import WarrantyStatus
from batteryd.domain.work import Finding
from batteryd.web.cabinet import Cabinet, build_cabinet
from batteryd.web.look import Look, is_stale, most_urgent_first
from batteryd.web.order import Decided, OrderLine, open_orders


@dataclass(frozen=True, slots=True)
class UpsPanel:
    """One UPS, as its card reports it, with the racks behind it."""

    ups_id: str
    name: str
    is_polled: bool
    battery_status: str | None
    output_source: str | None
    soc_pct: float | None
    runtime_remaining_s: float | None
    load_pct: float | None
    temperature_c: float | None
    age_s: float | None
    failure: str | None
    priority: Priority | None
    cabinets: tuple[Cabinet, ...]
    services: tuple[Service, ...]


@dataclass(frozen=True, slots=True)
class RoomView:
    """One room: one cooling, one fire, one unit of damage."""

    room_id: str
    name: str
    site_name: str
    time_zone: str
    panels: tuple[UpsPanel, ...]
    cabinets: tuple[Cabinet, ...]  # racks that no UPS is named for
    services: tuple[Service, ...]  # reached through the room alone


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole page at one instant."""

    now_s: float
    rooms: tuple[RoomView, ...]
    alarms: tuple[Alarm, ...]  # open ones, most urgent first, then newest first
    messages: tuple[Notification, ...]  # newest first
    orders: tuple[OrderLine, ...]  # those that are not closed, by their start
    findings_open: int
    asset_count: int
    silent_count: int
    warranty_counts: Mapping[WarrantyStatus, int]
    trouble: tuple[str, ...]  # what is wrong with batteryd itself

    def count(self, priority: Priority) -> int:
        """Return how many active alarms have this priority."""
        return sum(1 for a in self.alarms if a.priority == priority and a.is_active)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the page is made from."""

    look: Look
    messages: Sequence[Notification] = ()  # newest first
    findings: Sequence[Finding] = ()
    orders: Sequence[Decided] = ()
    trouble: tuple[str, ...] = ()


def build_overview(facts: Facts, *, now_s: float) -> Overview:
    """Gather everything that the page shows."""
    look, assets = facts.look, facts.look.inventory.assets
    findings = Counter(f.asset_id for f in facts.findings if f.closed_on is None)
    cabinets = {
        a.asset_id: build_cabinet(look, a, now_s=now_s, findings_open=findings[a.asset_id])
        for a in assets.values()
        if a.kind is AssetKind.BATTERY
    }
    panels = {u: _panel(look, u, cabinets.values(), now_s) for u in look.inventory.ups}
    warranties = Counter(a.status for a in look.assessments.values())
    return Overview(
        now_s=now_s,
        rooms=tuple(_room(look, r, panels, cabinets, now_s) for r in look.inventory.rooms),
        alarms=most_urgent_first(look.alarms),
        messages=tuple(facts.messages),
        orders=open_orders(facts.orders, look, now_s=now_s),
        findings_open=findings.total(),
        asset_count=len(assets),
        silent_count=sum(is_stale(look.age_s(a, now_s=now_s)) for a in assets),
        warranty_counts={status: warranties[status] for status in WarrantyStatus},
        trouble=facts.trouble,
    )


def _room(
    look: Look,
    room_id: str,
    panels: Mapping[str, UpsPanel],
    cabinets: Mapping[str, Cabinet],
    now_s: float,
) -> RoomView:
    room = look.inventory.rooms[room_id]
    site = look.inventory.sites[room.site_id]
    loose = tuple(
        c for c in cabinets.values() if c.asset.room_id == room_id and c.asset.ups_id not in panels
    )
    here = tuple(p for p in panels.values() if look.inventory.ups[p.ups_id].room_id == room_id)
    services = look.inventory.services_of(
        ups_id=None, room_id=room_id, day=look.day(room_id, now_s=now_s)
    )
    return RoomView(room_id, room.name, site.name, site.time_zone, here, loose, services)


def _panel(look: Look, ups_id: str, cabinets: Iterable[Cabinet], now_s: float) -> UpsPanel:
    ups = look.inventory.ups[ups_id]
    good = look.last_good.get(ups_id)

    def read(quantity: str) -> float | None:
        return None if good is None else good.value(WHOLE_BATTERY, quantity)

    status, source = read("battery_status"), read("output_source")
    return UpsPanel(
        ups_id=ups_id,
        name=ups.name,
        is_polled=ups.source is not None,
        battery_status=None if status is None else BatteryStatus(int(status)).name.lower(),
        output_source=None if source is None else OutputSource(int(source)).name.lower(),
        soc_pct=read("soc_pct"),
        runtime_remaining_s=read("runtime_remaining_s"),
        load_pct=read("load_pct"),
        temperature_c=read("temperature_c"),
        age_s=look.age_s(ups_id, now_s=now_s),
        failure=look.failure(ups_id),
        priority=look.worst(ups_id),
        cabinets=tuple(c for c in cabinets if c.asset.ups_id == ups_id),
        services=tuple(
            s
            for s in look.inventory.services_of(
                ups_id=ups_id, room_id=ups.room_id, day=look.day(ups.room_id, now_s=now_s)
            )
            if s.ups_id == ups_id
        ),
    )
