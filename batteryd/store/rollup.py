"""Roll-ups: the journal's minutes and hours, kept up to date row by row.

A step takes the next rows after its cursor, folds them into lines (see `fold`), folds in the lines
that are stored already, and writes lines and cursor in one transaction. A kill at any moment
therefore neither loses a poll nor counts one twice, and a late poll lands in its old minute. The
arithmetic is done before the transaction, whose length is bounded by the rows of a step.
"""

import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from batteryd.errors import StoreDamaged
from batteryd.store import summary_rows
from batteryd.store.cursors import ROLLUP, cursor, move_cursor
from batteryd.store.fold import Summaries, fold, polls, together
from batteryd.store.journal import Journal
from batteryd.store.packing import FLOAT32
from batteryd.store.resolution import HOUR, MINUTE, Resolution

_ROWS_MAX = 5_000  # of one step
_BYTES_MAX = 2_000_000  # of one step: 500,000 values, 16 MB while they are folded

_NEXT_ROWS = (
    "SELECT row, asset, at_ms, layout, value FROM snapshot WHERE row > ? ORDER BY row LIMIT ?"
)


class _Poll(NamedTuple):
    asset: int
    at_ms: int
    value: bytes


@dataclass
class _Batch:
    """The rows of one step; failed polls have nothing to fold but move the cursor."""

    after_row: int
    last_row: int
    row_count: int = 0
    by_layout: dict[int, list[_Poll]] = field(default_factory=lambda: defaultdict(list))


class Rollup:
    """Keeps the minute and hour tables of a journal."""

    def __init__(self, journal: Journal, *, rows_max: int = _ROWS_MAX) -> None:
        self._journal = journal
        self._rows_max = rows_max

    def step(self) -> int:
        """Fold in the next rows and return how many there were; 0 when all are in.

        Raises:
            StoreFull: no space; nothing was written, a later step begins at the same row.
            StoreError: nothing was written.
        """
        batch = self._next_batch()
        if not batch.row_count:
            return 0
        self._journal.reserve.require()
        minutes = {n: self._minutes(n, polled) for n, polled in batch.by_layout.items()}
        with self._journal.file.write() as db:
            if cursor(db, ROLLUP) != batch.after_row:
                return 0  # somebody else has folded these rows meanwhile
            for number, lines in minutes.items():
                _merge(db, MINUTE, lines, layout=number)
                _merge(db, HOUR, fold(lines, period_s=HOUR.period_s), layout=number)
            move_cursor(db, ROLLUP, to_row=batch.last_row)
        return batch.row_count

    def _next_batch(self) -> _Batch:
        with self._journal.file.read() as db:
            after_row = cursor(db, ROLLUP)
            batch, bytes_left = _Batch(after_row, after_row), _BYTES_MAX
            with closing(db.execute(_NEXT_ROWS, (after_row, self._rows_max))) as rows:
                for row, asset, at_ms, layout, value in rows:
                    batch.last_row = row
                    batch.row_count += 1
                    if value:
                        batch.by_layout[layout].append(_Poll(asset, at_ms, value))
                        bytes_left -= len(value)
                    if bytes_left <= 0:
                        break
        return batch

    def _minutes(self, layout: int, polled: list[_Poll]) -> Summaries:
        width = len(self._journal.names.layout(layout))
        if any(len(poll.value) != width * FLOAT32.itemsize for poll in polled):
            raise StoreDamaged(f"a row does not fit layout {layout}")
        values = np.frombuffer(b"".join(poll.value for poll in polled), FLOAT32)
        single = polls(
            np.array([poll.asset for poll in polled], np.int64),
            np.array([poll.at_ms for poll in polled], np.int64),
            values.astype(np.float64).reshape(-1, width),
        )
        return fold(single, period_s=MINUTE.period_s)


def _merge(
    db: sqlite3.Connection, resolution: Resolution, lines: Summaries, *, layout: int
) -> None:
    stored = summary_rows.load(db, resolution, layout=layout, like=lines)
    merged = fold(together(stored, lines), period_s=resolution.period_s)
    summary_rows.save(db, resolution, merged, layout=layout)
