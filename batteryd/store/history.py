"""What the journal itself can say of columns over time, and in which resolution."""

import sqlite3
from typing import NamedTuple

import numpy as np

from batteryd.domain.snapshot import Column
from batteryd.store import summary_rows
from batteryd.store.fold import NO_LINES, Summaries, polls, together
from batteryd.store.journal import Journal, Series
from batteryd.store.resolution import HOUR, RAW, RESOLUTIONS, Resolution


class Span(NamedTuple):
    """One column of one asset in `from_s <= time < to_s`."""

    asset_id: str
    column: Column
    from_s: float
    to_s: float


class LocalLines(NamedTuple):
    """What the journal has of some spans at one moment: polls of `RAW`, else lines of asset 0."""

    resolution: Resolution
    begins_s: float  # when the oldest of that resolution begins; infinite where there is none
    found: tuple[Series | Summaries, ...]  # one a span


class LocalHistory:
    """One journal as a source of trends."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def begins_s(self, asset_id: str, resolution: Resolution) -> float:
        """Return when the oldest line begins; infinite where there is none."""
        with self._journal.file.read() as db:
            return self._begins_s(db, asset_id, resolution)

    def read(self, spans: tuple[Span, ...], *, points_max: int) -> LocalLines:
        """Return columns of one asset and range, all as of one moment.

        Were they read one after the other, a poll that is stored in between would be in the later
        columns only.
        """
        with self._journal.file.moment() as db:
            resolution = self._choose(db, spans[0], points_max)
            begins_s = self._begins_s(db, spans[0].asset_id, resolution)
            return LocalLines(
                resolution, begins_s, tuple(self._found(db, span, resolution) for span in spans)
            )

    def _begins_s(self, db: sqlite3.Connection, asset_id: str, resolution: Resolution) -> float:
        (oldest,) = db.execute(
            f"SELECT min({resolution.time}) FROM {resolution.table} WHERE asset = ?",
            (self._journal.names.asset(asset_id),),
        ).fetchone()
        return float("inf") if oldest is None else float(oldest / resolution.ticks_per_s)

    def _choose(self, db: sqlite3.Connection, span: Span, points_max: int) -> Resolution:
        """Return the finest resolution that is small enough and reaches back far enough.

        Hours where none is: they reach back furthest, and can be folded further.
        """
        begins_s = {r: self._begins_s(db, span.asset_id, r) for r in RESOLUTIONS}
        # The hour in which an asset was first polled begins before its first poll.
        enough_s = max(span.from_s, min(begins_s.values()) + HOUR.period_s)
        for resolution in RESOLUTIONS:
            if begins_s[resolution] <= enough_s and self._fits(db, span, resolution, points_max):
                return resolution
        return HOUR

    def _found(
        self, db: sqlite3.Connection, span: Span, resolution: Resolution
    ) -> Series | Summaries:
        if resolution is RAW:
            return self._journal.series_in(db, *span)
        found, names = NO_LINES, self._journal.names
        asset = names.asset_number(span.asset_id)  # only an asset with polls has roll-ups
        for number, layout in names.layouts:
            if (index := layout.index.get(span.column)) is not None:
                lines = summary_rows.load_column(
                    db,
                    resolution,
                    asset=asset,
                    layout=number,
                    index=index,
                    from_s=span.from_s,
                    to_s=span.to_s,
                )
                found = together(found, lines)
        return found

    def _fits(
        self, db: sqlite3.Connection, span: Span, resolution: Resolution, points_max: int
    ) -> bool:
        ticks = (resolution.ticks(span.from_s), resolution.ticks(span.to_s))
        (count,) = db.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {resolution.table} WHERE asset = ?"
            f" AND {resolution.time} >= ? AND {resolution.time} < ? LIMIT ?)",
            (self._journal.names.asset(span.asset_id), *ticks, points_max + 1),
        ).fetchone()
        return int(count) <= points_max


def as_summaries(series: Series) -> Summaries:
    """Return polls of one column as lines of asset 0."""
    at_ms = np.round(series.at_s * 1000).astype(np.int64)
    return polls(np.zeros(len(at_ms), np.int64), at_ms, series.value.reshape(-1, 1))
