"""The journal: every poll of every asset, in the order in which they were acknowledged.

`append` is one transaction; when it returns, the samples are on the disk, and whatever is killed
afterwards finds them again. Rows are numbered in that order. A follower (roll-ups, InfluxDB) asks
for the rows after the last one it finished, so it needs no clock: rows stay in their order also
when the wall clock jumps back. People ask by time, and get rows by their time.

Ranges are half-open: `from_s <= observed < to_s`. Reading goes page by page, so that no reader
holds a transaction open for long.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from batteryd.domain.snapshot import Column, Qualities, Snapshot, Values
from batteryd.store.cursors import cursor, move_cursor
from batteryd.store.disk import DiskReserve
from batteryd.store.names import Names
from batteryd.store.packing import FLOAT32, PackedRow, pack, to_ms, unpack
from batteryd.store.sqlite_file import SqliteFile

_PAGE_ROWS = 500
_COLUMNS = "row, asset, at_ms, layout, value, quality, failure, duration_ms"
_APPEND = (
    "INSERT INTO snapshot (asset, at_ms, layout, value, quality, failure, duration_ms)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
# Only four bytes of each row leave SQLite; a position in a blob counts from 1.
_SERIES = (
    "SELECT at_ms, substr(value, ?, 4), coalesce(substr(quality, ?, 1), x'00') FROM snapshot"
    " WHERE asset = ? AND layout = ? AND at_ms >= ? AND at_ms < ? AND value IS NOT NULL"
)


class JournalRow(NamedTuple):
    """A snapshot with its place in the journal."""

    row: int
    snapshot: Snapshot


class Series(NamedTuple):
    """One column over time; a value is NaN where its quality is bad."""

    at_s: npt.NDArray[np.float64]
    value: Values
    quality: Qualities


EMPTY_SERIES = Series(np.empty(0), np.empty(0), np.empty(0, np.uint8))


class Journal:
    """The time series of all assets in one file. One thread appends, any thread reads."""

    def __init__(self, file: SqliteFile, *, reserve: DiskReserve) -> None:
        self.file = file
        self.reserve = reserve
        self.names = Names(file)

    def append(self, snapshots: Sequence[Snapshot]) -> int:
        """Store a batch in one transaction and return the number of its last row.

        Returning is the acknowledgement. An empty batch returns the last row there is.

        Raises:
            StoreFull: no space; nothing of the batch is stored, and the next batch may be.
            StoreError: nothing of the batch is stored.
        """
        if not snapshots:
            return self.last_row()
        self.reserve.require()
        names = self.names
        names.register(snapshots)
        rows = [
            pack(s, asset=names.asset_number(s.asset_id), layout=names.layout_number(s.layout))
            for s in snapshots
        ]
        with self.file.write() as db:
            db.executemany(_APPEND, rows)
            last = int(db.execute("SELECT last_insert_rowid()").fetchone()[0])
            # The writer is alone in its transaction, so the batch's numbers follow each other.
            first = last - len(rows) + 1
            newest = {packed.asset: row for row, packed in enumerate(rows, start=first)}
            db.executemany(
                "UPDATE asset SET last_row = ? WHERE asset = ?",
                ((row, asset) for asset, row in newest.items()),
            )
        return last

    def last_row(self) -> int:
        """Return the number of the newest row; 0 in an empty journal."""
        with self.file.read() as db:
            return int(db.execute("SELECT coalesce(max(row), 0) FROM snapshot").fetchone()[0])

    def read(self, asset_id: str, from_s: float, to_s: float) -> Iterator[Snapshot]:
        """Yield an asset's snapshots of a range, by time; nothing for an asset never seen."""
        asset = self.names.asset(asset_id)
        if asset is None:
            return
        end_ms, after_ms, after_row = to_ms(to_s), to_ms(from_s), 0
        while True:
            with self.file.read() as db:
                page = db.execute(
                    f"SELECT {_COLUMNS} FROM snapshot WHERE asset = ? AND at_ms < ?"
                    " AND (at_ms, row) > (?, ?) ORDER BY at_ms, row LIMIT ?",
                    (asset, end_ms, after_ms, after_row, _PAGE_ROWS),
                ).fetchall()
            if not page:
                return
            yield from (self._unpacked(found).snapshot for found in page)
            after_row, after_ms = page[-1][0], page[-1][2]

    def latest(self) -> dict[str, Snapshot]:
        """Return the last snapshot of each asset, by the order of rows, not by the clock."""
        with self.file.read() as db:
            found = db.execute(
                f"SELECT {_COLUMNS} FROM snapshot WHERE row IN (SELECT last_row FROM asset)"
            ).fetchall()
        return {x.snapshot.asset_id: x.snapshot for x in map(self._unpacked, found)}

    def rows_after(self, row: int, limit: int) -> list[JournalRow]:
        """Return at most `limit` rows in their order, beginning after `row`."""
        with self.file.read() as db:
            found = db.execute(
                f"SELECT {_COLUMNS} FROM snapshot WHERE row > ? ORDER BY row LIMIT ?", (row, limit)
            ).fetchall()
        return [self._unpacked(x) for x in found]

    def series(self, asset_id: str, column: Column, from_s: float, to_s: float) -> Series:
        """Return one column of a range, by time. Failed polls have no values and leave a gap."""
        with self.file.read() as db:
            return self.series_in(db, asset_id, column, from_s, to_s)

    def series_in(
        self, db: sqlite3.Connection, asset_id: str, column: Column, from_s: float, to_s: float
    ) -> Series:
        """Return the same, as a connection sees the journal."""
        asset = self.names.asset(asset_id)
        if asset is None:
            return EMPTY_SERIES
        found: list[tuple[int, bytes, bytes]] = []
        for number, layout in self.names.layouts:
            if (index := layout.index.get(column)) is not None:
                where = (asset, number, to_ms(from_s), to_ms(to_s))
                found += db.execute(_SERIES, (4 * index + 1, index + 1, *where))
        found.sort(key=itemgetter(0))
        return Series(
            at_s=np.array([at_ms for at_ms, _, _ in found], np.float64) / 1000,
            value=np.frombuffer(b"".join(v for _, v, _ in found), FLOAT32).astype(np.float64),
            quality=np.frombuffer(b"".join(q for _, _, q in found), np.uint8),
        )

    def cursor(self, name: str) -> int:
        """Return the last row that a follower has finished; 0 where it has not begun."""
        with self.file.read() as db:
            return cursor(db, name)

    def move_cursor(self, name: str, *, to_row: int) -> None:
        """Note durably that a follower has finished `to_row`."""
        with self.file.write() as db:
            move_cursor(db, name, to_row=to_row)

    def _unpacked(self, found: tuple[Any, ...]) -> JournalRow:
        packed = PackedRow._make(found[1:])
        asset_id, layout = self.names.asset_id(packed.asset), self.names.layout(packed.layout)
        return JournalRow(found[0], unpack(packed, asset_id=asset_id, layout=layout))
