"""The rule kind `cell_joint`: a connection or a cell whose resistance has grown.

When a load begins, every cell sags by its resistance times the change of current. What a cell sags
more than its peers, by that change, is its excess resistance; a loose joint in front of its
measuring wire counts to it. Compared is the excess with the cell's OWN learned one, over the same
stretch of a discharge (from `SKIP_S` on for `WINDOW_S`: later, cells of less capacity part from the
others). Racks have cells with longer bars for good, so before it is learned only a wide margin is
told, as a matter of low priority.

Never on charge: chargers ripple and balancing begins, which cried wolf by the dozen. Not at a low
state of charge: weak cells bend down there. A cell that is shorted has lost charge and sags more;
its leak is the cause, so its joint is not told while the leak is.

Not seen: a joint while the rack idles. It waits for a discharge.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from batteryd.domain.component import Component, Scope
from batteryd.rules.believed import add_believed
from batteryd.rules.detector import DetectorSettings, NotNegative, Positive, Rhythm, Said, Seen
from batteryd.rules.held import Judged
from batteryd.rules.load import LOAD_C
from batteryd.rules.parameters import PriorityText
from batteryd.rules.rack import Rack

SKIP_S, WINDOW_S, JUDGE_AFTER_S = 20.0, 160.0, 40.0
POLLS_MIN = 3
CALM_C = 0.3  # a reference is taken below this rate
DISCHARGES = 10  # that the learned excess is a mean of
SPREADS = 10.0  # unlearned: so many times the usual spread of cells
SPREAD_OF_MEDIAN = 1.4826  # median deviation to standard deviation


class CellJointSettings(DetectorSettings):
    """Excess resistance in mΩ. `priority_beyond` is that of a learned one."""

    on_delay_s: NotNegative = 0.0
    off_delay_s: NotNegative = 0.0
    priority: PriorityText = "low"
    above_own_mohm: Positive = 0.20
    above_peers_mohm: Positive = 1.0  # before its own is learned
    soc_pct_min: NotNegative = 30.0


class CellJoint:
    """All modules of one rack, each by its worst cell."""

    REMEMBERED: ClassVar[tuple[str, ...]] = (
        "learned_mohm",
        "discharges",
        "before_v",
        "sums",
        "counts",
        "clock",
    )
    LOCATES: ClassVar[bool] = True
    RHYTHM: ClassVar[Rhythm] = Rhythm.POLL
    scope = Scope.MODULE

    def __init__(self, settings: CellJointSettings, rack: Rack) -> None:
        count = len(rack.cells)
        self._settings, self._rack = settings, rack
        self.places: Sequence[Component] = rack.modules
        self.learned_mohm = np.zeros(count, dtype=np.float32)
        self.discharges = np.zeros(count, dtype=np.int8)
        self.before_v = np.full(count, np.nan, dtype=np.float32)  # residuals before the load
        self.sums, self.counts = np.zeros(count), np.zeros(count, dtype=np.int16)
        # rate before the load, when the load began, sum of rates, polls, is open
        self.clock = np.array([np.nan, np.nan, 0.0, 0.0, 0.0])
        self._excess = self._more = np.zeros(count)
        self._is_own = np.zeros(count, dtype=bool)
        self._worst = np.zeros(len(rack.modules), dtype=np.intp)

    def judge(self, seen: Seen) -> Judged | None:
        """Sum what a discharge shows; judge while its window is open, and learn when it closes."""
        rate = seen.load.rate_at(seen.at_s)
        if np.isnan(rate):
            return None
        if rate >= -LOAD_C or seen.soc_pct < self._settings.soc_pct_min:
            self._wait(rate, seen)
        elif self._is_in_window(seen):
            return self._sum(rate, seen)
        return None

    def _is_in_window(self, seen: Seen) -> bool:
        if np.isnan(self.clock[0]):
            return False  # nobody saw the rack before this load
        if np.isnan(self.clock[1]):
            self.clock[1:] = seen.at_s, 0.0, 0.0, 1.0
        under_load_s = seen.at_s - self.clock[1]
        if self.clock[4] and under_load_s > WINDOW_S:
            self._close(seen)
        return bool(self.clock[4]) and under_load_s >= SKIP_S

    def _sum(self, rate: float, seen: Seen) -> Judged | None:
        cells = seen.cells
        add_believed(cells.residual, cells.is_believed, sums=self.sums, counts=self.counts)
        self.clock[2:4] += rate, 1.0
        is_early = seen.at_s - self.clock[1] < JUDGE_AFTER_S
        return None if is_early or self.clock[3] < POLLS_MIN else self._judged(seen)

    def say(self, index: int, seen: Seen) -> Said:
        """Say by how much, and where."""
        cell = int(self._worst[index])
        more, number = float(self._more[cell]), self._rack.cells[cell].cell
        than = "its own normal" if self._is_own[cell] else "its peers (own normal not known yet)"
        why = (
            f"loose connector or bad cell at cell {number}: {more:+.2f} mΩ against {than}, "
            f"{seen.load.text(seen.at_s)}"
        )
        evidence = {
            "cell": str(self._rack.cells[cell]),
            "excess_mohm": round(float(self._excess[cell]), 3),
            "own_mohm": round(float(self.learned_mohm[cell]), 3) if self._is_own[cell] else None,
            "discharges_learned": int(self.discharges[cell]),
            "rate_c": round(seen.load.rate_at(seen.at_s), 3),
            "window_s": round(seen.at_s - float(self.clock[1]), 1),
        }
        return Said("cell_voltage_v", more, float(self._limits()[cell]), why, evidence)

    def restart(self) -> None:
        """Wait for the next discharge."""
        self.clock[:] = np.nan, np.nan, 0.0, 0.0, 0.0

    def _wait(self, rate: float, seen: Seen) -> None:
        if self.clock[4]:
            self._close(seen)
        self.clock[1] = np.nan
        if abs(rate) <= CALM_C:
            self.clock[0] = rate
            self.before_v[:] = seen.cells.residual
            self.sums.fill(0.0)
            self.counts.fill(0.0)

    def _judged(self, seen: Seen) -> Judged:
        self._measure(seen)
        over = self._more - self._limits()
        over[~np.isfinite(over) | seen.shortened] = -np.inf
        order = np.argsort(over, kind="stable")  # the worst last: it stays
        module = self._rack.cell_module[order]
        self._worst[module] = order
        worst = over[self._worst]
        steps = np.where(worst > 0, np.where(self._is_own[self._worst], 2.0, 1.0), 0.0)
        back = worst < -0.75 * self._limits()[self._worst]
        return Judged(steps, back)

    def _measure(self, seen: Seen) -> None:
        change_a = (self.clock[0] - self.clock[2] / self.clock[3]) * self._rack.capacity_ah
        mean_v = np.full(len(self.sums), np.nan)
        np.divide(self.sums, self.counts, out=mean_v, where=self.counts >= POLLS_MIN)
        self._excess = 1000.0 * (self.before_v - mean_v) / change_a
        self._is_own = self.discharges > 0
        self._more = self._excess - np.where(self._is_own, self.learned_mohm, 0.0)

    def _limits(self) -> np.ndarray:
        known = np.abs(self._excess[np.isfinite(self._excess)])
        spread = SPREAD_OF_MEDIAN * float(np.median(known)) if len(known) else 0.0
        wide = max(self._settings.above_peers_mohm, SPREADS * spread)
        return np.where(self._is_own, self._settings.above_own_mohm, wide)

    def _close(self, seen: Seen) -> None:
        self.clock[4] = 0.0
        if not seen.is_learning or self.clock[3] < POLLS_MIN:
            return
        self._measure(seen)
        of = np.isfinite(self._excess) & ~seen.shortened
        # Nothing that is or would be an alarm becomes normal by happening twice.
        of &= ~np.isin(self._rack.cell_module, list(seen.active))
        of &= ~self._is_own | (self._more < self._settings.above_own_mohm)
        self.discharges[of] = np.minimum(self.discharges[of] + 1, DISCHARGES)
        step = (self._excess - self.learned_mohm) / np.maximum(self.discharges, 1)
        self.learned_mohm[of] += step[of]
