"""What the overview page says, as plain values: one room after the other, one cabinet a rack.

Everything here is a function of the inventory, the last snapshots, the open alarms and the warranty
assessments at one instant. Unknown stays None all the way and is shown as "unknown"; a value of a
device that is silent keeps its age beside it. Nothing here calls anything "safe".
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from batteryd.domain.alarm import Alarm, Priority
from batteryd.domain.component import WHOLE_BATTERY, Component
from batteryd.domain.inventory import Asset, AssetKind, Inventory, Service
from batteryd.domain.notification import Notification
from batteryd.domain.quality import BAD_FROM
from batteryd.domain.quantity import BatteryStatus, OutputSource
from batteryd.domain.snapshot import Indices, Layout, Snapshot
from batteryd.domain.warranty import WarrantyAssessment, WarrantyStatus

STALE_AFTER_S = 60.0  # domain default: beyond it a reading proves nothing about now


@dataclass(frozen=True, slots=True)
class TemperatureScale:
    """Where the colours of a heat map turn: the asset's own setpoints, °C."""

    medium_c: float
    critical_c: float


@dataclass(frozen=True, slots=True)
class Shelf:
    """One module in its cabinet. `temperature_c` is its hottest good sensor."""

    component: Component
    temperature_c: float | None
    cell_voltage_v_min: float | None
    cell_voltage_v_max: float | None
    priority: Priority | None  # of the most urgent active alarm in this module


