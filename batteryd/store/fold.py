"""Arithmetic of roll-ups: many summaries of one battery and period become one.

A summary is minimum, total, maximum and count of each column. Folding is associative and
commutative, and a single poll is the summary of itself. That is the whole theory of the roll-ups:
a late poll, a second batch of the same minute and the minutes of an hour are all folded in by the
same function, in any order, and give what one pass over everything would have given.

Values that are NaN (bad) count for nothing. Uncertain values are counted: they are numbers.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Summaries:
    """Summaries of one layout, one a line; the matrices have one column a column of the layout.

    Minimum and maximum are NaN, and the total 0, where the count is 0.
    """

    asset: Integers
    start_s: Integers
    poll_count: Integers
    minimum: Matrix
    total: Matrix
    maximum: Matrix
    count: Integers

    def __len__(self) -> int:
        return len(self.asset)

    @property
    def mean(self) -> Matrix:
        """Return the mean of each column; NaN where nothing was counted."""
        return np.divide(
            self.total, self.count, out=np.full_like(self.total, np.nan), where=self.count > 0
        )


_NO_NUMBERS = np.empty(0, np.int64)
_NO_MATRIX = np.empty((0, 1))
NO_LINES = Summaries(
    asset=_NO_NUMBERS,
    start_s=_NO_NUMBERS,
    poll_count=_NO_NUMBERS,
    minimum=_NO_MATRIX,
    total=_NO_MATRIX,
    maximum=_NO_MATRIX,
    count=np.empty((0, 1), np.int64),
)


def polls(asset: Integers, at_ms: Integers, values: Matrix) -> Summaries:
    """Return the summaries of single polls."""
    known = ~np.isnan(values)
    return Summaries(
        asset=asset,
        start_s=at_ms // 1000,
        poll_count=np.ones(len(asset), np.int64),
        minimum=values,
        total=np.where(known, values, 0.0),
        maximum=values,
        count=known.astype(np.int64),
    )


def together(one: Summaries, other: Summaries) -> Summaries:
    """Return the lines of both."""
    return Summaries(
        asset=np.concatenate((one.asset, other.asset)),
        start_s=np.concatenate((one.start_s, other.start_s)),
        poll_count=np.concatenate((one.poll_count, other.poll_count)),
        minimum=np.concatenate((one.minimum, other.minimum)),
        total=np.concatenate((one.total, other.total)),
        maximum=np.concatenate((one.maximum, other.maximum)),
        count=np.concatenate((one.count, other.count)),
    )


def fold(given: Summaries, *, period_s: int) -> Summaries:
    """Return one line for each asset and period of `period_s`, by asset and time."""
    if not len(given):
        return given
    start_s = given.start_s // period_s * period_s
    order = np.lexsort((start_s, given.asset))
    ordered = _taken(replace(given, start_s=start_s), order)
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (np.diff(ordered.asset) != 0) | (np.diff(ordered.start_s) != 0)
    if is_first.all():
        return ordered  # often: a few polls of many batteries
    first = np.flatnonzero(is_first)
    return Summaries(
        asset=ordered.asset[first],
        start_s=ordered.start_s[first],
        poll_count=np.add.reduceat(ordered.poll_count, first),
        minimum=np.fmin.reduceat(ordered.minimum, first),
        total=np.add.reduceat(ordered.total, first),
        maximum=np.fmax.reduceat(ordered.maximum, first),
        count=np.add.reduceat(ordered.count, first),
    )


def _taken(given: Summaries, order: Integers) -> Summaries:
    return Summaries(
        asset=given.asset[order],
        start_s=given.start_s[order],
        poll_count=given.poll_count[order],
        minimum=given.minimum[order],
        total=given.total[order],
        maximum=given.maximum[order],
        count=given.count[order],
    )
