"""Capacity of a string, from deep discharges only.

The charge that leaves a string is counted (current by time), and set against how far its state of
charge fell:

    capacity = charge counted / (state of charge before - state of charge after)

How far it fell has to be known from elsewhere than from the BMS: a reported SOC is itself charge
counted against an assumed capacity, so the quotient would give back the assumption; and it may be
off by ten points. So both ends stand on voltages. The beginning is a rest of `capacity_rest_s`
(current under 0.05 C), whose mean cell voltage gives the state of charge by the chemistry's
open-circuit curve. The end is such a rest again, or the cut-off: the lowest cell at its chemistry's
voltage of 0 %. What the BMS reports may veto (it fell by 15 points more or less than the voltages
say), never vouch.

A discharge that the charger ends gives nothing, however deep: nobody saw where it stopped. Nor does
one with a gap of more than 5 %, one outside 15 to 35 °C, or one whose figure would be uncertain by
more than 10 %. The flat curve of LFP does that on its own wherever an end lies on it. Long
discharges that gave nothing are told with the reason.

Uncertainty adds up in squares: 10 mV and 2 points of the curve at either end (cells of other makers
lie elsewhere), the current sensor, its offset of 0.002 C, and half of what flowed in gaps. The part
of the curve is the same for every discharge of a battery, so its points compare better with one
another than with the nameplate.
"""

import math
from dataclasses import dataclass

import numpy as np

from batteryd.domain.health import CUT_OFF, REST, CapacityPoint, Refusal
from batteryd.domain.open_circuit import CURVES
from batteryd.health.limits import HealthLimits
from batteryd.health.reading import Reading, cell_voltages, module_temperatures, soc_pct_of
from batteryd.health.strings import StringColumns

METHOD = 1
REST_C = 0.05
VOLTAGE_V, CURVE_PCT, CUT_OFF_PCT = 0.010, 2.0, 2.0
WILD_V = 0.2  # a cell that is farther from the others does not count to the mean
OFFSET_C = 0.002
UNCERTAINTY_MAX = 0.10
SOC_DISAGREES_PCT = 15.0
LOWEST_C, HIGHEST_C = 15.0, 35.0
PLAUSIBLE = (0.3, 1.3)  # of the rated capacity
DURATION_S_MAX = 86_400.0
GAP_S_MAX = 900.0  # one gap; a restart of the daemon takes less
GAP_SHARE_MAX = 0.05
TOLD_FROM = 0.3  # of the rated capacity counted: a shorter discharge need not be explained


@dataclass(frozen=True, slots=True)
class _End:
    """How full the string was at one end of a discharge."""

    pct: float
    uncertainty_pct: float
    reported_pct: float
    temperature_c: float


@dataclass(slots=True)
class _Count:
    """What has flowed since the beginning."""

    begin: _End
    began_at_s: float
    ah: float = 0.0  # positive: taken out
    gap_ah: float = 0.0  # of it, in gaps
    gap_s: float = 0.0
    load_s: float = 0.0


