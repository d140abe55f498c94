"""What the journal itself can say of one column over time, and in which resolution."""

from typing import NamedTuple

import numpy as np

from batteryd.domain.snapshot import Column
from batteryd.store import summary_rows
from batteryd.store.fold import NO_LINES, Summaries, polls, together
from batteryd.store.journal import Journal
from batteryd.store.resolution import HOUR, RAW, RESOLUTIONS, Resolution


class Span(NamedTuple):
    """One column of one asset in `from_s <= time < to_s`."""

    asset_id: str
    column: Column
    from_s: float
    to_s: float


class LocalHistory:
    """One journal as a source of trends."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def begins_s(self, asset_id: str, resolution: Resolution) -> float:
        """Return when the oldest line begins; infinite where there is none."""
        asset = self._journal.names.asset(asset_id)
        with self._journal.file.read() as db:
            (oldest,) = db.execute(
                f"SELECT min({resolution.time}) FROM {resolution.table} WHERE asset = ?", (asset,)
            ).fetchone()
        return float("inf") if oldest is None else float(oldest / resolution.ticks_per_s)

    def choose(self, span: Span, *, points_max: int) -> Resolution:
        """Return the finest resolution that is small enough and reaches back far enough.

        Hours where none is: they reach back furthest, and can be folded further.
        """
        begins_s = {r: self.begins_s(span.asset_id, r) for r in RESOLUTIONS}
        # The hour in which an asset was first polled begins before its first poll.
        enough_s = max(span.from_s, min(begins_s.values()) + HOUR.period_s)
        for resolution in RESOLUTIONS:
            if begins_s[resolution] <= enough_s and self._fits(span, resolution, points_max):
                return resolution
        return HOUR

    def summaries(self, span: Span, resolution: Resolution) -> Summaries:
        """Return the lines of a resolution, each of one column and of asset 0."""
        if resolution is RAW:
            at_s, value, _ = self._journal.series(*span)
            at_ms = np.round(at_s * 1000).astype(np.int64)
            return polls(np.zeros(len(at_s), np.int64), at_ms, value.reshape(-1, 1))
        found, names = NO_LINES, self._journal.names
        asset = names.asset_number(span.asset_id)  # only an asset with polls has roll-ups
        with self._journal.file.read() as db:
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

    def _fits(self, span: Span, resolution: Resolution, points_max: int) -> bool:
        ticks = (resolution.ticks(span.from_s), resolution.ticks(span.to_s))
        with self._journal.file.read() as db:
            (count,) = db.execute(
                f"SELECT count(*) FROM (SELECT 1 FROM {resolution.table} WHERE asset = ?"
                f" AND {resolution.time} >= ? AND {resolution.time} < ? LIMIT ?)",
                (self._journal.names.asset(span.asset_id), *ticks, points_max + 1),
            ).fetchone()
        return int(count) <= points_max
