"""The rule kind `heat_drift`: a module that is a little too warm for hours.

A cumulative sum (Page's CUSUM) of deviation above a slack: what is too little to be an alarm at any
instant becomes one by lasting. It runs only while nothing is asked of the rack, because after a
load modules cool unevenly for hours, and the slack grows with the swing of the common mode. Coarse
sensors round a constant temperature to a constant error, so their slack and limit are wider.

Not seen: anything before the sensor's offset is learned.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from batteryd.domain.component import Component, Scope
from batteryd.rules import heat_text
from batteryd.rules.detector import (
    DetectorSettings,
    NotNegative,
    Positive,
    Rhythm,
    Said,
    Seen,
    steps_of,
)
from batteryd.rules.heat_peer import is_crowd
from batteryd.rules.held import Judged
from batteryd.rules.rack import Bools, Rack

SWING_SHARE, SWING_FREE_K = 0.5, 0.8
COARSE_K = 1.0  # a quantum that makes sensors coarse
BACK_SHARE, BACK_FACTOR = 0.5, 4.0  # what is over counts faster downwards


class HeatDriftSettings(DetectorSettings):
    """Slack in K, limit in K·h."""

    on_delay_s: NotNegative = 0.0
    slack_k: Positive = 0.45
    slack_coarse_k: Positive = 0.8  # of sensors of 1 °C
    limit_kh: Positive = 2.0
    limit_coarse_kh: Positive = 2.5
    idle_s: NotNegative = 7200.0  # without load, before anything is summed


class HeatDrift:
    """All modules of one rack."""

    REMEMBERED: ClassVar[tuple[str, ...]] = ("sum_kh", "began_at_s")
    LOCATES: ClassVar[bool] = True
    RHYTHM: ClassVar[Rhythm] = Rhythm.MINUTE
    scope = Scope.MODULE

    def __init__(self, settings: HeatDriftSettings, rack: Rack) -> None:
        self._settings, self._rack = settings, rack
        self.places: Sequence[Component] = rack.modules
        self.sum_kh = np.zeros(len(rack.sensors))
        self.began_at_s = np.full(len(rack.sensors), np.nan)
        self._own = np.zeros(len(rack.sensors))
        self._limit_kh = settings.limit_kh

    def judge(self, seen: Seen) -> Judged | None:
        """Add the last minute to the sums."""
        set_, heat = self._settings, seen.heat
        if seen.load.idle_for_s(seen.at_s) < set_.idle_s:
            return None
        is_coarse = heat.quantum.step >= COARSE_K
        slack_k = set_.slack_coarse_k if is_coarse else set_.slack_k
        slack_k += SWING_SHARE * max(0.0, heat.swing_k - SWING_FREE_K)
        self._limit_kh = set_.limit_coarse_kh if is_coarse else set_.limit_kh
        self._resume(seen)
        is_judged = heat.is_learned | self._in_alarm(seen)
        own = np.where(is_judged, heat.deviation, np.nan)
        known = np.isfinite(own)
        self._own = np.where(known, own, 0.0)
        more = (self._own - slack_k) * heat.minute_s / 3600.0
        more[self._in_alarm(seen) & (self._own < BACK_SHARE * slack_k)] *= BACK_FACTOR
        # No higher than twice the limit, so that it comes down again once the heat is gone.
        self.sum_kh = np.clip(self.sum_kh + np.where(known, more, 0.0), 0.0, 2 * self._limit_kh)
        is_new = np.isnan(self.began_at_s)
        self.began_at_s = np.where(
            self.sum_kh > 0, np.where(is_new, seen.at_s, self.began_at_s), np.nan
        )
        worst = self._rack.worst_of_modules(np.where(known, self.sum_kh, np.nan))
        is_known = np.isfinite(worst)
        worst[~is_known] = 0.0
        steps = steps_of(worst - self._limit_kh, beyond=np.inf, known=is_known)
        deviations = self._rack.worst_of_modules(self._own)
        if is_crowd(deviations, limit_k=slack_k):
            steps[steps == 1] = 0
        # Of a sensor that cannot be read its sum stays, so that dying in the heat ends nothing.
        summed = self._rack.worst_of_modules(self.sum_kh)
        return Judged(steps, summed < BACK_SHARE * self._limit_kh)

    def _in_alarm(self, seen: Seen) -> Bools:
        return np.isin(self._rack.sensor_module, list(seen.active))

    def _resume(self, seen: Seen) -> None:
        # Of an alarm whose sum was lost: it goes on from its limit, and against its peers.
        if seen.active and not self.sum_kh.any():
            self.sum_kh[self._in_alarm(seen)] = self._limit_kh

    def say(self, index: int, seen: Seen) -> Said:
        """Say how much, and for how long."""
        sensors = (self._rack.sensor_module == index).nonzero()[0]
        worst = int(sensors[np.argmax(self.sum_kh[sensors])])
        since_s = max(0.0, seen.at_s - float(self.began_at_s[worst]))
        why = (
            f"is {self._own[worst]:.1f} K warmer than its own normal, building up for "
            f"{since_s / 3600:.1f} h, sensor {self._rack.sensors[worst].sensor or 1}, "
            f"{seen.load.text(seen.at_s)}"
        )
        evidence = {
            **heat_text.evidence(seen, index),
            "above_own_normal_k": round(float(self._own[worst]), 2),
            "window_s": round(since_s),
        }
        return Said("temperature_c", float(self.sum_kh[worst]), self._limit_kh, why, evidence)

    def restart(self) -> None:
        """Keep the sums: they are what was learned of the last hours."""
