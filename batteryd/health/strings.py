"""Which columns of a snapshot belong to one string, compiled once for a layout.

A step of current says something of cells only if the current is theirs. Where a battery of several
strings reports one current for all, nobody knows how they share it, and nothing is measured.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from batteryd.domain.component import WHOLE_BATTERY, Component
from batteryd.domain.inventory import Asset, Chemistry
from batteryd.domain.snapshot import Column, Layout

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

POLL_INTERVAL_S = 10.0  # where nobody has said how often an asset is polled
GAP_S_MIN, GAP_POLLS = 60.0, 3


@dataclass(frozen=True, slots=True, eq=False)
class StringColumns:
    """One string of an asset."""

    component: Component
    chemistry: Chemistry | None
    capacity_ah: float
    gap_s: float  # a longer time between two polls is one in which nobody looked
    current_at: int
    soc_at: int | None
    cells: tuple[Component, ...]
    cell_at: Integers
    cell_module: Integers  # which module, of those of `sensor_module`, a cell is in
    sensor_at: Integers
    sensor_module: Integers
    module_count: int


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """The strings that can be measured, and why others cannot, in words."""

    strings: tuple[StringColumns, ...]
    missing: tuple[str, ...]


def compile_strings(asset: Asset, layout: Layout) -> Compiled:
    """Find the strings of an asset in a layout."""
    cells = _components(layout, "cell_voltage_v", lambda c: c.cell is not None)
    numbers = sorted({c.string for _, c in cells}, key=lambda s: s or 0)
    if not cells:
        return Compiled((), ("the device shows no voltages of single cells",))
    if asset.capacity_ah is None:
        return Compiled((), ("the register has no capacity_ah, so no load has a rate",))
    count = max(len(numbers), asset.geometry.string_count or 1)
    strings, missing = [], []
    for number in numbers:
        string = Component(string=number)
        current_at = _current_at(layout, string, count=count)
        if current_at is None:
            missing.append(f"string {string} shows no current of its own")
            continue
        mine = [(at, c) for at, c in cells if c.string == number]
        strings.append(_compiled(asset, layout, string, mine, current_at, count=count))
    return Compiled(tuple(strings), tuple(missing))


def _current_at(layout: Layout, string: Component, *, count: int) -> int | None:
    own = layout.index.get(Column(string, "current_a"))
    if own is not None or count > 1:
        return own
    return layout.index.get(Column(WHOLE_BATTERY, "current_a"))


def _compiled(
    asset: Asset,
    layout: Layout,
    string: Component,
    cells: Sequence[tuple[int, Component]],
    current_at: int,
    *,
    count: int,
) -> StringColumns:
    sensors = _components(
        layout,
        "temperature_c",
        lambda c: c.string == string.string and c.module is not None and c.cell is None,
    )
    parts = [c for _, c in (*cells, *sensors)]
    modules = sorted({c.parent_module for c in parts}, key=lambda c: c.sort_key)
    number_of = {module: number for number, module in enumerate(modules)}
    soc = (layout.index.get(Column(place, "soc_pct")) for place in (string, WHOLE_BATTERY))
    interval_s = asset.source.poll_interval_s or POLL_INTERVAL_S
    return StringColumns(
        component=string,
        chemistry=asset.chemistry,
        capacity_ah=(asset.capacity_ah or 0.0) / count,
        gap_s=max(GAP_S_MIN, GAP_POLLS * interval_s),
        current_at=current_at,
        soc_at=next((at for at in soc if at is not None), None),
        cells=tuple(c for _, c in cells),
        cell_at=_integers(at for at, _ in cells),
        cell_module=_integers(number_of[c.parent_module] for _, c in cells),
        sensor_at=_integers(at for at, _ in sensors),
        sensor_module=_integers(number_of[c.parent_module] for _, c in sensors),
        module_count=len(modules),
    )


def _components(
    layout: Layout, quantity: str, fits: Callable[[Component], bool]
) -> list[tuple[int, Component]]:
    places = layout.indices(quantity).tolist()
    found = [(at, layout.columns[at].component) for at in places]
    return [(at, component) for at, component in found if fits(component)]


def _integers(numbers: Iterable[int]) -> Integers:
    return np.fromiter(numbers, dtype=np.intp)
