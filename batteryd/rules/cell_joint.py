"""The rule kind `cell_joint`: a connection or a cell whose resistance has grown.

When a load begins, every cell sags by its resistance times the change of current. What a cell sags
more than its peers, by that change, is its excess resistance; a loose joint in front of its
measuring wire counts to it. A cell of less capacity, or near a bend of its curve, parts from its
peers too, but in the course of the load and not at once. So a line is laid through what each cell
sags more from `SKIP_S` to `WINDOW_S`, and what counts is where it begins.

Compared is the excess with the cell's OWN learned one: racks have cells with longer bars for good,
so before it is learned only a wide margin is told, as a matter of low priority unless no bar is
that long. And it is never told below a multiple of what the rack's cells differ by in that
discharge, nor below a share of what a cell has at all, as that changes with temperature and with
what was before.

Never on charge: chargers ripple and balancing begins, which cried wolf by the dozen. Not at a low
state of charge: weak cells bend down there. A cell that is shorted has lost charge and sags more;
its leak is the cause, so its joint is not told while the leak is.

Not seen: a joint while the rack idles. It waits for a discharge.
"""

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from batteryd.domain.component import Component, Scope
from batteryd.rules.alike import spread_of
from batteryd.rules.detector import (
    NotNegative,
    Positive,
    Rhythm,
    Said,
    Seen,
    SteppedSettings,
)
from batteryd.rules.held import Judged
from batteryd.rules.load import LOAD_C
from batteryd.rules.parameters import PriorityText
from batteryd.rules.rack import Rack

SKIP_S, WINDOW_S, JUDGE_AFTER_S = 20.0, 160.0, 40.0
POLLS_SKIPPED = 2  # a sag is believed at the third reading only
POLLS_MIN, POLLS_WANTED, WINDOW_S_MAX = 3, 6, 400.0  # polls may be minutes apart
PAUSE_S = 60.0
CALM_C = 0.3  # what was before the load is taken below this rate,
STEADY_C, STEADY_S, BEFORE_TAU_S = 0.05, 180.0, 60.0  # after so long at a rate that did not change
DISCHARGES = 10  # that the learned excess is a mean of
SPREADS, SPREADS_UNLEARNED = 6.0, 10.0  # so many times the usual spread of cells
SURE = 2.5  # times the wide margin: no bar is that long


# Entries of the clock: rate before the load and since when it was that, when the load began, common
# mode before it, whether the window is open, polls under load; and sums of rates, polls, time, time
# squared, common mode, common mode by time.
_BEFORE, _STEADY, _BEGAN, _COMMON_V, _OPEN, _SEEN, _RATES, _POLLS, _TIME = range(9)
_SUMS = slice(_RATES, _RATES + 6)
_COUNT = _RATES + 6


class CellJointSettings(SteppedSettings):
    """Excess resistance in mΩ. `priority_beyond` is that of a learned one."""

    on_delay_s: NotNegative = 0.0
    off_delay_s: NotNegative = 0.0
    priority: PriorityText = "low"
    priority_beyond: PriorityText = "medium"
    above_own_mohm: Positive = 0.20
    above_own_share: NotNegative = 0.15  # and of what a cell of the rack has
    above_peers_mohm: Positive = 1.0  # before its own is learned
    soc_pct_min: NotNegative = 30.0


