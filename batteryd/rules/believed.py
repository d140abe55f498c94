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

from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Qualities
from batteryd.rules.rack import Bools, Floats

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
        "doubted_at_s",
        "last",
        "at_s",
        "side",
        "repeats",
        "wrong",
        "missing",
        "polls",
    )

    def __init__(self, count: int, *, lowest: float, highest: float, step: float) -> None:
        self._lowest, self._highest, self._step = lowest, highest, step
        self.last = np.full(count, np.nan)
        self.at_s = np.full(count, -np.inf)  # when it was believed
        self.side = np.zeros(count)  # where a reading has just jumped to: -1, 0, 1
        self.repeats = np.zeros(count)
        self.wrong = np.zeros(count)  # of about six hours
        self.missing = np.zeros(count)
        self.polls = np.zeros(1)
        self.doubted_at_s = np.full(count, -np.inf)  # when one was last wrong or missing

    def take(
        self, read: Floats, quality: Qualities, *, reference: float, at_s: float, dt_s: float
    ) -> Bools:
        """Take one poll; return which readings are believed. Steps are those of read - reference.

        `last` then holds read - reference of every reading that was believed.
        """
        fade = 1.0 - dt_s / FADE_S
        self.polls *= fade
        self.polls += 1.0
        is_fit = quality == Quality.GOOD
        is_fit &= (read >= self._lowest) & (read <= self._highest)
        shown = read - reference
        moved = shown - self.last
        is_far = np.abs(moved) > self._step  # nan: nothing to compare with
        is_far &= is_fit
        if is_far.any() or self.repeats.any():
            is_far = self._doubted(is_far, is_fit, moved)
        is_believed: Bools = is_fit & ~is_far
        np.copyto(self.last, shown, where=is_believed)
        self.at_s[is_believed] = at_s
        if not is_believed.all():
            self.wrong *= fade
            self.missing *= fade
            is_wrong = is_far | _WRONG[quality] | ((quality == Quality.GOOD) & ~is_fit)
            self.wrong += is_wrong
            self.missing += ~is_believed & ~is_wrong
            self.doubted_at_s[~is_believed] = at_s
        elif self.wrong.any() or self.missing.any():
            self.wrong *= fade
            self.missing *= fade
        return is_believed

    def restart(self) -> None:
        """Compare with nothing: nobody has looked for a while."""
        self.last.fill(np.nan)
        self.repeats.fill(0)

    def _doubted(self, is_far: Bools, is_fit: Bools, moved: Floats) -> Bools:
        side = np.sign(moved)
        again = is_far & (side == self.side)
        self.repeats = np.where(
            is_far, np.where(again, self.repeats + 1, 1), np.where(is_fit, 0, self.repeats)
        )
        self.side = np.where(is_far, side, self.side)
        is_true = is_far & (self.repeats >= REPEATS)
        self.repeats[is_true] = 0
        still_far: Bools = is_far & ~is_true
        return still_far
