"""The order in which the roll-up takes rows: in rounds, and in a round battery by battery.

Polls lie in the order of time, each of another battery than the one before. Taken in that order,
nearly every poll would have a line of its minute and one of its hour read and written. So the rows
since the last round make a round, and a round is taken by battery: the polls of a minute fold into
one line before that line is touched. A step takes a piece of a round.

How far that has come is four numbers of table `cursor`, moved in the transaction that writes the
lines. A kill between two pieces therefore leaves a round that the next step goes on with:

    rollup         every row up to this one is folded in; retention waits for it
    rollup_round   the last row of the round; where it is not beyond `rollup`, no round is open
    rollup_asset   the last poll of the round that is folded in: its battery,
    rollup_row     and its row. Before it are the batteries of lower numbers.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple

from batteryd.store.cursors import (
    ROLLUP,
    ROLLUP_ASSET,
    ROLLUP_ROUND,
    ROLLUP_ROW,
    cursor,
    move_cursor,
)
from batteryd.store.resolution import MINUTE

ROUND_ROWS_MAX = 20_000  # they are found in some milliseconds, and held in memory without values
ROUND_BYTES_MAX = 8_000_000  # a minute of a thousand racks polled every ten seconds
PIECE_BYTES_MAX = 2_000_000
_BLOBS = 6  # minimum, mean and maximum, of a minute and of its hour

_EVERY_ROW = 2**63 - 1
_ROWS = (
    "SELECT asset, row, at_ms, coalesce(length(value), 0) FROM snapshot"
    " WHERE row > ? AND row <= ? ORDER BY row"
)


class WaitingPoll(NamedTuple):
    """A row of a round, without its values. In a round they are sorted as the fields are."""

    asset: int
    row: int
    at_ms: int
    byte_count: int  # 0 of a failed poll


class Place(NamedTuple):
    """How far the roll-up is, as the journal keeps it."""

    after_row: int
    to_row: int
    asset: int
    row: int

    @classmethod
    def read(cls, db: sqlite3.Connection) -> "Place":
        """Return where the roll-up is."""
        return cls(*(cursor(db, name) for name in (ROLLUP, ROLLUP_ROUND, ROLLUP_ASSET, ROLLUP_ROW)))

    @property
    def is_in_round(self) -> bool:
        """Whether a part of a round is folded in."""
        return self.to_row > self.after_row

    def write(self, db: sqlite3.Connection) -> None:
        """Keep it; call it in the transaction that writes the lines."""
        move_cursor(db, ROLLUP, to_row=self.after_row)
        move_cursor(db, ROLLUP_ROUND, to_row=self.to_row)
        move_cursor(db, ROLLUP_ASSET, to_row=self.asset)
        move_cursor(db, ROLLUP_ROW, to_row=self.row)


@dataclass(frozen=True, slots=True)
class Round:
    """What is left of a round at a place."""

    place: Place
    to_row: int
    waiting: tuple[WaitingPoll, ...]

    @classmethod
    def at(cls, place: Place, db: sqlite3.Connection) -> "Round":
        """Return the rest of the round that is open at a place, or else the next one."""
        if place.is_in_round:
            rows = map(WaitingPoll._make, db.execute(_ROWS, (place.after_row, place.to_row)))
            rest = sorted(poll for poll in rows if (poll.asset, poll.row) > place[2:])
            return cls(place, place.to_row, tuple(rest))
        found = tuple(_next_rows(db, place.after_row))
        return cls(place, found[-1].row if found else place.after_row, tuple(sorted(found)))

    def piece(self, *, rows_max: int) -> tuple[WaitingPoll, ...]:
        """Return what comes next, bounded by what has to be read and written for it.

        The first poll of a minute brings in its line and that of the hour; the others of the same
        minute fold into them for little.
        """
        byte_count, minute = 0, (-1, -1)
        for number, poll in enumerate(self.waiting[:rows_max], start=1):
            before, minute = minute, (poll.asset, poll.at_ms // 1000 // MINUTE.period_s)
            byte_count += poll.byte_count * (1 if minute == before else 1 + _BLOBS)
            if byte_count >= PIECE_BYTES_MAX:
                return self.waiting[:number]
        return self.waiting[:rows_max]

    def without(self, piece: tuple[WaitingPoll, ...]) -> "Round":
        """Return what is left once its next piece is folded in, and the place where that is."""
        waiting = self.waiting[len(piece) :]
        if waiting:
            place = Place(self.place.after_row, self.to_row, piece[-1].asset, piece[-1].row)
        else:
            place = Place(self.to_row, self.to_row, 0, 0)
        return Round(place, self.to_row, waiting)


def _next_rows(db: sqlite3.Connection, after_row: int) -> Iterator[WaitingPoll]:
    byte_count = row_count = 0
    with closing(db.execute(_ROWS, (after_row, _EVERY_ROW))) as rows:
        for poll in map(WaitingPoll._make, rows):
            yield poll
            row_count, byte_count = row_count + 1, byte_count + poll.byte_count
            if row_count == ROUND_ROWS_MAX or byte_count >= ROUND_BYTES_MAX:
                return
