"""The rule kinds about cells that lose charge: `cell_leak` and `cell_fast_leak`.

An internal short discharges its cell all the time: 50 Ω take a cell of 67 Ah down by 1 mV an hour,
which is nothing against a load and plain against 200 peers at rest. `cell_leak` compares means of
ten minutes, taken after 40 min of rest, with the cell's own baseline. A baseline holds only near
the state of charge where it was learned, as cells of different capacity part on the way down;
elsewhere it waits, and is taken anew after a day. Where all cells have moved a little, one has to
stand out from that. A baseline follows slowly, slower than any leak worth an alarm. A cell above
its peers that comes down to them is being balanced, so the cell has to be below its peers as well.

`cell_fast_leak` is for the hard short, which does not wait for ten minutes: far below the baseline
at rest, poll by poll.

Not seen: a leak while nothing rests; the flat middle of LFP hides soft leaks for a day.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from batteryd.domain.component import Component, Scope
from batteryd.rules.alike import spread_of
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
from batteryd.rules.parameters import PriorityText
from batteryd.rules.rack import Bools, Rack

ALIKE_V, ALIKE_SOC_PCT = 0.015, 2.5  # how near its state of charge a baseline holds
SHIFT_SHARE = 0.3  # of what the common mode moved since: cells may part by so much on the way
SPREADS = 6.0  # so many times what the rack's cells have usually moved since
REBASE_S = 86400.0  # of rest elsewhere, before a baseline is taken anew
SETTLE_MEANS = 3  # means that make a baseline
FOLLOW_V_PER_S = 0.0015 / 86400.0
FOLLOW_TAU_S = 86400.0
MEAN_S = 600.0


class CellLeakSettings(DetectorSettings):
    """Loss against the cell's own baseline, in V."""

    priority: PriorityText = "high"
    on_delay_s: NotNegative = 300.0  # more than one mean
    off_delay_s: NotNegative = 3600.0
    lost_v: Positive = 0.006
    lost_quanta: NotNegative = 2.0


class CellLeak:
    """All cells of one rack."""

    REMEMBERED: ClassVar[tuple[str, ...]] = ("baseline_v", "means", "where", "elsewhere_s")
    LOCATES: ClassVar[bool] = True
    RHYTHM: ClassVar[Rhythm] = Rhythm.REST_MEAN
    scope = Scope.CELL

    def __init__(self, settings: CellLeakSettings, rack: Rack) -> None:
        count = len(rack.cells)
        self._settings = settings
        self.places: Sequence[Component] = rack.cells
        self.baseline_v = np.zeros(count, dtype=np.float32)
        self.means = np.zeros(
            count, dtype=np.int8
        )  # that a baseline was made of, up to SETTLE_MEANS
        self.where = np.full(3, np.nan)  # common voltage and state of charge, and when it began
        self.elsewhere_s = np.zeros(1)
        self._lost_v = np.zeros(count)
        self._limit_v = settings.lost_v

    def judge(self, seen: Seen) -> Judged | None:
        """Compare ten minutes at rest with the baseline."""
        if not self._is_comparable(seen):
            return None
        mean = seen.cells.mean
        known = np.isfinite(mean)
        # Of a cell in alarm that has no baseline (it was lost), its peers are one.
        is_settled = (self.means >= SETTLE_MEANS) | seen.shortened
        self._lost_v = np.where(known & is_settled, self.baseline_v - mean, 0.0)
        least = max(self._settings.lost_v, self._settings.lost_quanta * seen.cells.quantum.step)
        moved_v = abs(seen.cells.mean_common_v - float(self.where[0]))
        usual_v = SPREADS * spread_of(self._lost_v[known & is_settled])
        self._limit_v = max(least + SHIFT_SHARE * moved_v, usual_v)
        over = np.where(mean < 0, self._lost_v - self._limit_v, -np.inf)
        self._learn(mean, known & ~seen.shortened, seen)
        steps = steps_of(over, beyond=np.inf, known=known)
        return Judged(steps, self._lost_v < 0.5 * self._limit_v)

    def say(self, index: int, seen: Seen) -> Said:
        """Say how much, and in what time."""
        lost_mv = 1000 * float(self._lost_v[index])
        hours = (seen.at_s - float(self.where[2])) / 3600.0
        peers = int(np.isfinite(seen.cells.mean).sum()) - 1
        why = (
            f"lost {lost_mv:.0f} mV against its {peers} peers and its baseline of "
            f"{hours:.1f} h ago, at rest: it discharges itself"
        )
        evidence = {
            "residual_mv": round(1000 * float(seen.cells.mean[index]), 2),
            "baseline_mv": round(1000 * float(self.baseline_v[index]), 2),
            "peer_count": peers,
            "window_s": MEAN_S,
            "rest_for_s": round(seen.load.rest_for_s(seen.at_s)),
        }
        limit_v = self._limit_v
        return Said("cell_voltage_v", float(self._lost_v[index]), limit_v, why, evidence)

    def restart(self) -> None:
        """Do nothing: a baseline outlives any gap."""

    def _is_comparable(self, seen: Seen) -> bool:
        if self._is_here(seen.cells.mean_common_v, seen.soc_pct):
            self.elsewhere_s.fill(0.0)
            return True
        self.elsewhere_s += MEAN_S
        if seen.is_learning and (np.isnan(self.where[0]) or self.elsewhere_s[0] > REBASE_S):
            self.where[:] = seen.cells.mean_common_v, seen.soc_pct, seen.at_s
            self.means.fill(0)
            self.elsewhere_s.fill(0.0)
            return True
        return False

    def _is_here(self, common_v: float, soc_pct: float) -> bool:
        apart = abs(soc_pct - self.where[1])
        return bool(abs(common_v - self.where[0]) <= ALIKE_V and not apart > ALIKE_SOC_PCT)

    def _learn(self, mean: np.ndarray, known: Bools, seen: Seen) -> None:
        if not seen.is_learning:
            return
        gap = np.where(known, mean - self.baseline_v, 0.0)
        most = FOLLOW_V_PER_S * MEAN_S
        later = np.clip(gap * MEAN_S / FOLLOW_TAU_S, -most, most)
        step = np.where(self.means < SETTLE_MEANS, gap / (self.means + 1), later)
        self.baseline_v[known] += step[known]
        self.means[known] = np.minimum(self.means[known] + 1, SETTLE_MEANS)


