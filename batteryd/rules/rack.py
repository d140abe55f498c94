"""Which columns of a snapshot belong to one rack: its modules, sensors and cells, and the current.

Peers are what carries the same current and stands in the same air: the strings of a battery are
compared each in itself. A layout without strings is one rack. A module has any number of sensors,
one reading of its own counts as a sensor, and a cell or sensor outside any module has no peers.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from batteryd.domain.component import WHOLE_BATTERY, Component
from batteryd.domain.inventory import Asset
from batteryd.domain.snapshot import Column, Layout
from batteryd.rules.alike import Alike

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.intp]
Positions = Integers | slice  # a slice where columns stand side by side: no copy is made

CAPACITY_AH = 50.0  # where nobody has said: of one string; a usual rack of a UPS


@dataclass(frozen=True, eq=False)
class Rack:
    """One rack of an asset, compiled for a layout."""

    asset: Asset
    component: Component  # the string; `-` where the layout names none
    modules: tuple[Component, ...]
    sensors: tuple[Component, ...]
    cells: tuple[Component, ...]
    sensor_module: Integers  # which of `modules` a sensor is in
    cell_module: Integers
    alike: Alike  # who the peers of a sensor are
    sensor_at: Positions
    cell_at: Positions
    ambient_at: int | None
    current_at: int | None
    soc_at: int | None
    capacity_ah: float  # of what `current_at` measures: the string, or the battery
    string_ah: float  # of the string alone: strings of a battery share its current alike

    def worst_of_modules(self, of_sensors: Floats) -> Floats:
        """Return the highest number of each module's sensors; NaN where it has none."""
        worst = np.full(len(self.modules), -np.inf)
        np.fmax.at(worst, self.sensor_module, of_sensors)
        worst[np.isneginf(worst)] = np.nan
        return worst

    def mean_of_modules(self, of_sensors: Floats) -> Floats:
        """Return the mean of each module's sensors that are known; NaN where it has none."""
        known = np.isfinite(of_sensors)
        counts = np.bincount(self.sensor_module[known], minlength=len(self.modules))
        sums = np.bincount(
            self.sensor_module[known], of_sensors[known], minlength=len(self.modules)
        )
        means = np.full(len(self.modules), np.nan)
        np.divide(sums, counts, out=means, where=counts > 0)
        return means


def racks_of(asset: Asset, layout: Layout) -> tuple[Rack, ...]:
    """Return the racks of which a layout shows sensors or cells, in their order."""
    sensors = _within(layout, "temperature_c", lambda c: c.cell is None and c.module is not None)
    cells = _within(layout, "cell_voltage_v", lambda c: c.cell is not None)
    strings = {layout.columns[i].component.string for i in (*sensors, *cells)}
    count = max(asset.geometry.string_count or 1, len(strings))
    return tuple(
        _rack(asset, layout, string, count=count, sensors=sensors, cells=cells)
        for string in sorted(strings, key=lambda s: s or 0)
    )


def _within(layout: Layout, quantity: str, fits: Callable[[Component], bool]) -> list[int]:
    places = layout.indices(quantity).tolist()
    return [i for i in places if fits(layout.columns[i].component)]


def _rack(
    asset: Asset,
    layout: Layout,
    string: int | None,
    *,
    count: int,
    sensors: list[int],
    cells: list[int],
) -> Rack:
    def here(places: Iterable[int]) -> list[int]:
        return [i for i in places if layout.columns[i].component.string == string]

    component = Component(string=string)
    sensor_at, cell_at = here(sensors), here(cells)
    parts = [layout.columns[i].component for i in (*sensor_at, *cell_at)]
    modules = sorted({part.parent_module for part in parts}, key=lambda c: c.sort_key)
    number_of = {module: number for number, module in enumerate(modules)}
    modules_of = np.array([number_of[part.parent_module] for part in parts], dtype=np.intp)
    current_at = _first(layout, "current_a", component)
    of_all = current_at is not None and layout.columns[current_at].component == WHOLE_BATTERY
    count = count if string is not None else 1
    string_ah = asset.capacity_ah / count if asset.capacity_ah else CAPACITY_AH
    return Rack(
        asset=asset,
        component=component,
        modules=tuple(modules),
        sensors=tuple(parts[: len(sensor_at)]),
        cells=tuple(parts[len(sensor_at) :]),
        sensor_module=modules_of[: len(sensor_at)],
        cell_module=modules_of[len(sensor_at) :],
        alike=Alike(parts[: len(sensor_at)]),
        sensor_at=_compact(sensor_at),
        cell_at=_compact(cell_at),
        ambient_at=_first(layout, "ambient_temperature_c", component),
        current_at=current_at,
        soc_at=_first(layout, "soc_pct", component),
        capacity_ah=string_ah * count if of_all else string_ah,
        string_ah=string_ah,
    )


def _first(layout: Layout, quantity: str, rack: Component) -> int | None:
    found = (layout.index.get(Column(place, quantity)) for place in (rack, WHOLE_BATTERY))
    return next((i for i in found if i is not None), None)


def _compact(places: list[int]) -> Positions:
    if places and places == list(range(places[0], places[0] + len(places))):
        return slice(places[0], places[0] + len(places))
    return np.array(places, dtype=np.intp)
