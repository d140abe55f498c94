"""One SQLite file in WAL mode: a writer that takes turns, readers that never wait, our errors.

Writers of this process queue at a lock, writers of other processes at SQLite's own: a transaction
begins IMMEDIATE, so what it reads cannot change before it writes, and waits at most
`BUSY_TIMEOUT_S` for another process. `synchronous=FULL`: what was committed is on the disk.
Readers borrow read-only connections; in WAL mode they see the last commit and block nobody.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from batteryd.errors import StoreDamaged, StoreError, StoreFull

_log = logging.getLogger(__name__)

Opened = TypeVar("Opened")

BUSY_TIMEOUT_S = 10.0

_IDLE_READERS_MAX = 8
# The shared-memory index of the WAL is a file too; that it cannot grow has a code of its own.
_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class SqliteFile:
    """An open file; `prepare` makes its tables, perhaps in two processes at the same moment."""

    def __init__(self, path: Path, *, prepare: Callable[[sqlite3.Connection, Path], None]) -> None:
        """Open or create the file.

        Raises:
            StoreDamaged: it is no database, or not the one that `prepare` expects.
            StoreError: it cannot be opened.
        """
        self.path = path
        self._turn = threading.RLock()  # a nested write is SQLite's error, not a deadlock
        self._idle: list[sqlite3.Connection] = []
        with _translated(path):
            self._writer = _connect(path, mode="rwc")
        try:
            with _translated(path):
                self._writer.execute("PRAGMA journal_mode = WAL").fetchall()
                self._writer.execute("PRAGMA synchronous = FULL")
                self._writer.execute("PRAGMA foreign_keys = ON")
                prepare(self._writer, path)
        except StoreError:
            self._writer.close()
            raise

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Take a turn as the writer: everything in the block is committed, or nothing.

        Raises:
            StoreFull: no space; nothing was written, and the next try may succeed.
            StoreError: anything else that SQLite says; nothing was written.
        """
        with self._turn, _translated(self.path):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                # After a full disk SQLite may have rolled back by itself.
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Borrow a read-only connection, in any thread.

        Raises:
            StoreError: what SQLite says.
        """
        with _translated(self.path):
            db = self._borrow()
            try:
                yield db
            finally:
                self._give_back(db)

    @contextmanager
    def moment(self) -> Iterator[sqlite3.Connection]:
        """Borrow a read-only connection: all that is read in the block is as of one moment.

        Keep it short: what is written meanwhile stays in the WAL until it is over.

        Raises:
            StoreError: what SQLite says.
        """
        with self.read() as db:
            db.execute("BEGIN")
            try:
                yield db
            finally:
                db.execute("ROLLBACK")

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
            return _connect(self.path, mode="ro")

    def _give_back(self, db: sqlite3.Connection) -> None:
        if len(self._idle) < _IDLE_READERS_MAX:
            self._idle.append(db)
        else:
            db.close()


@contextmanager
def read_only(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file as evidence: nothing is made, migrated or changed, and all of it is one moment.

    A byte that is no text reads as a lone surrogate, so that who looks at a spoilt row sees it.

    Raises:
        StoreError: what SQLite says.
    """
    with _translated(path), closing(_connect(path, mode="ro")) as db:
        db.text_factory = lambda text: text.decode(errors="surrogateescape")
        db.execute("BEGIN")
        yield db


def open_or_set_aside(path: Path, opening: Callable[[Path], Opened], *, now_s: float) -> Opened:
    """Open a file; one that is damaged is renamed, never deleted, and a new one begun.

    Raises:
        StoreError: it cannot be opened for another reason, which an operator must mend.
    """
    try:
        return opening(path)
    except StoreDamaged as damage:
        _set_aside(path, damage, now_s=now_s)
        return opening(path)


def _set_aside(path: Path, damage: StoreDamaged, *, now_s: float) -> None:
    """Rename a damaged file with all that belongs to it, so that a new one can be begun."""
    kept = path.with_name(f"{path.name}.damaged-{now_s:.0f}")
    for end in ("-wal", "-shm", ""):
        part = path.with_name(path.name + end)
        if part.exists():
            part.rename(kept.with_name(kept.name + end))
    _log.error("%s damaged, set aside file=%s reason=%r", path.stem, kept, str(damage))


def _connect(path: Path, *, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,  # transactions are ours, not the driver's
        check_same_thread=False,  # the lock and the pool see to it that no two threads share
    )


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0)
        if code in _FULL:
            raise StoreFull(f"{path}: {error}") from error
        if code & 0xFF in _DAMAGE:  # the low byte is the primary code
            raise StoreDamaged(f"{path}: {error}") from error
        raise StoreError(f"{path}: {error}") from error
