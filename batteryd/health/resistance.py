"""Resistance of each cell, from the step of current with which a discharge begins.

When a load begins, the voltage of a cell falls by its resistance times the change of current:

    R = (V before - V after) / (I before - I after)

A cell goes on falling after the first instant (polarisation, and the charge that is taken), so a
resistance is that of a stated window. Here it reaches from the last readings of a rest to the
readings 5 s to 35 s after the first that shows the load: three polls of 10 s, one of 30 s. That
first one is left out: a device may send a current of now beside voltages of a second ago, and the
two belong to one instant only while neither changes. The readings after have to agree on the
current within 15 %, and 5 min without current have to precede, or an older load is still relaxing.

Steps under `resistance_step_c_min` are lost in noise and rounding, and at a low charge cells bend
down, so neither is measured. A charge never is: chargers ripple and balance. Where the voltages of
most cells rise with what is called a discharge, it is none (the sign of the current is wrong).

What is between the measuring wires of two cells (bars, joints) counts to a cell's resistance.
"""

from collections import deque

import numpy as np

from batteryd.domain.health import ResistancePoint
from batteryd.health.limits import HealthLimits
from batteryd.health.reading import (
    Reading,
    cell_voltages,
    module_temperatures,
    soc_pct_of,
)
from batteryd.health.strings import Floats, StringColumns

METHOD = 1
REST_C = 0.05
CALM_S = 300.0
BEFORE_POLLS = 3
BEFORE_S = 60.0  # how old the first of them may be
AFTER_FROM_S, AFTER_TO_S = 5.0, 35.0
AFTER_POLLS_MAX = 32
STEADY = 0.15


class StepMeter:
    """Waits for discharge steps of one string."""

    def __init__(self, string: StringColumns, limits: HealthLimits) -> None:
        self._string, self._limits = string, limits
        self._before: deque[Reading] = deque(maxlen=BEFORE_POLLS)
        self._calm_since_s: float | None = None
        self._load: Reading | None = None  # the first that shows it
        self._after: list[Reading] = []

    def take(self, reading: Reading) -> ResistancePoint | None:
        """Take one poll; return what a step has shown once its window is over."""
        if self._load is not None:
            return self._follow(reading, self._load)
        if abs(reading.rate_c) <= REST_C:
            self._rest(reading)
        elif reading.rate_c < 0 and self._is_calm(reading):
            self._load, self._after = reading, []
        else:
            self.restart()
        return None

    def restart(self) -> None:
        """Wait for the next rest: nobody has looked for a while, or the load was none."""
        self._before.clear()
        self._calm_since_s = self._load = None

    def _begin_anew(self, reading: Reading) -> None:
        self.restart()
        if abs(reading.rate_c) <= REST_C:
            self._rest(reading)

    def _rest(self, reading: Reading) -> None:
        if self._calm_since_s is None:
            self._calm_since_s = reading.at_s
        self._before.append(reading)

    def _is_calm(self, reading: Reading) -> bool:
        since_s = self._calm_since_s
        return since_s is not None and reading.at_s - since_s >= CALM_S

    def _follow(self, reading: Reading, load: Reading) -> ResistancePoint | None:
        age_s = reading.at_s - load.at_s
        if age_s > AFTER_TO_S:
            point = self._measured(load)
            self._begin_anew(reading)
            return point
        if reading.rate_c >= -REST_C:
            self._begin_anew(reading)
        elif age_s >= AFTER_FROM_S and len(self._after) < AFTER_POLLS_MAX:
            self._after.append(reading)
        return None

    def _measured(self, load: Reading) -> ResistancePoint | None:
        string, after = self._string, self._after
        before = [r for r in self._before if load.at_s - r.at_s <= BEFORE_S]
        if not before or not after:
            return None
        currents = np.array([r.current_a for r in after])
        step_a = float(np.median([r.current_a for r in before]) - np.median(currents))
        soc_pct = soc_pct_of(string, before[-1])
        if not self._is_usable(step_a, currents, soc_pct):
            return None
        sag_v = cell_voltages(string, before) - cell_voltages(string, after)
        if 2 * np.isfinite(sag_v).sum() < len(sag_v) or np.nanmedian(sag_v) <= 0:
            return None
        temperature_c = module_temperatures(string, before)[string.cell_module]
        return ResistancePoint(
            at_s=round(load.at_s, 3),
            string=string.component,
            method=METHOD,
            cells=string.cells,
            mohm=1000.0 * sag_v / step_a,
            temperature_c=temperature_c,
            step_a=step_a,
            step_c=step_a / string.capacity_ah,
            window_s=float(np.mean([r.at_s for r in after])) - before[-1].at_s,
            soc_pct=soc_pct,
        )

    def _is_usable(self, step_a: float, currents: Floats, soc_pct: float) -> bool:
        limits, is_steady = self._limits, float(np.ptp(currents)) <= STEADY * step_a
        return (
            is_steady
            and step_a >= limits.resistance_step_c_min * self._string.capacity_ah
            and soc_pct >= limits.resistance_soc_pct_min  # unknown is not
        )
