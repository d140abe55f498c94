"""Arithmetic of heat: how long a battery was above a temperature, from periods of a roll-up.

Theory. A period keeps a sensor's minimum, mean and maximum (m, u, M), not its readings. The share
of the readings that were above a limit T lies between two bounds, and no closer ones exist:

    m > T            all of them                    M <= T           none of them
    u > T            at least (u - T) / (M - T)     u >= T           at most all
    u <= T           at least none                  u < T            at most (u - m) / (T - m)

In a minute the readings lie close together and so do the bounds; an hour may leave everything
open. The battery is above T while any of its sensors is: at least as long as the worst one, at most
as long as all of them one after the other. Where the BMS reports its highest temperature itself,
that column is the battery, and nothing has to be added up.

A reading stands for the time until the next one, but for `vouches_s` at most: a gap is a time that
was not observed.
"""

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from batteryd.domain.component import Component
from batteryd.domain.snapshot import Indices, Layout
from batteryd.store.fold import Integers, Matrix, Summaries

_BELOW_ANY_SENSOR = 1000.0  # °C: no sensor is plausible there


class Thermometers(NamedTuple):
    """The columns of a layout that say how hot a battery is."""

    places: Indices
    components: tuple[Component, ...]
    highest: Indices  # among `places`: the BMS's own highest of all


@dataclass(frozen=True, slots=True, eq=False)
class HeatLines:
    """Heat of single periods, one a line; times in seconds, at most that of the period."""

    start_s: Integers
    poll_count: Integers
    observed_s: Matrix
    above_s_min: Matrix
    above_s_max: Matrix
    hottest: Indices  # which thermometer had the highest mean
    hottest_c: Matrix  # that mean; NaN where none was read

    def __len__(self) -> int:
        return len(self.start_s)

    def at(self, places: Indices) -> "HeatLines":
        """Return some of the lines."""
        return HeatLines(*(getattr(self, f.name)[places] for f in fields(self)))


def thermometers(layout: Layout) -> Thermometers | None:
    """Return a layout's thermometers; None where it has none.

    The temperature of "the battery" counts only where nothing finer is there: on many cards it is
    that of the UPS's inside.
    """
    sensors = [i for i in layout.indices("temperature_c") if _is_inside(layout, i)]
    highest = list(layout.indices("module_temperature_c_max"))
    places = sensors + highest or list(layout.indices("temperature_c"))
    if not places:
        return None
    whole = [n for n, i in enumerate(places) if i in highest and not _is_inside(layout, i)]
    return Thermometers(
        places=np.array(places, np.intp),
        components=tuple(layout.columns[i].component for i in places),
        highest=np.array(whole, np.intp),
    )


def heat_lines(
    lines: Summaries, seen: Thermometers, *, limit_c: float, vouches_s: float, period_s: int
) -> HeatLines:
    """Return the heat of each period."""
    count = lines.count[:, seen.places]
    observed_s = np.minimum(period_s, count.max(axis=1, initial=0) * vouches_s)
    mean = lines.mean[:, seen.places]
    least, most = _shares(
        lines.minimum[:, seen.places], mean, lines.maximum[:, seen.places], limit_c=limit_c
    )
    any_of_them = np.minimum(1.0, most.sum(axis=1))
    if seen.highest.size:
        is_known = (count[:, seen.highest] > 0).any(axis=1)
        any_of_them = np.where(is_known, most.max(axis=1), any_of_them)
    comparable = np.where(np.isnan(mean), -np.inf, mean)
    comparable[:, seen.highest] -= _BELOW_ANY_SENSOR  # a sensor says where it was
    hottest = comparable.argmax(axis=1)
    return HeatLines(
        start_s=lines.start_s,
        poll_count=lines.poll_count,
        observed_s=observed_s,
        above_s_min=observed_s * least.max(axis=1, initial=0.0),
        above_s_max=observed_s * any_of_them,
        hottest=hottest,
        hottest_c=mean[np.arange(len(lines)), hottest],
    )


def _is_inside(layout: Layout, index: int) -> bool:
    component = layout.columns[index].component
    return component.module is not None or component.sensor is not None


def _shares(
    minimum: Matrix, mean: Matrix, maximum: Matrix, *, limit_c: float
) -> tuple[Matrix, Matrix]:
    """Return the least and the most share of readings above a limit; 0 where there are none."""
    # Means are kept in float32 and may lie a hair outside of minimum and maximum.
    mean = np.clip(mean, minimum, maximum)
    with np.errstate(divide="ignore", invalid="ignore"):
        least = np.where(mean > limit_c, (mean - limit_c) / (maximum - limit_c), 0.0)
        most = np.where(mean < limit_c, (mean - minimum) / (limit_c - minimum), 1.0)
    least = np.where(minimum > limit_c, 1.0, least)
    most = np.where(maximum > limit_c, most, 0.0)
    return np.clip(least, 0.0, 1.0), np.clip(most, 0.0, 1.0)
