"""What the temperatures of a rack say, once a minute: common mode, residuals, offsets, swings.

* Readings are averaged over a minute: noise and rounding fall, and rules are judged once a minute.
* The common mode is the interquartile mean of all sensors. It follows load and room, and a burning
  module (or a few broken sensors) cannot move it, as the outer quarters do not count.
* A residual is a sensor minus the common mode. Whatever warms all sensors alike is gone in it.
  Where the sensors of one place in all modules part from the others by more than `PLACES_K` (beside
  a busbar, under load), what they part by beyond that is gone in it too.
* A deviation is a residual minus the sensor's own offset. Sensors are off by up to 3 K for good,
  and modules high in a rack are warmer. An offset is learned only when nothing was asked of the
  rack for hours and the air is calm: the mean of the first hour, then slowly, and never so fast
  that a fault could be learned for normal.
* The swing is by how much the common mode moved in three hours. Modules differ in how fast they
  follow, so the more it moved, the more they may differ.
"""

import math
from typing import ClassVar

import numpy as np

from batteryd.rules.alike import FEW
from batteryd.rules.believed import Believed, add_believed
from batteryd.rules.load import Load
from batteryd.rules.quantum import Quantum
from batteryd.rules.rack import Bools, Floats, Rack

MINUTE_S = 60.0
PEERS_MIN = 4  # fewer sensors have no common mode

SLOPE_MINUTES = 12
SWING_SLOTS, SWING_SLOT_S = 36, 300.0  # three hours
CALM_SLOTS, CALM_K = 12, 1.2  # an hour

LEARN_AFTER_S = 7200.0  # without load
LEARNED_S = 3600.0  # of calm that make an offset
OFFSET_TAU_S = 2 * 86400.0
OFFSET_RATE_K_PER_S = 0.3 / 86400.0
LEARNABLE_K = 1.0  # what deviates by more is not followed: a fault must not become normal

PLACES_K = 1.0  # what sensors of one place may differ by from others: it is in their offsets

TEMPERATURE_STEPS = (1.0, 0.5, 0.1)
JUMP_K = 8.0
LOWEST_C, HIGHEST_C = -25.0, 110.0


