"""A SQLite file with one table of ours: how it is begun, known again, and set aside if damaged.

For what is neither evidence (the ledger) nor history (the journal): a file of its own each, whose
damage must not keep the daemon from starting.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from batteryd.errors import StoreDamaged
from batteryd.store.sqlite_file import SqliteFile, open_or_set_aside


@dataclass(frozen=True, slots=True)
class TableSchema:
    """What stands in such a file."""

    holds: str  # in words
    table: str
    create: str  # the statement that makes the table
    application_id: int
    version: int

    def open(self, path: Path) -> SqliteFile:
        """Open or begin a file.

        Raises:
            StoreDamaged: it is none of ours, is malformed, or a newer version wrote it.
            StoreError: it cannot be opened.
        """
        return SqliteFile(path, prepare=self._prepare)

    def open_or_set_aside(self, path: Path, *, now_s: float) -> SqliteFile:
        """Open or begin a file; one that cannot be used is renamed, and a new one begun.

        Raises:
            StoreError: it cannot be opened for another reason.
        """
        return open_or_set_aside(path, self.open, now_s=now_s)

    def _prepare(self, db: sqlite3.Connection, path: Path) -> None:
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        if version > self.version:
            raise StoreDamaged(f"{path} was written by a newer batteryd (schema {version})")
        if version == 0:
            if db.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
                raise StoreDamaged(f"{path} is a database, but not of {self.holds}")
            db.executescript(
                f"BEGIN IMMEDIATE; {self.create}; PRAGMA application_id = {self.application_id};"
                f" PRAGMA user_version = {self.version}; COMMIT;"
            )
        db.execute(f"SELECT count(*) FROM {self.table}").fetchone()
