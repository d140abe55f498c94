"""Which readings of sensors and cells are believed, poll by poll, and how many were not.

Thermistors and buses produce wild single readings: 100 °C or -40 °C for one poll. A reading that
has moved farther than physics would is dropped until it repeats: `REPEATS` times in a row, and near
one another. Then it is true, however odd: a cell that is shorted hard falls by 0.3 V at once. What
was doubted of it then counts as wrong no longer. So a wild reading never gets into a mean, and a
real step is a few polls late. What was believed last outlives any gap, as the first reading after
it may be a wild one too; of what was never read, the middle of all others stands for it.

Readings that are missing count apart from readings that are wrong: a missing one is the bus, a
wrong one the sensor. Both are counted as shares of about the last six hours (they fade). What the
device says that it does not have, and has never shown, is neither.
"""

import math
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Qualities
from batteryd.rules.rack import Bools, Floats

Counts = npt.NDArray[np.int16]

REPEATS = 3
NEAR_SHARE = 0.25  # of how far they moved: as near as this, readings repeat one another
OTHERS_MIN = 4  # readings that have a middle
FADE_S = 21600.0

# What says that a number was wrong, not that there was none.
_WRONG = np.zeros(256, dtype=bool)
for _code in (
    Quality.UNCONFIRMED_JUMP, Quality.SENTINEL, Quality.IMPLAUSIBLE, Quality.UNDECODABLE,
):  # fmt: skip
    _WRONG[_code] = True


class Believed:
    """The last readings that were believed, of columns of one quantity."""

    REMEMBERED: ClassVar[tuple[str, ...]] = (
        "last", "doubted", "wrong", "missing", "doubted_at_s", "polls",
    )  # fmt: skip

    def __init__(
        self, count: int, *, lowest: float, highest: float, step: float, counts: bool
    ) -> None:
        """`counts`: whether to count what was wrong or missing."""
        self._lowest, self._highest, self._step = lowest, highest, step
        self._all_good = bytes([Quality.GOOD]) * count
        self._is_doubting = True
        self.last = np.full(count, np.nan)
        self._moved_to = np.zeros(count)  # the last reading that is doubted
        self._repeats = np.zeros(count, dtype=np.int8)  # how often it was read
        counted = count if counts else 0
        self.wrong = np.zeros(counted)  # of about six hours
        self.missing = np.zeros(counted)
        self.doubted_at_s = np.full(counted, np.nan)  # when one was last wrong or missing
        self.polls = np.zeros(1)

    @property
    def doubted(self) -> Floats:
        """The readings that are doubted, a row each: column, reading, how often it was read."""
        at = self._repeats.nonzero()[0]
        return np.column_stack((at, self._moved_to[at], self._repeats[at]))

    @doubted.setter
    def doubted(self, rows: Floats) -> None:
        rows = rows[np.isin(rows[:, 0], range(len(self.last)))]
        at = rows[:, 0].astype(np.intp)
        self._repeats.fill(0)
        self._moved_to[at], self._repeats[at] = rows[:, 1], rows[:, 2]
        self._is_doubting = True

    def take(
        self, read: Floats, quality: Qualities, *, reference: float, at_s: float, dt_s: float
    ) -> Bools | None:
        """Take one poll; return which readings are believed, None for all of them.

        Steps are those of read - reference, and `last` then holds that of what was believed.
        """
        if len(self.wrong):
            self._fade(at_s=at_s, dt_s=dt_s)
        shown = read - reference
        moved = shown - self.last
        # The usual poll, first: everything is there, and nothing has moved far. NaN is neither.
        if not self._is_doubting and self._is_usual(read, quality, moved):
            self.last[:] = shown
            return None
        is_fit = quality == Quality.GOOD
        is_fit &= (read >= self._lowest) & (read <= self._highest)
        is_far = is_fit & ~(np.abs(moved) <= self._step)  # also what is compared with nothing
        if is_far.any() or self._is_doubting:
            is_far = self._doubts(shown, is_fit)
        is_believed: Bools = is_fit & ~is_far
        np.copyto(self.last, shown, where=is_believed)
        if len(self.wrong):
            is_wrong = is_far | _WRONG[quality] | ((quality == Quality.GOOD) & ~is_fit)
            self.wrong += is_wrong
            is_absent = (quality == Quality.NOT_IMPLEMENTED) & np.isnan(self.last)
            self.missing += ~is_believed & ~is_wrong & ~is_absent
            self.doubted_at_s[~is_believed] = at_s
        return is_believed

    def has(self, read: Floats) -> bool:
        """Whether the only column reads what it read before, so that `take` would do nothing."""
        return not self._is_doubting and bool(read[0] == self.last[0])

    def restart(self) -> None:
        """Doubt anew: nobody has looked for a while, so nothing was read in a row."""
        self._repeats.fill(0)

    def _is_usual(self, read: Floats, quality: Qualities, moved: Floats) -> bool:
        return bool(
            quality.tobytes() == self._all_good
            and np.abs(moved).max() <= self._step
            and self._lowest <= read.min()
            and read.max() <= self._highest
        )

    def _fade(self, *, at_s: float, dt_s: float) -> None:
        fade = 1.0 - dt_s / FADE_S
        self.polls *= fade
        self.polls += 1.0
        self.wrong *= fade
        self.missing *= fade
        if math.isnan(self.doubted_at_s[0]):
            self.doubted_at_s[:] = at_s  # nobody knows what was before

    def _doubts(self, shown: Floats, is_fit: Bools) -> Bools:
        """Return which readings have moved too far, and have not been repeated yet."""
        moved = np.abs(shown - self._last_or_middle(shown, is_fit))
        is_far: Bools = is_fit & ~(moved <= self._step)
        if not self._is_doubting and not is_far.any():
            return is_far
        near = np.fmax(self._step, NEAR_SHARE * moved)
        again = is_far & (self._repeats > 0) & (np.abs(shown - self._moved_to) <= near)
        self._repeats[is_fit & ~again] = 0
        self._repeats[is_far] += 1
        self._moved_to[is_far] = shown[is_far]
        is_true = self._repeats >= REPEATS
        self._repeats[is_true] = 0
        if len(self.wrong):
            # It was right from the first time.
            self.wrong[is_true] = (self.wrong[is_true] - (REPEATS - 1)).clip(0.0)
        self._is_doubting = bool(self._repeats.any())
        return is_far & ~is_true

    def _last_or_middle(self, shown: Floats, is_fit: Bools) -> Floats:
        is_new = np.isnan(self.last) & is_fit
        if not is_new.any() or is_fit.sum() < OTHERS_MIN:
            return self.last
        return np.where(is_new, np.median(shown[is_fit]), self.last)


def add_believed(
    readings: Floats, is_believed: Bools | None, *, sums: Floats, counts: Counts
) -> None:
    """Add the readings that were believed to sums, and their number to counts."""
    if is_believed is None:
        sums += readings
        counts += 1
    else:
        np.add(sums, readings, out=sums, where=is_believed)
        counts += is_believed