class HeatSeen:
    """Temperatures of one rack, and what has been learned of its sensors."""

    REMEMBERED: ClassVar[tuple[str, ...]] = (
        "sums",
        "counts",
        "clock",
        "offset",
        "calm_s",
        "slope_ring",
        "ring",
    )

    def __init__(self, rack: Rack) -> None:
        count = len(rack.sensors)
        self.rack = rack
        self.believed = Believed(
            count, lowest=LOWEST_C, highest=HIGHEST_C, step=JUMP_K, counts=True
        )
        self.quantum = Quantum(TEMPERATURE_STEPS)
        self.sums, self.counts = np.zeros(count), np.zeros(count, dtype=np.int16)
        self.clock = np.array([np.nan, np.nan])  # where the minute and the slot of the swing began
        self.offset = np.zeros(count)
        self.calm_s = np.zeros(count)  # how long each sensor has been learned from
        self.slope_ring = np.full((SLOPE_MINUTES, count + 1), np.nan)  # time, residuals
        self.ring = np.full(SWING_SLOTS, np.nan)  # common modes
        self.at_s = -np.inf  # of the minute that is shown below
        self.minute_s = 0.0
        self.mean = np.full(count, np.nan)
        self.residual = np.full(count, np.nan)
        self.common = np.nan
        self.swing_k = np.nan  # by how much the common mode has moved in three hours
        self.is_learning = True

    @property
    def is_learned(self) -> Bools:
        """Whose offset is known."""
        return self.calm_s >= LEARNED_S

    @property
    def deviation(self) -> Floats:
        """Residual minus own offset, in K; of a sensor without one the residual."""
        return self.residual - np.where(self.is_learned, self.offset, 0.0)

    def take(self, read: Floats, quality: np.ndarray, *, at_s: float, dt_s: float) -> bool:
        """Take one poll; True where it closes a minute."""
        is_believed = self.believed.take(read, quality, reference=0.0, at_s=at_s, dt_s=dt_s)
        add_believed(read, is_believed, sums=self.sums, counts=self.counts)
        if math.isnan(self.clock[0]):
            self.clock[0] = at_s - dt_s
        # Half a poll early rather than half a poll late: a minute is six polls of 10 s.
        if at_s - self.clock[0] < MINUTE_S - dt_s / 2:
            return False
        self._close(at_s)
        return True

    def learn(self, load: Load, *, spared: Bools) -> None:
        """Follow offsets, where there is calm; `spared` are sensors that an alarm is about."""
        if not self.is_learning or load.idle_for_s(self.at_s) < LEARN_AFTER_S or not self._is_calm:
            return
        of = np.isfinite(self.residual) & ~spared
        gap = self.residual - self.offset
        is_new = self.calm_s < LEARNED_S
        first = gap * self.minute_s / np.maximum(self.calm_s + self.minute_s, self.minute_s)
        most = OFFSET_RATE_K_PER_S * self.minute_s
        later = np.clip(gap * self.minute_s / OFFSET_TAU_S, -most, most)
        later[np.abs(gap) > max(LEARNABLE_K, 1.5 * self.quantum.step)] = 0.0
        self.offset[of] += np.where(is_new, first, later)[of]
        self.calm_s[of] = np.minimum(self.calm_s[of] + self.minute_s, LEARNED_S)

    def pause(self, at_s: float) -> None:
        """Go on after a pause: the first poll after it is a minute by itself."""
        self.sums.fill(0)
        self.counts.fill(0)
        self.clock[0] = at_s - MINUTE_S

    def restart(self) -> None:
        """Begin buffers anew; what was learned stays."""
        self.believed.restart()
        self.sums.fill(0)
        self.counts.fill(0)
        self.clock.fill(np.nan)
        self.slope_ring.fill(np.nan)

    def slope_k_per_min(self, minutes: int) -> tuple[Floats, Floats]:
        """Return the rise of each residual over so many minutes, and its slope in K/min."""
        then, now = self.slope_ring[-1 - minutes], self.slope_ring[-1]
        rise = now[1:] - then[1:]
        return rise, rise / max((now[0] - then[0]) / 60.0, 1e-9)

    def _close(self, at_s: float) -> None:
        self.minute_s, self.at_s = at_s - float(self.clock[0]), at_s
        self.clock[0] = at_s
        self.mean = np.full(len(self.sums), np.nan)
        np.divide(self.sums, self.counts, out=self.mean, where=self.counts > 0)
        self.quantum.look(self.believed.last)
        self.sums.fill(0)
        self.counts.fill(0)
        self.common = interquartile_mean(self.mean[np.isfinite(self.mean)])
        self.residual = self.mean - self.common - self._of_places()
        self.slope_ring[:-1] = self.slope_ring[1:]
        self.slope_ring[-1, 0], self.slope_ring[-1, 1:] = at_s, self.residual
        if math.isnan(self.clock[1]):
            self.clock[1] = at_s
        slots = int((at_s - self.clock[1]) // SWING_SLOT_S)
        if slots > 0:
            self.clock[1] += slots * SWING_SLOT_S
            self.ring = rolled(self.ring, np.full(1, self.common), slots=slots)
        self.swing_k = self._swing()

    def _swing(self) -> float:
        known = self.ring[np.isfinite(self.ring)]
        low, high = (known.min(), known.max()) if len(known) else (self.common, self.common)
        return float(max(high, self.common) - min(low, self.common))

    def _of_places(self) -> Floats:
        apart = np.nan_to_num(self.rack.alike.middles(self.mean) - self.common)
        free_k = max(PLACES_K, self.quantum.step)
        return np.asarray(apart - np.clip(apart, -free_k, free_k))

    @property
    def _is_calm(self) -> bool:
        known = self.ring[-CALM_SLOTS:]
        known = known[np.isfinite(known)]
        limit_k = CALM_K + 0.3 * (self.quantum.step >= 1.0)
        return len(known) >= CALM_SLOTS // 2 and float(known.max() - known.min()) <= limit_k


def rolled(ring: Floats, newest: Floats, *, slots: int) -> Floats:
    """Return a ring after so many more slots: polls that fit no slot must not stretch it."""
    return np.concatenate((ring, np.repeat(newest, slots, axis=0)))[-len(ring) :]


def interquartile_mean(values: Floats) -> float:
    """Return the mean of the middle half (of few the median); NaN of less than `PEERS_MIN`."""
    count = len(values)
    if count < PEERS_MIN:
        return np.nan
    low = count // 4 if count >= FEW else (count - 1) // 2
    high = count - low
    in_order = np.sort(values)  # quicker than a partition, of so few
    return float(in_order[low:high].sum() / (high - low))
