"""The rule kind `heat_pattern`: several modules deviate together, warm or cold.

Four faults at once are less likely than one open door, one blocked filter or one new load. So where
as many modules deviate alike, they are told as one, and no priority is made of it; `heat_peer`
keeps still about them unless one stands out.
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
from batteryd.rules.heat_peer import CROWD, is_crowd
from batteryd.rules.held import Judged
from batteryd.rules.parameters import PriorityText
from batteryd.rules.rack import Rack


class HeatPatternSettings(DetectorSettings):
    """`deviation_k` is how far four modules have to be from their own normal."""

    priority: PriorityText = "low"
    on_delay_s: NotNegative = 600.0
    off_delay_s: NotNegative = 1800.0
    deviation_k: Positive = 1.5
    deviation_quanta: NotNegative = 2.2
    swing_share: NotNegative = 0.5


class HeatPattern:
    """One rack."""

    REMEMBERED: ClassVar[tuple[str, ...]] = ()
    LOCATES: ClassVar[bool] = False
    RHYTHM: ClassVar[Rhythm] = Rhythm.MINUTE
    scope = Scope.RACK

    def __init__(self, settings: HeatPatternSettings, rack: Rack) -> None:
        self._settings, self._rack = settings, rack
        self.places: Sequence[Component] = (rack.component,)
        self._own = np.empty(0)
        self._limit_k = settings.deviation_k

    def judge(self, seen: Seen) -> Judged | None:
        """Count the modules that deviate alike."""
        heat, set_ = seen.heat, self._settings
        is_judged = (
            heat.is_learned if heat.is_learned.any() or not seen.active else ~heat.is_learned
        )
        if not is_judged.any() or len(self._rack.modules) <= CROWD:
            return None
        least = max(set_.deviation_k, set_.deviation_quanta * heat.quantum.step)
        self._limit_k = least + set_.swing_share * max(0.0, heat.swing_k - 0.5)
        deviation = np.where(is_judged, heat.deviation, np.nan)
        own = self._rack.mean_of_modules(deviation)
        if np.isfinite(own).sum() <= CROWD:
            return None
        self._own = np.where(np.isnan(own), 0.0, own)
        fourth = max(
            float(np.partition(sign * self._own, -CROWD)[-CROWD])
            for sign in (1, -1)
            if sign == 1 or is_crowd(sign * self._own, limit_k=least)
        )
        over = np.array([fourth - self._limit_k])
        known = np.array([True])
        return Judged(steps_of(over, beyond=np.inf, known=known), over < -0.4 * self._limit_k)

    def say(self, index: int, seen: Seen) -> Said:
        """Say which."""
        deviates = np.abs(self._own) > 0.5 * self._limit_k
        numbers = [
            m.module for m, is_one in zip(self._rack.modules, deviates, strict=True) if is_one
        ]
        named = ", ".join(str(number) for number in numbers)
        why = (
            f"has {len(numbers)} modules that deviate together ({named}), "
            f"{seen.load.text(seen.at_s)}: a door, a filter?"
        )
        evidence = {
            "deviation_k": {
                str(m): round(float(k), 2)
                for m, k in zip(self._rack.modules, self._own, strict=True)
            }
        }
        worst = float(np.max(np.abs(self._own)))
        return Said("temperature_c", worst, self._limit_k, why, evidence)

    def restart(self) -> None:
        """Do nothing: what is judged is what is now."""
