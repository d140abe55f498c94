"""Trends: columns of one asset over any range, in as many points as a chart can show.

The finest resolution is taken that has few enough points and reaches back far enough; hours are
folded together where even they are too many. What lies before everything that the journal keeps is
asked of InfluxDB. If that does not answer, the journal's part is returned and says what is missing:
a chart with a gap is better than no chart.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from batteryd.domain.snapshot import Column
from batteryd.errors import StoreError
from batteryd.store.fold import NO_LINES, Summaries, fold, together
from batteryd.store.history import LocalHistory, LocalLines, Span, as_summaries
from batteryd.store.journal import Journal, Series
from batteryd.store.resolution import MINUTE, Resolution

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
        self._local = LocalHistory(journal)
        self._remote = remote

    def lines(
        self,
        asset_id: str,
        columns: Sequence[Column],
        from_s: float,
        to_s: float,
        *,
        points_max: int,
    ) -> tuple[TrendLine, ...]:
        """Return one line a column, each at most `points_max` (2 or more) points.

        They are of `from_s <= time < to_s`, and all of them as of one moment of the journal.

        Raises:
            StoreError: the journal cannot be read.
        """
        if not columns:
            return ()
        spans = tuple(Span(asset_id, column, from_s, to_s) for column in columns)
        # InfluxDB is asked later: the journal's moment must not last as long as its answers.
        local = self._local.read(spans, points_max=points_max)
        return tuple(
            self._line(span, found, local, points_max=points_max)
            for span, found in zip(spans, local.found, strict=True)
        )

    def _line(
        self, span: Span, found: Series | Summaries, local: LocalLines, *, points_max: int
    ) -> TrendLine:
        # One point less, because a range that begins inside a period touches one period more.
        width_s = (span.to_s - span.from_s) / (points_max - 1)
        older, missing = self._older(span, local, width_s)
        if isinstance(found, Series):
            if not len(older):
                return TrendLine(found.at_s, found.value, found.value, found.value, 0, missing)
            found = as_summaries(found)
        is_small = not len(older) and len(found) <= points_max
        period_s = local.resolution.period_s if is_small else _period_s(width_s, local.resolution)
        return _points(fold(together(older, found), period_s=period_s), period_s, missing)

    def _older(self, span: Span, local: LocalLines, width_s: float) -> tuple[Summaries, str]:
        """Return what the journal no longer keeps, and what is missing of it."""
        if self._remote is None or span.from_s >= local.begins_s:
            return NO_LINES, ""
        before = span._replace(to_s=min(local.begins_s, span.to_s))
        try:
            period_s = _period_s(width_s, local.resolution)
            return self._remote.summaries(*before, period_s=period_s), ""
        except StoreError as error:
            return NO_LINES, str(error)


def _period_s(width_s: float, resolution: Resolution) -> int:
    """Return the shortest period of whole minutes or hours that is at least `width_s`."""
    unit_s = max(resolution.period_s, MINUTE.period_s)
    return max(1, math.ceil(width_s / unit_s)) * unit_s


def _points(lines: Summaries, period_s: int, missing: str) -> TrendLine:
    return TrendLine(
        at_s=lines.start_s.astype(np.float64),
        minimum=lines.minimum[:, 0],
        mean=lines.mean[:, 0],
        maximum=lines.maximum[:, 0],
        period_s=period_s,
        missing=missing,
    )
