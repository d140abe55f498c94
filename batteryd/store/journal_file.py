"""The journal's SQLite file: how it is opened, and what happens to one that is damaged.

`synchronous=FULL` (see `sqlite_file`) holds for the journal too. kill -9 loses nothing with NORMAL
either, but the seconds before a power failure are those that somebody will ask for, and with group
commit the sync costs little: 200 rows of 272 values took 2.4 ms instead of 2.3, and 20 rows of 15
values 0.46 ms instead of 0.29 (measured on a virtual disk).
"""

import sqlite3
from pathlib import Path

from batteryd.store import journal_schema, sqlite_file
from batteryd.store.sqlite_file import SqliteFile

_WAL_BYTES_KEPT = 64 * 2**20


def open_journal_file(path: Path) -> SqliteFile:
    """Open or create the journal's file.

    Raises:
        StoreDamaged: it is no database, a malformed one, or not a journal.
        StoreError: it cannot be opened, or a newer version wrote it.
    """
    return SqliteFile(path, prepare=_prepare)


def open_or_set_aside(path: Path, *, now_s: float) -> SqliteFile:
    """Open the journal's file; one that is damaged is renamed, never deleted, and a new one begun.

    A battery that nobody watches is worse than a history with a hole, so damage does not keep the
    daemon from starting.

    Raises:
        StoreError: the file cannot be opened for another reason, which an operator must mend.
    """
    return sqlite_file.open_or_set_aside(path, open_journal_file, now_s=now_s)


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    db.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES_KEPT}").fetchall()
    journal_schema.prepare(db, path)
    # Checking every page of a large file takes minutes. These touch its head, its end and its
    # tree: a file that was cut off or overwritten shows itself here, not in the first poll.
    db.execute("SELECT max(row) FROM snapshot").fetchone()
    db.execute("SELECT * FROM snapshot ORDER BY row DESC LIMIT 100").fetchall()
    db.execute("SELECT * FROM cursor").fetchall()
