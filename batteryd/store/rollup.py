"""Roll-ups: the journal's minutes and hours, kept up to date row by row.

A step takes the next piece of the rows that are not in yet (see `rollup_round`), folds it into
lines (see `fold`), folds in the lines that are stored already, and writes lines and place in one
transaction. A kill at any moment therefore neither loses a poll nor counts one twice, and a late
poll lands in its old minute.

A step takes some 30 ms of a core, so that whoever takes them one by one can do something more
urgent in between. The arithmetic of minutes is done before the transaction.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from batteryd.errors import StoreDamaged
from batteryd.store import summary_rows
from batteryd.store.fold import Summaries, fold, polls, together
from batteryd.store.journal import Journal
from batteryd.store.packing import FLOAT32
from batteryd.store.resolution import HOUR, MINUTE, Resolution
from batteryd.store.rollup_round import Place, Round, WaitingPoll
from batteryd.store.wanted import rows_of

_ROWS_MAX = 1_000  # of one step


class _Poll(NamedTuple):
    asset: int
    at_ms: int
    value: bytes


class Rollup:
    """Keeps the minute and hour tables of a journal."""

    def __init__(self, journal: Journal, *, rows_max: int = _ROWS_MAX) -> None:
        self._journal = journal
        self._rows_max = rows_max
        self._round: Round | None = None  # of the last step

    def step(self) -> int:
        """Fold in the next rows and return how many there were; 0 when all are in.

        Raises:
            StoreFull: no space; nothing was written, a later step begins at the same row.
            StoreError: nothing was written.
        """
        with self._journal.file.read() as db:
            here = self._at(Place.read(db), db)
            piece = here.piece(rows_max=self._rows_max)
            by_layout = _values(db, piece)
        if not piece:
            return 0
        self._journal.reserve.require()
        minutes = {n: self._minutes(n, polled) for n, polled in by_layout.items()}
        after = here.without(piece)
        with self._journal.file.write() as db:
            if Place.read(db) != here.place:
                return 0  # somebody else has folded these rows meanwhile
            for number, lines in minutes.items():
                _merge(db, MINUTE, lines, layout=number)
                _merge(db, HOUR, fold(lines, period_s=HOUR.period_s), layout=number)
            after.place.write(db)
        self._round = after
        return len(piece)

    def _at(self, place: Place, db: sqlite3.Connection) -> Round:
        """Return the round at a place: what the last step has left, or a new one."""
        left = self._round
        if left is None or not left.waiting or left.place != place:
            return Round.at(place, db)
        return left

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


def _values(db: sqlite3.Connection, piece: Iterable[WaitingPoll]) -> dict[int, list[_Poll]]:
    """Return the polls by layout; failed ones have nothing to fold."""
    found: dict[int, list[_Poll]] = defaultdict(list)
    for layout, *poll in rows_of(
        db,
        ("row",),
        [(poll.row,) for poll in piece],
        "SELECT layout, asset, at_ms, value FROM wanted"
        " CROSS JOIN snapshot USING (row) WHERE value IS NOT NULL",
    ):
        found[layout].append(_Poll(*poll))
    return found


def _merge(
    db: sqlite3.Connection, resolution: Resolution, lines: Summaries, *, layout: int
) -> None:
    stored = summary_rows.load(db, resolution, layout=layout, like=lines)
    merged = fold(together(stored, lines), period_s=resolution.period_s)
    summary_rows.save(db, resolution, merged, layout=layout)
