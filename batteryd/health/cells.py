"""What the discharges so far say of the resistance of each cell of a string.

Compared are only points of the same measurement: the same cells, the same method, and a window as
long as that of the newest (by a factor of 1.5 at most). What a cell has now is the median of its
last three discharges, what it had first that of its first three; a growth is said only where the
two share no discharge. Cells whose temperature is not known stand apart, uncorrected: a cell that
is measured in summer and in winter would seem to wear and to heal.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from batteryd.domain.component import Component
from batteryd.domain.health import Floats, ResistancePoint
from batteryd.health.temperature import Activation

MEDIAN_OF = 3
SPREAD_OF = 10  # discharges, the last ones
SPREAD_OF_MEDIAN = 1.4826  # median deviation to standard deviation
WINDOW_ALIKE = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class CellResistance:
    """One cell."""

    component: Component
    mohm: float
    count: int  # discharges that it is known from
    spread_mohm: float | None  # standard deviation of the last ones; None of fewer than three
    first_mohm: float | None  # None where too few discharges part it from what is now

    @property
    def growth_pct(self) -> float | None:
        """By how much it has grown over its first value."""
        first = self.first_mohm
        return None if first is None or first <= 0 else 100.0 * (self.mohm / first - 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class StringResistance:
    """The cells of one string that are known, the highest resistance first."""

    string: Component
    cells: tuple[CellResistance, ...]
    cell_count: int  # with those that are not known
    median_mohm: float
    discharges: int
    set_aside: int  # discharges that were measured otherwise
    since_s: float
    until_s: float
    window_s: float
    activation: Activation | None  # None: not corrected
    temperature_c_min: float | None
    temperature_c_max: float | None

    @property
    def correction_uncertainty_pct(self) -> float | None:
        """By how much the correction of the coldest or warmest point may be off."""
        ends = (self.temperature_c_min, self.temperature_c_max)
        if self.activation is None:
            return None
        return max((self.activation.uncertainty_pct(c) for c in ends if c is not None), default=0.0)

    @property
    def most_grown(self) -> CellResistance | None:
        """The cell whose resistance has grown most; None where no growth is known."""
        grown = [cell for cell in self.cells if cell.growth_pct is not None]
        return max(grown, key=lambda cell: cell.growth_pct or 0.0, default=None)


def resistances_of(
    points: Sequence[ResistancePoint], activation: Activation | None
) -> tuple[StringResistance, ...]:
    """Return what is known of each string: corrected cells, and apart from them the others."""
    strings = sorted({point.string for point in points}, key=lambda c: c.sort_key)
    return tuple(
        state
        for string in strings
        for state in _of_string([p for p in points if p.string == string], activation)
    )


def _of_string(
    points: Sequence[ResistancePoint], activation: Activation | None
) -> Iterator[StringResistance]:
    alike = [point for point in points if _is_alike(point, points[-1])]
    measured = np.array([point.mohm for point in alike])
    temperature_c = np.array([point.temperature_c for point in alike])
    corrected = np.full_like(measured, np.nan)
    if activation is not None:
        corrected = activation.at_25_c(measured, temperature_c)
    has_corrected = np.isfinite(corrected).any(axis=0)
    # A cell counts here or there, never with some points each.
    measured[:, has_corrected] = np.nan
    for values, by in ((corrected, activation), (measured, None)):
        is_used = np.isfinite(values)
        if is_used.any():
            set_aside = len(points) - int(is_used.any(axis=1).sum())
            used_c = temperature_c[is_used & np.isfinite(temperature_c)]
            yield _state(alike, values, used_c, activation=by, set_aside=set_aside)


def _is_alike(point: ResistancePoint, newest: ResistancePoint) -> bool:
    return (
        point.method == newest.method
        and point.cells == newest.cells
        and 1 / WINDOW_ALIKE <= point.window_s / newest.window_s <= WINDOW_ALIKE
    )


def _state(
    points: Sequence[ResistancePoint],
    values: Floats,
    temperature_c: Floats,
    *,
    activation: Activation | None,
    set_aside: int,
) -> StringResistance:
    cells = [
        _cell(component, values[:, at])
        for at, component in enumerate(points[0].cells)
        if np.isfinite(values[:, at]).any()
    ]
    cells.sort(key=lambda cell: -cell.mohm)
    used = [p for p, row in zip(points, values, strict=True) if np.isfinite(row).any()]
    return StringResistance(
        string=points[-1].string,
        cells=tuple(cells),
        cell_count=len(points[0].cells),
        median_mohm=float(np.median([cell.mohm for cell in cells])),
        discharges=len(used),
        set_aside=set_aside,
        since_s=used[0].at_s,
        until_s=used[-1].at_s,
        window_s=used[-1].window_s,
        activation=activation,
        temperature_c_min=float(temperature_c.min()) if len(temperature_c) else None,
        temperature_c_max=float(temperature_c.max()) if len(temperature_c) else None,
    )


def _cell(component: Component, values: Floats) -> CellResistance:
    known = values[np.isfinite(values)]
    last = known[-SPREAD_OF:]
    spread = SPREAD_OF_MEDIAN * float(np.median(np.abs(last - np.median(last))))
    return CellResistance(
        component=component,
        mohm=float(np.median(known[-MEDIAN_OF:])),
        count=len(known),
        spread_mohm=spread if len(known) >= MEDIAN_OF else None,
        first_mohm=float(np.median(known[:MEDIAN_OF])) if len(known) >= 2 * MEDIAN_OF else None,
    )
