"""The journal's SQLite file: one writer, many readers, and what its errors mean.

There is one writing connection, behind a lock: the poller's batches, roll-ups, retention and
followers take turns, each with a short transaction. Readers borrow read-only connections and, WAL
being WAL, never wait for the writer nor make it wait.

`synchronous=FULL`: a commit is on the disk before it is acknowledged. kill -9 loses nothing with
NORMAL either, but the seconds before a power failure are those that somebody will ask for, and with
group commit the sync costs little: 200 rows of 272 values took 2.4 ms instead of 2.3, 20 rows of
15 values 0.46 ms instead of 0.29 (measured with tests/bench/journal.py on a virtual disk).
"""

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from batteryd.errors import StoreDamaged, StoreError, StoreFull
from batteryd.store import journal_schema

_log = logging.getLogger(__name__)

_IDLE_READERS_MAX = 8
_WAL_BYTES_KEPT = 64 * 2**20
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def disk_free_bytes(folder: Path) -> int:
    """Return what an ordinary user may still write on the disk that `folder` is on."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


class JournalFile:
    """An open journal file."""

    def __init__(
        self,
        path: Path,
        *,
        reserve_bytes: int = 0,
        free_bytes: Callable[[Path], int] = disk_free_bytes,
    ) -> None:
        """Open or create the file.

        Raises:
            StoreDamaged: it is no database, a malformed one, or not a journal.
            StoreError: it cannot be opened, or a newer version wrote it.
        """
        self.path = path
        self._reserve_bytes = reserve_bytes
        self._free_bytes = free_bytes
        self._turn = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        with _translated(path):
            self._writer = _connect(f"{path.absolute().as_uri()}?mode=rwc")
        try:
            with _translated(path):
                _prepare(self._writer, path)
        except StoreError:
            self._writer.close()
            raise

    @property
    def has_space(self) -> bool:
        """Whether the disk has more free than the reserve that is kept for the ledger."""
        return self._free_bytes(self.path.parent) > self._reserve_bytes

    def require_space(self) -> None:
        """Raise StoreFull while the reserve is touched; it ends by itself when space is back."""
        if not self.has_space:
            raise StoreFull(
                f"{self.path.parent} has less than the reserve of {self._reserve_bytes} bytes free"
            )

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Take a turn as the writer: everything in the block is committed, or nothing.

        Raises:
            StoreFull: no space; nothing was written.
            StoreError: anything else that SQLite says; nothing was written.
        """
        with self._turn, _translated(self.path):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                # After a full disk SQLite has rolled back already; asking again would be an error.
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Borrow a read-only connection. Fetch and leave: a long read keeps the WAL from ending.

        Raises:
            StoreError: what SQLite says.
        """
        with _translated(self.path):
            db = self._borrow()
            try:
                yield db
            finally:
                self._give_back(db)

    def shrink(self, *, pages_max: int) -> None:
        """Give free pages back to the disk."""
        with self._turn, _translated(self.path):
            self._writer.execute(f"PRAGMA incremental_vacuum({pages_max})").fetchall()

    def close(self) -> None:
        """Close every connection that is not borrowed. Closing twice is fine."""
        with self._turn:
            while self._idle:
                self._idle.pop().close()
            self._writer.close()

    def _borrow(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return _connect(f"{self.path.absolute().as_uri()}?mode=ro")

    def _give_back(self, db: sqlite3.Connection) -> None:
        if len(self._idle) < _IDLE_READERS_MAX:
            self._idle.append(db)
        else:
            db.close()


def open_or_set_aside(
    path: Path,
    *,
    now_s: float,
    reserve_bytes: int = 0,
    free_bytes: Callable[[Path], int] = disk_free_bytes,
) -> JournalFile:
    """Open the journal; one that is damaged is renamed, never deleted, and a new one begun.

    A battery that nobody watches is worse than a history with a hole, so damage does not keep the
    daemon from starting.

    Raises:
        StoreError: the file cannot be opened for another reason, which an operator must mend.
    """
    try:
        return JournalFile(path, reserve_bytes=reserve_bytes, free_bytes=free_bytes)
    except StoreDamaged as damage:
        kept = path.with_name(f"{path.name}.damaged-{now_s:.0f}")
        for end in ("-wal", "-shm", ""):
            part = path.with_name(path.name + end)
            if part.exists():
                part.rename(kept.with_name(kept.name + end))
        _log.error("journal damaged, set aside file=%s reason=%r", kept, str(damage))
        return JournalFile(path, reserve_bytes=reserve_bytes, free_bytes=free_bytes)


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(
        uri, uri=True, timeout=10.0, isolation_level=None, check_same_thread=False
    )


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # has an effect in a new file only
    db.execute("PRAGMA journal_mode = WAL").fetchall()
    db.execute("PRAGMA synchronous = FULL")
    db.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES_KEPT}").fetchall()
    journal_schema.prepare(db, path)
    # Checking every page of a large file takes minutes. These touch its head, its end and its
    # tree: a file that was cut off or overwritten shows itself here, not in the first poll.
    db.execute("SELECT max(row) FROM snapshot").fetchone()
    db.execute("SELECT * FROM snapshot ORDER BY row DESC LIMIT 100").fetchall()
    db.execute("SELECT * FROM cursor").fetchall()


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary code
        if code == sqlite3.SQLITE_FULL:
            raise StoreFull(f"{path}: {error}") from error
        if code in _DAMAGE:
            raise StoreDamaged(f"{path}: {error}") from error
        raise StoreError(f"{path}: {error}") from error
