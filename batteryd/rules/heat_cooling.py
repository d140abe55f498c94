"""The rule kind `heat_cooling`: a whole rack that is warmer than its air, more than it used to be.

A rack whose fans or filters fail warms as one, so its modules cannot be told apart; the air of the
room is the peer then. Idle racks stand a constant step above the air. That step is learned, hours
after any load, and watched hours after any load, since a rack cools for that long.

A rack that has not cooled down yet stands too high as well, but it is on its way: while the step
or the rack falls, after a load or after a failure of the room's cooling, nobody knows where it will
end.

Not seen: without an ambient sensor nothing; a sensor that stands in the rack's own exhaust.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from batteryd.domain.component import Component, Scope
from batteryd.rules.detector import (
    DetectorSettings,
    NotNegative,
    Positive,
    Rhythm,
    Said,
    Seen,
    steps_of,
)
from batteryd.rules.held import Judged
from batteryd.rules.rack import Rack

AIR_TAU_S = 3600.0  # how slowly a rack follows its air
LEARNED_S = 3600.0
FOLLOW_TAU_S = 2 * 86400.0
FOLLOW_RATE_K_PER_S = 0.2 / 86400.0
SMOOTH_TAU_S = 1800.0
FALLING_K = np.array([0.1, 0.3])  # step and rack below their own smoothed past by so much


class HeatCoolingSettings(DetectorSettings):
    """Rise above the rack's own normal, in K."""

    on_delay_s: NotNegative = 900.0
    off_delay_s: NotNegative = 1800.0
    above_k: Positive = 1.8
    after_load_s: NotNegative = 10800.0


class HeatCooling:
    """One rack."""

    REMEMBERED: ClassVar[tuple[str, ...]] = ("air_c", "smooth", "normal_k", "learned_s")
    LOCATES: ClassVar[bool] = False
    RHYTHM: ClassVar[Rhythm] = Rhythm.MINUTE
    scope = Scope.RACK

    def __init__(self, settings: HeatCoolingSettings, rack: Rack) -> None:
        self._settings = settings
        self.places: Sequence[Component] = (rack.component,)
        self.air_c = np.full(1, np.nan)  # as slow as the rack
        self.smooth = np.full(2, np.nan)  # step and common mode, half an hour late
        self.normal_k = np.zeros(1)
        self.learned_s = np.zeros(1)
        self._above_k = 0.0

    def judge(self, seen: Seen) -> Judged | None:
        """Compare the step from air to rack with the one that is normal."""
        heat = seen.heat
        if np.isnan(seen.ambient_c) or np.isnan(heat.common):
            return None
        if np.isnan(self.air_c[0]):
            self.air_c[0] = seen.ambient_c
        self.air_c += (seen.ambient_c - self.air_c) * min(1.0, heat.minute_s / AIR_TAU_S)
        # The warmer of the air now and the air an hour ago: a room that warms or cools is no fault.
        step_k = heat.common - max(seen.ambient_c, float(self.air_c[0]))
        is_falling = self._is_falling((step_k, heat.common), dt_s=heat.minute_s)
        if is_falling or seen.load.idle_for_s(seen.at_s) < self._settings.after_load_s:
            return None
        self._learn(step_k, seen)
        normal_k = float(self.normal_k[0])
        if self.learned_s[0] < LEARNED_S:
            if not seen.active:
                return None
            normal_k = 0.5 * self._settings.above_k  # of an alarm whose normal was lost
        self._above_k = step_k - normal_k
        over = np.array([self._above_k - self._settings.above_k])
        is_back = np.array([self._above_k < 0.5 * self._settings.above_k])
        return Judged(steps_of(over, beyond=np.inf, known=np.array([True])), is_back)

    def say(self, index: int, seen: Seen) -> Said:
        """Say how much."""
        normal_k = float(self.normal_k[0])
        why = (
            f"stands {self._above_k + normal_k:.1f} K above its air, {self._above_k:.1f} K more "
            f"than its own normal: its cooling, {seen.load.text(seen.at_s)}"
        )
        evidence = {
            "ambient_c": round(seen.ambient_c, 2),
            "common_c": round(seen.heat.common, 2),
            "normal_k": round(normal_k, 3),
            "idle_for_s": round(seen.load.idle_for_s(seen.at_s)),
        }
        return Said("temperature_c", self._above_k, self._settings.above_k, why, evidence)

    def restart(self) -> None:
        """Take the air anew."""
        self.air_c.fill(np.nan)
        self.smooth.fill(np.nan)

    def _is_falling(self, now: tuple[float, float], *, dt_s: float) -> bool:
        if np.isnan(self.smooth[0]):
            self.smooth[:] = now
        self.smooth += (np.array(now) - self.smooth) * min(1.0, dt_s / SMOOTH_TAU_S)
        return bool((now < self.smooth - FALLING_K).any())

    def _learn(self, step_k: float, seen: Seen) -> None:
        if not seen.is_learning or seen.active:
            return
        gap, dt_s = step_k - float(self.normal_k[0]), seen.heat.minute_s
        if self.learned_s[0] < LEARNED_S:
            self.learned_s += dt_s
            self.normal_k += gap * dt_s / float(self.learned_s[0])
        elif gap < 0.5 * self._settings.above_k:
            most = FOLLOW_RATE_K_PER_S * dt_s
            self.normal_k += np.clip(gap * dt_s / FOLLOW_TAU_S, -most, most)