@dataclass(frozen=True, slots=True)
class Cabinet:
    """One battery rack as the page draws it."""

    asset: Asset
    model: str
    shelves: tuple[Shelf, ...]
    scale: TemperatureScale
    soc_pct: float | None
    voltage_v: float | None
    current_a: float | None
    contactor_closed: bool | None
    temperature_c_max: float | None
    temperature_spread_k: float | None
    cell_spread_mv: float | None
    warranty: WarrantyAssessment | None
    age_s: float | None  # None: never read
    failure: str | None
    priority: Priority | None

    @property
    def is_silent(self) -> bool:
        """Whether what is shown is too old to say anything about now."""
        return _is_stale(self.age_s) or self.failure is not None


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
    asset_count: int
    silent_count: int
    warranty_counts: Mapping[WarrantyStatus, int]
    trouble: tuple[str, ...]  # what is wrong with batteryd itself

    def count(self, priority: Priority) -> int:
        """Return how many active alarms have this priority."""
        return sum(1 for a in self.alarms if a.priority == priority and a.is_active)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the page is made from: `latest` is the last poll, `last_good` the last good one."""

    inventory: Inventory
    latest: Mapping[str, Snapshot]
    last_good: Mapping[str, Snapshot]
    alarms: Sequence[Alarm]
    assessments: Mapping[str, WarrantyAssessment]
    messages: Sequence[Notification]
    scale_of: Callable[[Asset], TemperatureScale]
    trouble: tuple[str, ...] = ()


def build_overview(facts: Facts, *, now_s: float) -> Overview:
    """Gather everything that the page shows."""
    assets = facts.inventory.assets
    cabinets = {a.asset_id: _cabinet(facts, a, now_s) for a in assets.values() if _is_rack(a)}
    panels = {u: _panel(facts, u, cabinets.values(), now_s) for u in facts.inventory.ups}
    counts = dict.fromkeys(WarrantyStatus, 0)
    for assessment in facts.assessments.values():
        counts[assessment.status] += 1
    silent = sum(1 for a in assets if _is_stale(_age_s(facts, a, now_s)))
    return Overview(
        now_s=now_s,
        rooms=tuple(_room(facts, r, panels, cabinets) for r in facts.inventory.rooms),
        alarms=tuple(
            sorted(facts.alarms, key=lambda a: (-a.is_active, -a.priority, -a.raised_at_s))
        ),
        messages=tuple(facts.messages),
        asset_count=len(assets),
        silent_count=silent,
        warranty_counts=counts,
        trouble=facts.trouble,
    )


def _is_rack(asset: Asset) -> bool:
    return asset.kind is AssetKind.BATTERY


def _age_s(facts: Facts, asset_id: str, now_s: float) -> float | None:
    good = facts.last_good.get(asset_id)
    return None if good is None else max(0.0, now_s - good.observed_at_s)


def _is_stale(age_s: float | None) -> bool:
    # Not `age_s or ...`: an age of 0 is the freshest there is.
    return age_s is None or age_s > STALE_AFTER_S


def _failure(facts: Facts, asset_id: str) -> str | None:
    latest = facts.latest.get(asset_id)
    return None if latest is None else latest.failure


def _room(
    facts: Facts, room_id: str, panels: Mapping[str, UpsPanel], cabinets: Mapping[str, Cabinet]
) -> RoomView:
    room = facts.inventory.rooms[room_id]
    site = facts.inventory.sites[room.site_id]
    loose = tuple(
        c for c in cabinets.values() if c.asset.room_id == room_id and c.asset.ups_id not in panels
    )
    here = tuple(p for p in panels.values() if facts.inventory.ups[p.ups_id].room_id == room_id)
    services = facts.inventory.services_of(ups_id=None, room_id=room_id)
    return RoomView(room_id, room.name, site.name, site.time_zone, here, loose, services)


def _panel(facts: Facts, ups_id: str, cabinets: Iterable[Cabinet], now_s: float) -> UpsPanel:
    ups = facts.inventory.ups[ups_id]
    good = facts.last_good.get(ups_id)

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
        age_s=_age_s(facts, ups_id, now_s),
        failure=_failure(facts, ups_id),
        priority=_worst(facts.alarms, ups_id),
        cabinets=tuple(c for c in cabinets if c.asset.ups_id == ups_id),
        services=tuple(
            s
            for s in facts.inventory.services_of(ups_id=ups_id, room_id=ups.room_id)
            if s.ups_id == ups_id
        ),
    )


def _cabinet(facts: Facts, asset: Asset, now_s: float) -> Cabinet:
    good = facts.last_good.get(asset.asset_id)
    battery = facts.inventory.batteries[asset.asset_id]
    shelves = () if good is None else _shelves(good, facts.alarms)
    temperatures = [s.temperature_c for s in shelves if s.temperature_c is not None]
    cells = None if good is None else _good_values(good, good.layout.indices("cell_voltage_v"))
    contactor = _whole(good, "contactor_closed")
    return Cabinet(
        asset=asset,
        model=" ".join(part for part in (battery.manufacturer, battery.model) if part),
        shelves=shelves,
        scale=facts.scale_of(asset),
        soc_pct=_whole(good, "soc_pct"),
        voltage_v=_whole(good, "voltage_v"),
        current_a=_whole(good, "current_a"),
        contactor_closed=None if contactor is None else contactor > 0,
        temperature_c_max=max(temperatures, default=None),
        temperature_spread_k=max(temperatures) - min(temperatures) if temperatures else None,
        cell_spread_mv=float(np.ptp(cells)) * 1000 if cells is not None and cells.size else None,
        warranty=facts.assessments.get(asset.asset_id),
        age_s=_age_s(facts, asset.asset_id, now_s),
        failure=_failure(facts, asset.asset_id),
        priority=_worst(facts.alarms, asset.asset_id),
    )


def _whole(snapshot: Snapshot | None, quantity: str) -> float | None:
    """Return a value of the whole battery, or of its only string."""
    if snapshot is None:
        return None
    value = snapshot.value(WHOLE_BATTERY, quantity)
    return snapshot.value(Component(string=1), quantity) if value is None else value


def _good_values(snapshot: Snapshot, places: Indices) -> np.ndarray:
    good = snapshot.quality[places] < BAD_FROM
    values: np.ndarray = snapshot.values[places][good]
    return values


def _worst(alarms: Iterable[Alarm], asset_id: str) -> Priority | None:
    active = (a.priority for a in alarms if a.key.asset_id == asset_id and a.is_active)
    return max(active, default=None)


def _shelves(snapshot: Snapshot, alarms: Iterable[Alarm]) -> tuple[Shelf, ...]:
    urgent: dict[Component, Priority] = {}
    for alarm in alarms:
        if alarm.key.asset_id == snapshot.asset_id and alarm.is_active:
            module = alarm.key.component.parent_module
            urgent[module] = max(alarm.priority, urgent.get(module, Priority.LOW))
    shelves = []
    for module, (sensors, cells) in _modules(snapshot.layout).items():
        temperatures = _good_values(snapshot, sensors)
        voltages = _good_values(snapshot, cells)
        shelves.append(
            Shelf(
                component=module,
                temperature_c=float(temperatures.max()) if temperatures.size else None,
                cell_voltage_v_min=float(voltages.min()) if voltages.size else None,
                cell_voltage_v_max=float(voltages.max()) if voltages.size else None,
                priority=urgent.get(module),
            )
        )
    return tuple(shelves)


@lru_cache(maxsize=256)
def _modules(layout: Layout) -> Mapping[Component, tuple[Indices, Indices]]:
    """Return the positions of each module's temperatures and cell voltages."""
    found: dict[Component, tuple[list[int], list[int]]] = {}
    kinds = {"temperature_c": 0, "cell_voltage_v": 1}
    for i, (component, quantity) in enumerate(layout.columns):
        kind = kinds.get(quantity)
        if kind is not None and component.module is not None:
            found.setdefault(component.parent_module, ([], []))[kind].append(i)
    return {
        module: (np.array(sensors, dtype=np.intp), np.array(cells, dtype=np.intp))
        for module, (sensors, cells) in sorted(found.items(), key=lambda kv: kv[0].sort_key)
    }
