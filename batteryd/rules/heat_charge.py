"""The rule kind `heat_charge`: a rack whose modules part while it is charged.

The inspection of a battery that burnt a year later noted temperatures that differed by more than
normal, caused by unequal voltages, and growing on charge. So the spread of deviations is learned at
rest, and compared while the rack is charged. Modules are still uneven from the discharge before, so
the swing of the common mode is allowed for, and the spread has to last.

Not seen: a rack that is never charged at more than a trickle.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from batteryd.domain.component import Component, Scope
from batteryd.rules.detector import (
    NotNegative,
    Positive,
    Rhythm,
    Said,
    Seen,
    SteppedSettings,
    steps_of,
)
from batteryd.rules.heat_seen import PEERS_MIN
from batteryd.rules.held import Judged
from batteryd.rules.load import IDLE_C
from batteryd.rules.parameters import PriorityText
from batteryd.rules.rack import Rack

FOLLOW_TAU_S = 86400.0
LEARN_AFTER_S = 7200.0


class HeatChargeSettings(SteppedSettings):
    """Spread while charging minus spread at rest, in K."""

    priority_beyond: PriorityText = "high"
    on_delay_s: NotNegative = 1800.0
    off_delay_s: NotNegative = 1800.0
    more_k: Positive = 3.0
    beyond_k: Positive = 2.0  # so much more is `priority_beyond`
    swing_share: NotNegative = 0.3


class HeatCharge:
    """One rack."""

    REMEMBERED: ClassVar[tuple[str, ...]] = ("rest_k",)
    LOCATES: ClassVar[bool] = False
    RHYTHM: ClassVar[Rhythm] = Rhythm.MINUTE
    scope = Scope.RACK

    def __init__(self, settings: HeatChargeSettings, rack: Rack) -> None:
        self._settings, self._rack = settings, rack
        self.places: Sequence[Component] = (rack.component,)
        self.rest_k = np.full(1, np.nan)
        self._spread_k = self._limit_k = 0.0

    def judge(self, seen: Seen) -> Judged | None:
        """Compare the spread while charging with the one at rest."""
        modules = self._rack.mean_of_modules(seen.heat.residual)
        # A module that an alarm is about has its own reason.
        modules = modules[np.isfinite(modules) & ~seen.accused]
        if len(modules) < PEERS_MIN:
            return None
        spread_k, rate = float(modules.max() - modules.min()), seen.load.rate_at(seen.at_s)
        if seen.load.idle_for_s(seen.at_s) > LEARN_AFTER_S and seen.is_learning:
            gap = 0.0 if np.isnan(self.rest_k[0]) else spread_k - float(self.rest_k[0])
            start = spread_k if np.isnan(self.rest_k[0]) else float(self.rest_k[0])
            self.rest_k[0] = start + gap * seen.heat.minute_s / FOLLOW_TAU_S
        rest_k = float(self.rest_k[0])
        if np.isnan(rest_k) and seen.active:
            rest_k = 0.0  # of an alarm whose normal was lost
        if not rate > IDLE_C or np.isnan(rest_k):
            return None
        self._spread_k = spread_k
        self._limit_k = self._settings.more_k + self._settings.swing_share * seen.heat.swing_k
        over = np.array([spread_k - rest_k - self._limit_k])
        known = np.array([True])
        is_back = over < -0.3 * self._limit_k
        return Judged(steps_of(over, beyond=self._settings.beyond_k, known=known), is_back)

    def say(self, index: int, seen: Seen) -> Said:
        """Say both spreads."""
        rest_k = float(self.rest_k[0])
        why = (
            f"has modules that part while it is charged: {self._spread_k:.1f} K from coolest to "
            f"warmest, {rest_k:.1f} K at rest, {seen.load.text(seen.at_s)}"
        )
        evidence = {"spread_k": round(self._spread_k, 2), "at_rest_k": round(rest_k, 2)}
        value = self._spread_k - rest_k
        beyond_k = self._limit_k + self._settings.beyond_k
        return Said("temperature_c", value, self._limit_k, why, evidence, beyond_k)

    def restart(self) -> None:
        """Do nothing: what is judged is what is now."""
