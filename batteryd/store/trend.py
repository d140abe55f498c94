"""Trends: one column of one asset over any range, in as many points as a chart can show.

The finest resolution is taken that has few enough points and reaches back far enough; hours are
folded together where even they are too many. What lies before everything that the journal keeps is
asked of InfluxDB. If that does not answer, the journal's part is returned and says what is missing:
a chart with a gap is better than no chart.
"""

import math
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from batteryd.domain.snapshot import Column
from batteryd.errors import StoreError
from batteryd.store.fold import NO_LINES, Summaries, fold, together
from batteryd.store.history import LocalHistory, Span
from batteryd.store.journal import Journal
from batteryd.store.resolution import MINUTE, RAW, Resolution

Numbers = npt.NDArray[np.float64]


class TrendLine(NamedTuple):
    """Points by time. A period in which nothing good was read has no point, or is NaN."""

    at_s: Numbers  # where a period begins
    minimum: Numbers
    mean: Numbers
    maximum: Numbers
    period_s: int  # 0: every poll as it was read
    missing: str = ""  # what could not be read, in words; "" where everything could


class RemoteHistory(Protocol):
    """Where history is that the journal no longer keeps."""

    def summaries(
        self, asset_id: str, column: Column, from_s: float, to_s: float, *, period_s: int
    ) -> Summaries:
        """Return one line a period.

        Raises:
            StoreError: it does not answer.
        """
        ...


class Trend:
    """Answers for one journal and, where there is one, the InfluxDB that follows it."""

    def __init__(self, journal: Journal, remote: RemoteHistory | None = None) -> None:
        self._journal = journal
        self._local = LocalHistory(journal)
        self._remote = remote

    def query(
        self, asset_id: str, column: Column, from_s: float, to_s: float, *, points_max: int
    ) -> TrendLine:
        """Return at most `points_max` (2 or more) points of `from_s <= time < to_s`.

        Raises:
            StoreError: the journal cannot be read.
        """
        span = Span(asset_id, column, from_s, to_s)
        resolution = self._local.choose(span, points_max=points_max)
        # One point less, because a range that begins inside a period touches one period more.
        width_s = (to_s - from_s) / (points_max - 1)
        older, missing = self._older(span, resolution, width_s)
        if resolution is RAW and not len(older):
            at_s, value, _ = self._journal.series(*span)
            return TrendLine(at_s, value, value, value, 0, missing)
        newer = self._local.summaries(span, resolution)
        is_small = not len(older) and len(newer) <= points_max
        period_s = resolution.period_s if is_small else _period_s(width_s, resolution)
        return _line(fold(together(older, newer), period_s=period_s), period_s, missing)

    def _older(self, span: Span, resolution: Resolution, width_s: float) -> tuple[Summaries, str]:
        """Return what the journal no longer keeps, and what is missing of it."""
        begins_s = self._local.begins_s(span.asset_id, resolution)
        if self._remote is None or span.from_s >= begins_s:
            return NO_LINES, ""
        before = span._replace(to_s=min(begins_s, span.to_s))
        try:
            return self._remote.summaries(*before, period_s=_period_s(width_s, resolution)), ""
        except StoreError as error:
            return NO_LINES, str(error)


def _period_s(width_s: float, resolution: Resolution) -> int:
    """Return the shortest period of whole minutes or hours that is at least `width_s`."""
    unit_s = max(resolution.period_s, MINUTE.period_s)
    return max(1, math.ceil(width_s / unit_s)) * unit_s


def _line(lines: Summaries, period_s: int, missing: str) -> TrendLine:
    return TrendLine(
        at_s=lines.start_s.astype(np.float64),
        minimum=lines.minimum[:, 0],
        mean=lines.mean[:, 0],
        maximum=lines.maximum[:, 0],
        period_s=period_s,
        missing=missing,
    )
