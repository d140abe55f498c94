"""A SQLite file with one table of ours: how it is begun, known again, and set aside if damaged.

For what is neither evidence (the ledger) nor history (the journal): a file of its own each, whose
damage must not keep the daemon from starting.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

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

    def prepare(self, db: sqlite3.Connection, path: Path) -> None:
        """Begin the file, or know it again.

        Raises:
            StoreDamaged: it is none of ours, is malformed, or a newer version wrote it.
        """
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


class TableFile:
    """Such a file, open. A subclass names its schema and what is read and written."""

    SCHEMA: ClassVar[TableSchema]

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open or begin a file.

        Raises:
            StoreDamaged: it is none of ours, is malformed, or a newer version wrote it.
            StoreError: it cannot be opened.
        """
        return cls(SqliteFile(path, prepare=cls.SCHEMA.prepare))

    @classmethod
    def open_or_set_aside(cls, path: Path, *, now_s: float) -> Self:
        """Open or begin a file; one that cannot be used is renamed, and a new one begun.

        Raises:
            StoreError: it cannot be opened for another reason.
        """
        return open_or_set_aside(path, cls.open, now_s=now_s)

    def close(self) -> None:
        """Let go of the file. Closing twice is fine."""
        self._file.close()
