"""One battery rack as every page draws it: its modules, its numbers, and how old they are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from batteryd.domain.alarm import Alarm, Priority
from batteryd.domain.component import WHOLE_BATTERY, Component
from batteryd.domain.inventory import Asset
from batteryd.domain.quality import BAD_FROM
from batteryd.domain.snapshot import Indices, Layout, Snapshot, Values
from batteryd.domain.warranty import WarrantyAssessment
from batteryd.web.look import Look, TemperatureScale, is_stale


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
    breaker_closed: bool | None
    temperature_c_max: float | None
    temperature_spread_k: float | None
    cell_spread_mv: float | None
    warranty: WarrantyAssessment | None
    age_s: float | None  # None: never read
    failure: str | None
    priority: Priority | None
    findings_open: int = 0

    @property
    def is_silent(self) -> bool:
        """Whether what is shown is too old to say anything about now."""
        return is_stale(self.age_s) or self.failure is not None


def build_cabinet(look: Look, asset: Asset, *, now_s: float, findings_open: int = 0) -> Cabinet:
    """Gather what is known of one polled battery."""
    good = look.last_good.get(asset.asset_id)
    battery = look.inventory.batteries[asset.asset_id]
    shelves = () if good is None else _shelves(good, look.alarms)
    temperatures = [s.temperature_c for s in shelves if s.temperature_c is not None]
    cells = None if good is None else _good_values(good, good.layout.indices("cell_voltage_v"))
    return Cabinet(
        asset=asset,
        model=" ".join(part for part in (battery.manufacturer, battery.model) if part),
        shelves=shelves,
        scale=look.scale_of(asset),
        soc_pct=_whole(good, "soc_pct"),
        voltage_v=_whole(good, "voltage_v"),
        current_a=_whole(good, "current_a"),
        contactor_closed=_flag(good, "contactor_closed"),
        breaker_closed=_flag(good, "breaker_closed"),
        temperature_c_max=max(temperatures, default=None),
        temperature_spread_k=max(temperatures) - min(temperatures) if temperatures else None,
        cell_spread_mv=float(np.ptp(cells)) * 1000 if cells is not None and cells.size else None,
        warranty=look.assessments.get(asset.asset_id),
        age_s=look.age_s(asset.asset_id, now_s=now_s),
        failure=look.failure(asset.asset_id),
        priority=look.worst(asset.asset_id),
        findings_open=findings_open,
    )


def _flag(snapshot: Snapshot | None, quantity: str) -> bool | None:
    value = _whole(snapshot, quantity)
    return None if value is None else value > 0


def _whole(snapshot: Snapshot | None, quantity: str) -> float | None:
    """Return a value of the whole battery, or of its only string."""
    if snapshot is None:
        return None
    value = snapshot.value(WHOLE_BATTERY, quantity)
    return snapshot.value(Component(string=1), quantity) if value is None else value


def _good_values(snapshot: Snapshot, places: Indices) -> Values:
    good = snapshot.quality[places] < BAD_FROM
    values: Values = snapshot.values[places][good]
    return values


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