class CellJoint:
    """All modules of one rack, each by its worst cell."""

    REMEMBERED: ClassVar[tuple[str, ...]] = (
        "learned_mohm",
        "discharges",
        "before_v",
        "sums",
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
        # Of residuals, and of residuals by time; NaN until a cell is believed under this load.
        self.sums = np.full((2, count), np.nan)
        self.clock = np.zeros(_COUNT)
        self.restart()
        self._excess = self._more = np.zeros(count)
        self._rack_mohm = 0.0  # of a usual cell
        self._is_own = np.zeros(count, dtype=bool)
        self._worst = np.zeros(len(rack.modules), dtype=np.intp)

    def judge(self, seen: Seen) -> Judged | None:
        """Sum what a discharge shows; judge while its window is open, and learn when it closes."""
        rate = seen.load.rate_at(seen.at_s)
        if math.isnan(rate):
            return None
        if rate >= -LOAD_C or seen.soc_pct < self._settings.soc_pct_min:
            self._wait(rate, seen)
        elif self._is_in_window(seen):
            return self._sum(rate, seen)
        return None

    def _is_in_window(self, seen: Seen) -> bool:
        clock = self.clock
        if math.isnan(clock[_BEGAN]):
            was_steady = seen.at_s - clock[_STEADY] >= STEADY_S
            clock[_STEADY] = np.nan
            if not was_steady:
                return False  # nobody knows what the cells were without this load
            # It may have begun at any time since the last poll: that matters after a pause.
            unseen_s = seen.dt_s if seen.dt_s > PAUSE_S else 0.0
            clock[_BEGAN], clock[_OPEN] = seen.at_s - unseen_s, 1.0
            clock[_SEEN] = clock[_SUMS] = 0.0
            self.sums.fill(np.nan)
        clock[_SEEN] += 1.0
        under_load_s = seen.at_s - clock[_BEGAN]
        window_s = WINDOW_S if clock[_POLLS] >= POLLS_WANTED else WINDOW_S_MAX
        if clock[_OPEN] and under_load_s > window_s:
            self._close(seen)
        return bool(clock[_OPEN]) and under_load_s >= SKIP_S and clock[_SEEN] > POLLS_SKIPPED

    def _sum(self, rate: float, seen: Seen) -> Judged | None:
        under_load_s = seen.at_s - self.clock[_BEGAN]
        self._begin_sums(seen)
        # Of a cell that cannot be read just now, what it last was.
        self.sums[0] += seen.cells.residual
        self.sums[1] += seen.cells.residual * under_load_s
        common_v = seen.cells.common_v
        self.clock[_SUMS] += (
            rate, 1.0, under_load_s, under_load_s**2, common_v, common_v * under_load_s,
        )  # fmt: skip
        is_early = under_load_s < JUDGE_AFTER_S
        return None if is_early or self.clock[_POLLS] < POLLS_MIN else self._judged(seen)

    def _begin_sums(self, seen: Seen) -> None:
        """Let the first sag that is believed of a cell stand for the polls before it.

        Until then its last residual is one without the load, which would hide what it has.
        """
        is_first = np.isnan(self.sums[0])
        if not is_first.any():
            return
        if seen.cells.is_believed is not None:
            is_first &= seen.cells.is_believed
        so_far = self.clock[[_POLLS, _TIME]]
        self.sums[:, is_first] = np.outer(so_far, seen.cells.residual[is_first])

    def say(self, index: int, seen: Seen) -> Said:
        """Say by how much, and where."""
        cell = int(self._worst[index])
        more, number = float(self._more[cell]), self._rack.cells[cell].cell
        than = "its own normal" if self._is_own[cell] else "its peers (own normal not known yet)"
        why = (
            f"has a loose connector or a bad cell at cell {number}: {more:+.2f} mΩ against {than}, "
            f"{seen.load.text(seen.at_s)}"
        )
        evidence = {
            "cell": str(self._rack.cells[cell]),
            "excess_mohm": round(float(self._excess[cell]), 3),
            "own_mohm": round(float(self.learned_mohm[cell]), 3) if self._is_own[cell] else None,
            "discharges_learned": int(self.discharges[cell]),
            "rate_c": round(seen.load.rate_at(seen.at_s), 3),
            "window_s": round(seen.at_s - float(self.clock[_BEGAN]), 1),
        }
        return Said("cell_voltage_v", more, float(self._limits()[cell]), why, evidence)

    def restart(self) -> None:
        """Wait for the next discharge."""
        self.clock[:] = 0.0
        self.clock[[_BEFORE, _STEADY, _BEGAN, _COMMON_V]] = np.nan

    def _wait(self, rate: float, seen: Seen) -> None:
        if self.clock[_OPEN]:
            self._close(seen)
        self.clock[_BEGAN] = np.nan
        if abs(rate) <= CALM_C:
            self._look_before(rate, seen)
        else:
            self.clock[_STEADY] = np.nan

    def _look_before(self, rate: float, seen: Seen) -> None:
        clock, share = self.clock, min(1.0, seen.dt_s / BEFORE_TAU_S)
        if not abs(rate - clock[_BEFORE]) <= STEADY_C or math.isnan(clock[_STEADY]):
            clock[_STEADY], share = seen.at_s, 1.0
            self.before_v[:] = clock[_COMMON_V] = 0.0
        clock[_BEFORE] = rate
        clock[_COMMON_V] += share * (seen.cells.common_v - clock[_COMMON_V])
        known = np.isfinite(seen.cells.residual)
        step = share * (seen.cells.residual - self.before_v)
        np.add(self.before_v, step, out=self.before_v, where=known)

    def _judged(self, seen: Seen) -> Judged:
        self._measure()
        over = self._more - self._limits()
        over[~np.isfinite(over) | seen.shortened] = -np.inf
        order = np.argsort(over, kind="stable")  # the worst last: it stays
        module = self._rack.cell_module[order]
        self._worst[module] = order
        worst = over[self._worst]
        limits = self._limits()[self._worst]
        is_sure = self._is_own[self._worst] | (worst > (SURE - 1.0) * limits)
        steps = np.where(worst > 0, np.where(is_sure, 2.0, 1.0), 0.0)
        back = worst < -0.75 * limits
        return Judged(steps, back)

    def _measure(self) -> None:
        rates, polls, time_s, squares, common_v, common_product = self.clock[_SUMS]
        change_a = (self.clock[_BEFORE] - rates / polls) * self._rack.string_ah
        # Where the line through the voltages begins: the load's own moment.
        weights = np.array([squares, -time_s]) / (polls * squares - time_s**2)
        per_mohm = 1000.0 / change_a
        self._excess = per_mohm * (self.before_v - weights @ self.sums)
        at_once_v = weights @ (common_v, common_product)
        self._rack_mohm = per_mohm * float(self.clock[_COMMON_V] - at_once_v)
        self._is_own = self.discharges > 0
        self._more = self._excess - np.where(self._is_own, self.learned_mohm, 0.0)

    def _limits(self) -> np.ndarray:
        set_ = self._settings
        share_mohm = set_.above_own_share * self._rack_mohm
        own = max(set_.above_own_mohm, share_mohm, SPREADS * spread_of(self._more))
        wide = max(set_.above_peers_mohm, SPREADS_UNLEARNED * spread_of(self._excess))
        return np.where(self._is_own, own, wide)

    def _close(self, seen: Seen) -> None:
        self.clock[_OPEN] = 0.0
        if not seen.is_learning or self.clock[_POLLS] < POLLS_MIN:
            return
        self._measure()
        of = np.isfinite(self._excess) & ~seen.shortened
        # Nothing that is or would be an alarm becomes normal by happening twice.
        of &= ~np.isin(self._rack.cell_module, list(seen.active))
        of &= ~self._is_own | (self._more < self._settings.above_own_mohm)
        self.discharges[of] = np.minimum(self.discharges[of] + 1, DISCHARGES)
        step = (self._excess - self.learned_mohm) / np.maximum(self.discharges, 1)
        self.learned_mohm[of] += step[of]