class CellFastLeakSettings(DetectorSettings):
    """Below its own baseline, in V."""

    priority: PriorityText = "high"
    on_delay_s: NotNegative = 0.0  # a fall is believed at the third reading: delay enough
    off_delay_s: NotNegative = 1800.0
    lost_v: Positive = 0.030
    lost_quanta: NotNegative = 2.5
    rest_s: NotNegative = 600.0


class CellFastLeak:
    """All cells of one rack."""

    REMEMBERED: ClassVar[tuple[str, ...]] = ("rested_v",)
    LOCATES: ClassVar[bool] = True
    RHYTHM: ClassVar[Rhythm] = Rhythm.POLL
    scope = Scope.CELL

    def __init__(self, settings: CellFastLeakSettings, rack: Rack) -> None:
        self._settings = settings
        self.places: Sequence[Component] = rack.cells
        self.rested_v = np.full(
            len(rack.cells), np.nan, dtype=np.float32
        )  # mean residual of the last rest
        self._nothing = Judged(np.zeros(len(rack.cells)), np.ones(len(rack.cells), dtype=bool))
        self._limit_v = settings.lost_v

    def judge(self, seen: Seen) -> Judged | None:
        """Compare one poll with what the same cell was at rest."""
        rest_s = seen.load.rest_for_s(seen.at_s)
        if rest_s < self._settings.rest_s:
            self.rested_v.fill(np.nan)  # the state of charge may be another one afterwards
            return None
        residual = seen.cells.residual
        in_alarm = list(seen.active)
        # Of a cell in alarm whose last rest was lost, its peers are one.
        if in_alarm:
            self.rested_v[in_alarm] = np.nan_to_num(self.rested_v[in_alarm])
        if seen.is_rest_mean and seen.is_learning:
            # It follows at 1 mV a mean: what falls faster is what is looked for.
            mean = seen.cells.mean
            step = np.clip(mean - self.rested_v, -0.001, 0.001)
            step[in_alarm] = 0.0
            self.rested_v[:] = np.where(np.isnan(self.rested_v), mean, self.rested_v + step)
        self._limit_v = max(
            self._settings.lost_v, self._settings.lost_quanta * seen.cells.quantum.step
        )
        over = self.rested_v - residual - self._limit_v
        if not seen.active and not (over > 0).any():
            return self._nothing
        known = np.isfinite(over)
        if seen.cells.is_believed is not None:
            known &= seen.cells.is_believed
        over[~known] = -1.0
        return Judged(steps_of(over, beyond=np.inf, known=known), over < -0.5 * self._limit_v)

    def say(self, index: int, seen: Seen) -> Said:
        """Say how much at once."""
        lost_v = float(self.rested_v[index] - seen.cells.residual[index])
        peers = int(np.isfinite(seen.cells.residual).sum()) - 1
        why = (
            f"is {1000 * lost_v:.0f} mV lower against its {peers} peers than it was "
            f"in this rest: a short inside it, or its wire of measurement"
        )
        evidence = {
            "residual_mv": round(1000 * float(seen.cells.residual[index]), 1),
            "before_mv": round(1000 * float(self.rested_v[index]), 1),
            "rest_for_s": round(seen.load.rest_for_s(seen.at_s)),
        }
        return Said("cell_voltage_v", lost_v, self._limit_v, why, evidence)

    def restart(self) -> None:
        """Compare with nothing that was before nobody looked."""
