"""The rule kind `heat_rise`: a module that heats faster than its peers.

A strong heat source shows as a slope long before it shows as a difference that could be told from a
warm sensor. The slope is that of the residual, without the offset: an offset that is being learned
would look like a slope itself. Load heats modules unevenly, so both limits double for half an hour
after a load. A rise below two quanta can be rounding, however steep.

It needs no learning, so it protects from the first ten minutes after a start.
Not seen: slow heat; that is what `heat_drift` is for.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from batteryd.domain.component import Component, Scope
from batteryd.rules import heat_text
from batteryd.rules.detector import (
    NotNegative,
    Positive,
    Rhythm,
    Said,
    Seen,
    SteppedSettings,
    steps_of,
)
from batteryd.rules.heat_peer import is_crowd
from batteryd.rules.heat_seen import SLOPE_MINUTES
from batteryd.rules.held import Judged
from batteryd.rules.rack import Rack

LOADED_FACTOR = 2.0
BEYOND = 10.0  # times the slope: priority_beyond; 5 K/min is critical in a field map of limits


class HeatRiseSettings(SteppedSettings):
    """`slope_k_per_min` is judged over `window_min` minutes."""

    slope_k_per_min: Positive = 0.5
    window_min: Annotated[int, Field(ge=2, le=SLOPE_MINUTES - 1)] = 5
    rise_k: Positive = 1.2
    rise_quanta: NotNegative = 2.1
    loaded_s: NotNegative = 1800.0  # after a load both limits are doubled


class HeatRise:
    """All modules of one rack."""

    REMEMBERED: ClassVar[tuple[str, ...]] = ()
    LOCATES: ClassVar[bool] = True
    RHYTHM: ClassVar[Rhythm] = Rhythm.MINUTE
    scope = Scope.MODULE

    def __init__(self, settings: HeatRiseSettings, rack: Rack) -> None:
        self._settings, self._rack = settings, rack
        self.places: Sequence[Component] = rack.modules
        self._slopes = np.full(len(rack.modules), np.nan)
        self._limit = settings.slope_k_per_min

    def judge(self, seen: Seen) -> Judged | None:
        """Compare slopes."""
        set_ = self._settings
        factor = LOADED_FACTOR if seen.load.heat_ago_s(seen.at_s) < set_.loaded_s else 1.0
        rise, slope = seen.heat.slope_k_per_min(set_.window_min)
        least = factor * max(set_.rise_k, set_.rise_quanta * seen.heat.quantum.step)
        self._limit = factor * set_.slope_k_per_min
        known = np.isfinite(slope)
        counted = np.where(known & (rise > least), slope, np.where(known, 0.0, np.nan))
        self._slopes = self._rack.worst_of_modules(counted)
        is_known = np.isfinite(self._slopes)
        over = np.where(is_known, self._slopes, 0.0) - self._limit
        steps = steps_of(over, beyond=(BEYOND - 1) * self._limit, known=is_known)
        risen = self._rack.worst_of_modules(rise)
        if is_crowd(risen, limit_k=least):
            steps[steps == 1] = 0
        return Judged(steps, over < -0.5 * self._limit)

    def say(self, index: int, seen: Seen) -> Said:
        """Say how fast."""
        slope = float(self._slopes[index])
        why = (
            f"heats {slope:.1f} K/min faster than its peers over {self._settings.window_min} min, "
            f"{seen.load.text(seen.at_s)}"
        )
        window_s = 60.0 * self._settings.window_min
        evidence = {**heat_text.evidence(seen, index), "window_s": window_s}
        return Said("temperature_c", slope, self._limit, why, evidence, BEYOND * self._limit)

    def restart(self) -> None:
        """Do nothing: the slopes begin anew with what is seen."""