class DischargeMeter:
    """Follows one string from a rest through a discharge to its end."""

    def __init__(self, string: StringColumns, limits: HealthLimits) -> None:
        self._string, self._limits = string, limits
        self._curve = None if string.chemistry is None else CURVES[string.chemistry]
        self._last: Reading | None = None
        self._rest_since_s: float | None = None
        self._count: _Count | None = None

    def take(self, reading: Reading) -> CapacityPoint | Refusal | None:
        """Take one poll; return what a discharge gave once it has ended."""
        last, self._last = self._last, reading
        if last is None:
            self._begin_anew(reading)
            return None
        dt_s = reading.at_s - last.at_s
        if not 0 <= dt_s <= GAP_S_MAX:
            lost = self._dropped(last, "nothing was read for too long, or the clock ran back")
            self._begin_anew(reading)
            return lost
        if self._count is None and reading.rate_c < -REST_C and self._has_rested(last):
            self._count = self._begun(last)
        if self._count is not None:
            self._add(self._count, last, reading)
        if dt_s > self._string.gap_s:
            self._rest_since_s = None
        return self._judged(last, reading)

    def _begin_anew(self, reading: Reading) -> None:
        self._rest_since_s = reading.at_s if abs(reading.rate_c) <= REST_C else None

    def _has_rested(self, reading: Reading) -> bool:
        since_s = self._rest_since_s
        return since_s is not None and reading.at_s - since_s >= self._limits.capacity_rest_s

    def _begun(self, rest: Reading) -> _Count | None:
        begin = self._at_rest(rest)
        return None if begin is None else _Count(begin, began_at_s=rest.at_s)

    def _add(self, count: _Count, last: Reading, reading: Reading) -> None:
        dt_s = reading.at_s - last.at_s
        count.ah -= (last.current_a + reading.current_a) / 2 * dt_s / 3600.0
        if reading.rate_c < -REST_C:
            count.load_s += dt_s
        if dt_s > self._string.gap_s:
            count.gap_s += dt_s
            # The load may have changed at any moment of it.
            count.gap_ah += max(abs(last.current_a), abs(reading.current_a)) * dt_s / 3600.0

    def _judged(self, last: Reading, reading: Reading) -> CapacityPoint | Refusal | None:
        count = self._count
        if abs(reading.rate_c) <= REST_C:
            if self._rest_since_s is None:
                self._rest_since_s = reading.at_s
            if count is None or not self._has_rested(reading):
                return None
            return self._ended(count, self._at_rest(reading), reading, ended_by=REST)
        self._rest_since_s = None
        return None if count is None else self._under_load(count, last, reading)

    def _under_load(
        self, count: _Count, last: Reading, reading: Reading
    ) -> CapacityPoint | Refusal | None:
        if reading.rate_c > 0:
            return self._dropped(last, "it was charged before it had rested")
        if reading.at_s - count.began_at_s > DURATION_S_MAX:
            return self._dropped(reading, "it took more than a day")
        if not self._is_cut_off(last, reading):
            return None
        end = _End(0.0, CUT_OFF_PCT, soc_pct_of(self._string, reading), math.nan)
        return self._ended(count, end, reading, ended_by=CUT_OFF)

    def _at_rest(self, reading: Reading) -> _End | None:
        """Return how full the string is by its mean voltage; None where too little is known."""
        volts, curve = cell_voltages(self._string, [reading]), self._curve
        known = volts[np.isfinite(volts)]
        if curve is None or 2 * len(known) < len(volts):
            return None
        mean_v = float(known[np.abs(known - np.median(known)) <= WILD_V].mean())
        half_pct = (curve.soc_pct_at(mean_v + VOLTAGE_V) - curve.soc_pct_at(mean_v - VOLTAGE_V)) / 2
        modules = module_temperatures(self._string, [reading])
        modules = modules[np.isfinite(modules)]
        return _End(
            curve.soc_pct_at(mean_v),
            math.hypot(half_pct, CURVE_PCT),
            soc_pct_of(self._string, reading),
            float(np.median(modules)) if len(modules) else math.nan,
        )

    def _is_cut_off(self, last: Reading, reading: Reading) -> bool:
        """Whether a cell is at its end in two polls: one may be a wild reading."""
        if self._curve is None:
            return False
        end_v = self._curve.voltage_v[0]
        if (
            reading.snapshot.values[self._string.cell_at].min() > end_v
        ):  # the usual poll; NaN is not
            return False
        before, now = (cell_voltages(self._string, [r]) for r in (last, reading))
        return bool((np.maximum(before, now) <= end_v).any())

    def _dropped(self, at: Reading, why: str) -> Refusal | None:
        count, self._count = self._count, None
        return None if count is None else self._refusal(count, at, why)

    def _refusal(self, count: _Count, at: Reading, why: str) -> Refusal | None:
        if count.ah < TOLD_FROM * self._string.capacity_ah:
            return None
        return Refusal(round(at.at_s, 3), self._string.component, count.ah, why)

    def _ended(
        self, count: _Count, end: _End | None, reading: Reading, *, ended_by: str
    ) -> CapacityPoint | Refusal | None:
        self._count = None
        if end is None:
            return self._refusal(count, reading, "too few cell voltages were read at its end")
        begin, load_h = count.begin, max(count.load_s, 1.0) / 3600.0
        point = CapacityPoint(
            at_s=round(reading.at_s, 3),
            string=self._string.component,
            method=METHOD,
            began_at_s=round(count.began_at_s, 3),
            capacity_ah=100.0 * count.ah / max(begin.pct - end.pct, 1.0),
            uncertainty_ah=self._uncertainty_ah(count, end),
            counted_ah=count.ah,
            from_pct=begin.pct,
            to_pct=end.pct,
            ended_by=ended_by,
            rate_c=count.ah / load_h / self._string.capacity_ah,
            temperature_c=begin.temperature_c,
            gap_s=count.gap_s,
            reported_from_pct=_or_none(begin.reported_pct),
            reported_to_pct=_or_none(end.reported_pct),
        )
        why = self._objection(point)
        return point if why is None else self._refusal(count, reading, why)

    def _uncertainty_ah(self, count: _Count, end: _End) -> float:
        depth_pct = max(count.begin.pct - end.pct, 1.0)
        ends = math.hypot(count.begin.uncertainty_pct, end.uncertainty_pct) / depth_pct
        share = math.hypot(ends, self._limits.current_uncertainty_pct / 100.0)
        offset_ah = OFFSET_C * self._string.capacity_ah * count.load_s / 3600.0
        counted_ah = math.hypot(share * count.ah, offset_ah, count.gap_ah / 2)
        return 100.0 * counted_ah / depth_pct

    def _objection(self, point: CapacityPoint) -> str | None:
        """Return why this is no measurement of capacity; None where it is one."""
        depth_pct, rated_ah = point.from_pct - point.to_pct, self._string.capacity_ah
        reported_pct = _fall(point.reported_from_pct, point.reported_to_pct)
        took_s = max(point.at_s - point.began_at_s, 1.0)
        objections = (
            (
                depth_pct < self._limits.capacity_depth_pct_min,
                f"it fell by {max(depth_pct, 0):.0f} points of charge by its voltage at rest,"
                f" a capacity takes {self._limits.capacity_depth_pct_min:.0f}",
            ),
            (
                reported_pct is not None and abs(reported_pct - depth_pct) > SOC_DISAGREES_PCT,
                f"the voltages say that it fell by {depth_pct:.0f} points of charge,"
                f" the BMS {reported_pct or 0:.0f}: one of them is wrong",
            ),
            (
                point.gap_s > GAP_SHARE_MAX * took_s,
                f"nothing was read for {point.gap_s:.0f} s of it",
            ),
            (
                not LOWEST_C <= point.temperature_c <= HIGHEST_C,
                f"its modules were not between {LOWEST_C:.0f} and {HIGHEST_C:.0f} °C,"
                " or nobody knows how warm they were",
            ),
            (
                point.uncertainty_ah > UNCERTAINTY_MAX * point.capacity_ah,
                f"it would be uncertain by {100 * point.uncertainty_ah / point.capacity_ah:.0f} %:"
                " the voltage at rest says too little there",
            ),
            (
                not PLAUSIBLE[0] <= point.capacity_ah / rated_ah <= PLAUSIBLE[1],
                f"it gives {point.capacity_ah:.0f} Ah of rated {rated_ah:.0f} Ah: the current, the"
                " register's capacity_ah or its chemistry is wrong",
            ),
        )
        return next((why for is_so, why in objections if is_so), None)


def _fall(from_pct: float | None, to_pct: float | None) -> float | None:
    return None if from_pct is None or to_pct is None else from_pct - to_pct


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
