"""Retention: what the journal forgets, and in which order.

By age, each resolution forgets what is older than its limit. Age is the time of a row, so a clock
that jumped makes nobody lose a day. A row that a follower (roll-ups, InfluxDB) has not read yet is
never too old.

By size, victims fall in this order until the file is small enough:
  1. the oldest polls that every follower has read, but for those of the last day
  2. the oldest minutes
  3. the oldest polls, read or not; those unread are lost to a follower: counted, and said loudly
Hours are a hundredth of the rest and fall by age alone.

Space is given back bit by bit. Every step is one short transaction, so the poller's batches are
held up by one step at most where whoever takes the steps lets the poller in between.
"""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from batteryd.store.cursors import ROLLUP, cursor
from batteryd.store.journal import Journal
from batteryd.store.limits import JournalLimits
from batteryd.store.resolution import HOUR, MINUTE, RAW, Resolution

_log = logging.getLogger(__name__)

_ROWS_MAX = 2_000  # deleted in one step
_PAGES_MAX = 1_024  # given back to the disk in one step
_SLACK = 20  # one page in so many stays free inside the file, for the next polls
_DAY_S = 86_400.0
_EVERY_ROW = 2**63 - 1


class Removed(NamedTuple):
    """What was forgotten: rows of each resolution, and pages given back to the disk."""

    raw: int = 0
    minute: int = 0
    hour: int = 0
    unread: int = 0  # of the raw rows: those that a follower had not read
    pages: int = 0


NOTHING = Removed()


class _Victims(NamedTuple):
    resolution: Resolution
    rows: list[int]


class Retention:
    """Holds one journal to its limits. `followers` are the names of cursors that are waited for."""

    def __init__(
        self, journal: Journal, limits: JournalLimits, *, followers: Sequence[str] = (ROLLUP,)
    ) -> None:
        self._journal = journal
        self._limits = limits
        self._followers = tuple(followers)
        self.unread_removed = 0  # since the start
        self._unread_told = 0  # of them

    def step(self, now_s: float) -> Removed:
        """Forget a bounded number of rows, or give back some pages; NOTHING when all is well.

        Raises:
            StoreError: nothing was forgotten.
        """
        with self._journal.file.read() as db:
            read_row = min((cursor(db, name) for name in self._followers), default=_EVERY_ROW)
            victims = next(self._victims(db, now_s, read_row), None)
        if victims is None:
            self._tell_of_unread()
            return Removed(pages=self._give_back())
        self._delete(victims)
        removed = {victims.resolution.name: len(victims.rows)}
        unread = sum(row > read_row for row in victims.rows) if victims.resolution is RAW else 0
        self.unread_removed += unread
        return Removed(**removed, unread=unread)

    def _tell_of_unread(self) -> None:
        """Say what followers have lost, once nothing is left to forget."""
        lost = self.unread_removed - self._unread_told
        if lost:
            _log.error(
                "journal over its size limit, polls lost to followers rows=%d size_bytes_max=%d",
                lost,
                self._limits.size_bytes_max,
            )
        self._unread_told = self.unread_removed

    def _victims(self, db: sqlite3.Connection, now_s: float, read_row: int) -> Iterator[_Victims]:
        limits = self._limits
        yield from self._older(db, RAW, now_s - limits.raw_days * _DAY_S, read_row)
        yield from self._older(db, MINUTE, now_s - limits.minute_days * _DAY_S, _EVERY_ROW)
        yield from self._older(db, HOUR, now_s - limits.hour_days * _DAY_S, _EVERY_ROW)
        if _used_bytes(db) > limits.size_bytes_max:
            yield from _oldest(db, RAW, before_s=now_s - _DAY_S, last_row=read_row)
            yield from _oldest(db, MINUTE, before_s=now_s - _DAY_S)
            yield from _oldest(db, RAW)

    def _older(
        self, db: sqlite3.Connection, resolution: Resolution, before_s: float, last_row: int
    ) -> Iterator[_Victims]:
        rows: list[int] = []
        for asset in self._journal.names.assets:
            if len(rows) == _ROWS_MAX:
                break
            # The plus keeps SQLite from walking all rows up to the last instead of the index.
            rows += _first_column(
                db,
                f"SELECT rowid FROM {resolution.table}"
                f" WHERE asset = ? AND {resolution.time} < ? AND +rowid <= ? LIMIT ?",
                (asset, resolution.ticks(before_s), last_row, _ROWS_MAX - len(rows)),
            )
        if rows:
            yield _Victims(resolution, rows)

    def _delete(self, victims: _Victims) -> None:
        with self._journal.file.write() as db:
            db.executemany(
                f"DELETE FROM {victims.resolution.table} WHERE rowid = ?",
                ((row,) for row in victims.rows),
            )

    def _give_back(self) -> int:
        with self._journal.file.read() as db:
            pages, free = db.execute(
                "SELECT page_count, freelist_count FROM pragma_page_count, pragma_freelist_count"
            ).fetchone()
        slack = 0 if self._journal.reserve.is_touched else pages // _SLACK
        count = min(free - slack, _PAGES_MAX)
        if count <= 0:
            return 0
        with self._journal.file.write() as db:
            for _ in range(count):  # Python runs one step of a pragma: one page
                db.execute("PRAGMA incremental_vacuum(1)")
        return int(count)


def _oldest(
    db: sqlite3.Connection,
    resolution: Resolution,
    *,
    before_s: float | None = None,
    last_row: int = _EVERY_ROW,
) -> Iterator[_Victims]:
    """Yield the rows written first, as far as they are older than `before_s`."""
    before = _EVERY_ROW if before_s is None else resolution.ticks(before_s)
    rows = _first_column(
        db,
        f"SELECT rowid FROM (SELECT rowid, {resolution.time} AS time FROM {resolution.table}"
        " WHERE rowid <= ? ORDER BY rowid LIMIT ?) WHERE time < ?",
        (last_row, _ROWS_MAX, before),
    )
    if rows:
        yield _Victims(resolution, rows)


def _first_column(db: sqlite3.Connection, sql: str, values: Sequence[int]) -> list[int]:
    return [row for (row,) in db.execute(sql, values)]


def _used_bytes(db: sqlite3.Connection) -> int:
    sql = (
        "SELECT (page_count - freelist_count) * page_size"
        " FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
    )
    return int(db.execute(sql).fetchone()[0])
