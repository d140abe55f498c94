"""Which readings of sensors and cells are believed, poll by poll, and how many were not.

Thermistors and buses produce wild single readings: 100 °C or -40 °C for one poll. A reading that
has moved farther than physics would is dropped until it repeats: `REPEATS` times in a row to the
same side. Then it is true, however odd: a cell that is shorted hard falls by 0.3 V at once. So a
wild reading never gets into a mean, and a real step is a few polls late.

Readings that are missing count apart from readings that are wrong: a missing one is the bus, a
wrong one the sensor. Both are counted as shares of about the last six hours (they fade).
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Qualities
from batteryd.rules.rack import Bools, Floats

Counts = npt.NDArray[np.int16]

REPEATS = 3
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
        "last", "side", "repeats", "wrong", "missing", "doubted_at_s", "polls",
    )  # fmt: skip

    def __init__(
        self, count: int, *, lowest: float, highest: float, step: float, counts: bool
    ) -> None:
        """`counts`: whether to count what was wrong or missing."""
        self._lowest, self._highest, self._step = lowest, highest, step
        self._all: Bools = np.ones(count, dtype=bool)
        self._is_doubting = True
        self.last = np.full(count, np.nan)
        self.side = np.zeros(count, dtype=np.int8)  # where a reading has just jumped to: -1, 0, 1
        self.repeats = np.zeros(count, dtype=np.int8)
        counted = count if counts else 0
        self.wrong = np.zeros(counted)  # of about six hours
        self.missing = np.zeros(counted)
        self.doubted_at_s = np.full(counted, np.nan)  # when one was last wrong or missing
        self.polls = np.zeros(1)

    def take(
        self, read: Floats, quality: Qualities, *, reference: float, at_s: float, dt_s: float
    ) -> Bools | None:
        """Take one poll; return which readings are believed, None for all of them.

        Steps are those of read - reference, and `last` then holds that of what was believed.
        """
        fade = 1.0 - dt_s / FADE_S
        self.polls *= fade
        self.polls += 1.0
        if len(self.wrong):
            self.wrong *= fade
            self.missing *= fade
            if np.isnan(self.doubted_at_s[0]):
                self.doubted_at_s[:] = at_s  # nobody knows what was before
        shown = read - reference
        moved = shown - self.last
        # The usual poll, first: everything is there, and nothing has moved far. NaN is neither.
        if not self._is_doubting and self._is_usual(read, quality, moved):
            self.last[:] = shown
            return None
        is_fit = quality == Quality.GOOD
        is_fit &= (read >= self._lowest) & (read <= self._highest)
        is_far = is_fit & (np.abs(moved) > self._step)
        if is_far.any() or self._is_doubting:
            is_far = self._doubted(is_far, is_fit, moved)
        is_believed: Bools = is_fit & ~is_far
        np.copyto(self.last, shown, where=is_believed)
        if len(self.wrong):
            is_wrong = is_far | _WRONG[quality] | ((quality == Quality.GOOD) & ~is_fit)
            self.wrong += is_wrong
            self.missing += ~is_believed & ~is_wrong
            self.doubted_at_s[~is_believed] = at_s
        return is_believed

    def restart(self) -> None:
        """Compare with nothing: nobody has looked for a while."""
        self.last.fill(np.nan)
        self.repeats.fill(0)

    def _is_usual(self, read: Floats, quality: Qualities, moved: Floats) -> bool:
        return bool(
            -self._step <= moved.min()
            and moved.max() <= self._step
            and self._lowest <= read.min()
            and read.max() <= self._highest
            and not quality.any()
        )

    def _doubted(self, is_far: Bools, is_fit: Bools, moved: Floats) -> Bools:
        side = np.sign(moved)
        again = is_far & (side == self.side)
        self.repeats[is_fit & ~again] = 0
        self.repeats[is_far] += 1
        self.side[is_far] = side[is_far]
        is_true = is_far & (self.repeats >= REPEATS)
        self.repeats[is_true] = 0
        self._is_doubting = bool(self.repeats.any())
        still_far: Bools = is_far & ~is_true
        return still_far


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
