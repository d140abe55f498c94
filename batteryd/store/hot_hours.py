"""The heat of a span of hours: each hour as such, and those that were touched minute by minute.

Almost all hours of almost all batteries are decided by their maximum: it was not above the limit.
An hour that was touched is read again from its minutes, if the journal has every poll of it in
them; if not (minutes are forgotten first), the wide bounds of the hour stay.
"""

from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from batteryd.domain.conditions import Heat, Peak
from batteryd.domain.snapshot import Indices, Layout
from batteryd.store.fold import Integers, Summaries
from batteryd.store.heat import HeatLines, Thermometers, heat_lines, thermometers
from batteryd.store.resolution import HOUR, MINUTE, Resolution

Flags = npt.NDArray[np.bool_]

_NOTHING: Indices = np.empty(0, np.intp)


class LoadMinutes(Protocol):
    """Where minutes come from."""

    def __call__(self, *, from_s: float, to_s: float) -> Summaries:
        """Return the minutes that begin in a range, by time; none where they are forgotten."""
        ...


def heat_of(
    hours: Summaries,
    layout: Layout,
    load_minutes: LoadMinutes | None,
    *,
    limit_c: float,
    vouches_s: float,
) -> Heat:
    """Return the heat of hours of one battery and layout; empty where it has no thermometer.

    Without `load_minutes`, hours are all there is.
    """
    seen = _thermometers(layout)
    if seen is None:
        return Heat(limit_c)

    def lines_of(summaries: Summaries, resolution: Resolution) -> HeatLines:
        period_s = resolution.period_s
        return heat_lines(summaries, seen, limit_c=limit_c, vouches_s=vouches_s, period_s=period_s)

    by_hour = lines_of(hours, HOUR)
    heat = Heat(limit_c, observed_s=float(by_hour.observed_s.sum()))
    for run in _runs(by_hour.start_s, by_hour.above_s_max > 0):
        touched = by_hour.at(run)
        from_s, last_s = int(touched.start_s[0]), int(touched.start_s[-1])
        by_minute = touched.at(_NOTHING)
        if load_minutes is not None:
            minutes = load_minutes(from_s=from_s, to_s=last_s + HOUR.period_s)
            by_minute = lines_of(minutes, MINUTE)
        heat = heat.plus(_touched(touched, by_minute, seen, limit_c=limit_c))
    return heat


_thermometers = lru_cache(maxsize=256)(thermometers)


def _runs(start_s: Integers, is_touched: Flags) -> list[Indices]:
    """Return the places of touched hours, those that follow one another together."""
    places = np.flatnonzero(is_touched)
    if not places.size:
        return []
    ends = np.flatnonzero(np.diff(start_s[places]) > HOUR.period_s) + 1
    return np.split(places, ends)


def _touched(
    by_hour: HeatLines, by_minute: HeatLines, seen: Thermometers, *, limit_c: float
) -> Heat:
    """Return the heat of hours that follow one another; what minutes know better, they say."""
    hour = (by_minute.start_s - by_hour.start_s[0]) // HOUR.period_s
    is_whole = np.bincount(hour, by_minute.poll_count, len(by_hour)) == by_hour.poll_count
    parts = (
        (by_hour.at(np.flatnonzero(~is_whole)), HOUR),
        (by_minute.at(np.flatnonzero(is_whole[hour])), MINUTE),
    )
    heat = Heat(
        limit_c=limit_c,
        hours_touched=len(is_whole),
        hours_by_minute=int(is_whole.sum()),
        first_at_s=float(by_hour.start_s[0]),
        last_at_s=float(by_hour.start_s[-1]),
    )
    for lines, resolution in parts:
        heat = heat.plus(
            Heat(
                limit_c=limit_c,
                above_s_min=float(lines.above_s_min.sum()),
                above_s_max=float(lines.above_s_max.sum()),
                peak=_peak(lines, seen, resolution),
            )
        )
    return heat


def _peak(lines: HeatLines, seen: Thermometers, resolution: Resolution) -> Peak | None:
    if not len(lines):
        return None
    at = int(np.nanargmax(lines.hottest_c))
    return Peak(
        component=seen.components[int(lines.hottest[at])],
        temperature_c=float(lines.hottest_c[at]),
        at_s=float(lines.start_s[at]),
        period_s=resolution.period_s,
    )
