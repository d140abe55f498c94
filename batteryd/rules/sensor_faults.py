"""The rule kinds about sensors themselves: `sensor_invalid`, `sensor_stuck`, `sensor_cold`.

* `sensor_invalid` counts, over about six hours, which share of a sensor's readings was wrong
  (jumped for a single poll, or was nothing that a battery can show). One bad reading is nothing;
  one in a hundred is a loose connector or a broken input. Where polls are slow the count decides: a
  rack has a few bad readings a day, and more than four of one sensor in six hours are no chance.
  What was missing is counted apart.
* `sensor_stuck`: a sensor that has not changed while the rack moved by more than its resolution
  could hide. Some keep their last value when they fail, without any alarm of their device.
* `sensor_cold` is the mirror of `heat_peer`. Nothing cools a module of itself, so it is the sensor
  that came loose, or a door that is open.

All of them mean: this place is watched less well than it seems. None of them is about heat.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from batteryd.domain.alarm import MEASURE
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
from batteryd.rules.heat_peer import is_crowd
from batteryd.rules.held import Judged
from batteryd.rules.kind import POLL_INTERVAL_S
from batteryd.rules.parameters import PriorityText
from batteryd.rules.rack import Floats, Rack

SAME_K = 1e-6  # means of the same readings, added up in another order
STILL_SHARE = 0.25  # so many sensors at most are frozen
COUNTED_S = 10000.0  # of polls, before counts that were lost have come back
QUIET_S = 7200.0  # without an invalid reading: over

Share = Annotated[float, Field(gt=0, le=1)]


class SensorInvalidSettings(DetectorSettings):
    """Shares of the readings of about six hours."""

    priority: PriorityText = "low"
    on_delay_s: NotNegative = 0.0
    wrong_share: Share = 0.004
    wrong_count: Positive = 4.0  # and more than so many
    missing_share: Share = 0.2
    missing_s: Positive = 3000.0  # and for so long in all, at least


class SensorInvalid:
    """All sensors of one rack."""

    REMEMBERED: ClassVar[tuple[str, ...]] = ()
    LOCATES: ClassVar[bool] = False
    RHYTHM: ClassVar[Rhythm] = Rhythm.MINUTE
    scope = Scope.SENSOR

    def __init__(self, settings: SensorInvalidSettings, rack: Rack) -> None:
        self._settings = settings
        self.places: Sequence[Component] = rack.sensors
        self._poll_s = POLL_INTERVAL_S
        self._limits = settings.wrong_count, settings.missing_s / self._poll_s

    def judge(self, seen: Seen) -> Judged | None:
        """Compare the counts with their limits."""
        set_, believed = self._settings, seen.heat.believed
        polls = float(believed.polls[0])
        self._poll_s = seen.dt_s or self._poll_s
        self._limits = (
            max(set_.wrong_count, set_.wrong_share * polls),
            max(set_.missing_s / self._poll_s, set_.missing_share * polls),
        )
        wrong, missing = believed.wrong / self._limits[0], believed.missing / self._limits[1]
        # What most of them do not say is no fault of each: one of them tells of all.
        if np.median(missing) > 1.0:
            missing[np.arange(len(missing)) != self._speaker(missing, seen)] = 0.0
        over = np.maximum(wrong, missing)
        known = np.ones(len(over), dtype=bool)
        is_quiet = seen.at_s - believed.doubted_at_s > QUIET_S
        over[is_quiet] = 0.0
        is_long = polls * self._poll_s > COUNTED_S
        is_back = is_quiet | (is_long & (over < 0.5))
        return Judged(steps_of(over - 1.0, beyond=np.inf, known=known), is_back)

    def say(self, index: int, seen: Seen) -> Said:
        """Say how many."""
        believed = seen.heat.believed
        wrong, missing = float(believed.wrong[index]), float(believed.missing[index])
        polls = float(believed.polls[0])
        why = f"gave {wrong:.0f} invalid and {missing:.0f} missing of its last {polls:.0f} readings"
        silent = int((believed.missing > self._limits[1]).sum())
        if silent > len(self.places) / 2:
            why += f", as {silent - 1} other sensors of this rack"
        counts = zip((wrong, missing), self._limits, ("invalid", "missing"), strict=True)
        value, limit, worse = max(counts, key=lambda row: row[0] / row[1])
        evidence = {
            "wrong": round(wrong, 1),
            "missing": round(missing, 1),
            "polls": round(polls),
            "window_s": round(polls * self._poll_s),
            MEASURE: f"{worse} readings",
        }
        return Said("temperature_c", round(value), round(limit), why, evidence)

    def restart(self) -> None:
        """Keep counting."""

    def _speaker(self, missing: Floats, seen: Seen) -> int:
        """Return who tells of all that are missing: who does already, or else the first."""
        silent = (missing > 1.0).nonzero()[0].tolist()
        return next((index for index in silent if index in seen.active), silent[0])


class SensorStuckSettings(DetectorSettings):
    """`moved_k`: by how much the common mode has to have moved meanwhile."""

    priority: PriorityText = "low"
    on_delay_s: NotNegative = 0.0
    unchanged_s: Positive = 1800.0
    moved_k: Positive = 1.5
    moved_quanta: NotNegative = 2.5


class SensorStuck:
    """All sensors of one rack."""

    REMEMBERED: ClassVar[tuple[str, ...]] = ("value_c", "since_s", "low_c", "high_c")
    LOCATES: ClassVar[bool] = False
    RHYTHM: ClassVar[Rhythm] = Rhythm.MINUTE
    scope = Scope.SENSOR

    def __init__(self, settings: SensorStuckSettings, rack: Rack) -> None:
        count = len(rack.sensors)
        self._settings = settings
        self.places: Sequence[Component] = rack.sensors
        self.value_c = np.full(count, np.nan)
        self.since_s = np.full(count, np.nan)
        self.low_c, self.high_c = np.full(count, np.nan), np.full(count, np.nan)
        self._limit_k = settings.moved_k

    def judge(self, seen: Seen) -> Judged | None:
        """Follow the common mode since each sensor last changed."""
        heat = seen.heat
        if np.isnan(heat.common):
            return None
        # A mean of a minute that was not constant is a change too; a minute without any is none.
        is_read = np.isfinite(heat.mean)
        has_changed = is_read & ~(np.abs(heat.mean - self.value_c) < SAME_K)
        np.copyto(self.value_c, heat.mean, where=is_read)
        self.since_s[has_changed] = seen.at_s
        self.low_c = np.where(has_changed, heat.common, np.fmin(self.low_c, heat.common))
        self.high_c = np.where(has_changed, heat.common, np.fmax(self.high_c, heat.common))
        set_ = self._settings
        moved = self.high_c - self.low_c
        self._limit_k = max(set_.moved_k, set_.moved_quanta * heat.quantum.step)
        over = moved - self._limit_k
        is_still = seen.at_s - self.since_s >= set_.unchanged_s
        # Where many stand still, they are right, and few others moved the common mode.
        over[~is_still | (is_still.mean() > STILL_SHARE)] = -1.0
        return Judged(steps_of(over, beyond=np.inf, known=is_read), has_changed)

    def say(self, index: int, seen: Seen) -> Said:
        """Say since when."""
        moved = float(self.high_c[index] - self.low_c[index])
        minutes = (seen.at_s - float(self.since_s[index])) / 60.0
        why = (
            f"is frozen at {self.value_c[index]:.1f} °C for {minutes:.0f} min, while the rack "
            f"moved by {moved:.1f} K"
        )
        evidence = {
            "moved_k": round(moved, 2),
            "common_c": round(seen.heat.common, 2),
            "frozen_c": round(float(self.value_c[index]), 2),
            "window_s": round(60 * minutes),
        }
        return Said("temperature_c", moved, self._limit_k, why, evidence)

    def restart(self) -> None:
        """Begin anew: what happened meanwhile is not known."""
        self.value_c.fill(np.nan)


class SensorColdSettings(DetectorSettings):
    """The mirror of `heat_peer`, with wider limits: nothing burns."""

    priority: PriorityText = "low"
    on_delay_s: NotNegative = 900.0
    below_k: Positive = 2.5
    below_quanta: NotNegative = 3.2
    unlearned_k: Positive = 6.0
    swing_share: NotNegative = 0.5


class SensorCold:
    """All sensors of one rack."""

    REMEMBERED: ClassVar[tuple[str, ...]] = ()
    LOCATES: ClassVar[bool] = False
    RHYTHM: ClassVar[Rhythm] = Rhythm.MINUTE
    scope = Scope.SENSOR

    def __init__(self, settings: SensorColdSettings, rack: Rack) -> None:
        self._settings, self._rack = settings, rack
        self.places: Sequence[Component] = rack.sensors
        self._limits = np.empty(0)

    def judge(self, seen: Seen) -> Judged | None:
        """Compare every sensor with its peers, from below."""
        set_, heat = self._settings, seen.heat
        least = max(set_.below_k, set_.below_quanta * heat.quantum.step)
        limits = np.where(heat.is_learned, least, max(least, set_.unlearned_k))
        self._limits = limits + set_.swing_share * heat.swing_k
        below = -heat.deviation
        known = np.isfinite(below)
        over = np.where(known, below - self._limits, -np.inf)
        steps = steps_of(over, beyond=np.inf, known=known)
        if is_crowd(self._rack.worst_of_modules(below), limit_k=least):
            steps[steps == 1] = 0
        return Judged(steps, over < -0.4 * self._limits)

    def say(self, index: int, seen: Seen) -> Said:
        """Say how far."""
        below = -float(seen.heat.deviation[index])
        why = (
            f"reads {-float(seen.heat.residual[index]):.1f} K below the rack, {below:.1f} K below "
            f"its own normal: the sensor, or an open door"
        )
        heat = seen.heat
        is_learned = bool(heat.is_learned[index])
        evidence = {
            "mean_c": round(float(heat.mean[index]), 2),
            "above_peers_k": round(float(heat.residual[index]), 2),
            "own_offset_k": round(float(heat.offset[index]), 2) if is_learned else None,
            "common_c": round(heat.common, 2),
        }
        return Said("temperature_c", below, float(self._limits[index]), why, evidence)

    def restart(self) -> None:
        """Do nothing: what is judged is what is now."""
