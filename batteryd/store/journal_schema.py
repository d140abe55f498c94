"""The journal's tables, and how an older file is brought up to date.

`PRAGMA user_version` counts the steps of `_STEPS` that a file has been through. A step is never
changed once released; the schema grows by appending one. A file with more steps than this version
knows was written by a newer batteryd and is refused, not guessed at.

Row numbers come from AUTOINCREMENT: they only grow and are never used again, also not after the
newest row was deleted, because followers remember how far they are as a row number.
"""

import sqlite3
from pathlib import Path

from batteryd.errors import StoreDamaged, StoreError

APPLICATION_ID = 0x62617474  # "batt"

_FIRST = """
CREATE TABLE asset (
    asset INTEGER PRIMARY KEY,
    asset_id TEXT NOT NULL UNIQUE,
    last_row INTEGER NOT NULL DEFAULT 0  -- the newest snapshot, so that `latest` needs no search
);
CREATE TABLE layout (
    layout INTEGER PRIMARY KEY,
    layout_id TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL
);
CREATE TABLE snapshot (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    asset INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    layout INTEGER NOT NULL,
    value BLOB,      -- little-endian float32 a column; NULL for a failed poll
    quality BLOB,    -- one byte a column; NULL where all are good
    failure TEXT,    -- NULL for a poll that was answered
    duration_ms INTEGER NOT NULL
);
CREATE INDEX snapshot_by_time ON snapshot (asset, at_ms);
CREATE TABLE cursor (
    name TEXT PRIMARY KEY,
    row INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE quarantine (
    entry INTEGER PRIMARY KEY AUTOINCREMENT,
    line TEXT NOT NULL UNIQUE,
    answer TEXT NOT NULL,
    at_s REAL NOT NULL
);
"""

_ROLLUP = """
CREATE TABLE rollup_{period} (
    asset INTEGER NOT NULL,
    start_s INTEGER NOT NULL,
    layout INTEGER NOT NULL,
    poll_count INTEGER NOT NULL,
    minimum BLOB NOT NULL,  -- float32 a column, as in snapshot; NaN where the count is 0
    mean BLOB NOT NULL,
    maximum BLOB NOT NULL,
    count BLOB,             -- uint32 a column; NULL where every column counts poll_count values
    PRIMARY KEY (asset, start_s, layout)
);
"""

_STEPS = (_FIRST + _ROLLUP.format(period="minute") + _ROLLUP.format(period="hour"),)


def prepare(db: sqlite3.Connection, path: Path) -> None:
    """Create the tables of a new file, bring an older one up to date, refuse any other.

    Raises:
        StoreDamaged: the file is a database of something else.
        StoreError: the file was written by a newer version.
    """
    version = _pragma(db, "user_version")
    if version > len(_STEPS):
        raise StoreError(f"{path} was written by a newer batteryd (schema {version})")
    if version == 0 and db.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
        raise StoreDamaged(f"{path} is a database, but not a journal")
    if version > 0 and _pragma(db, "application_id") != APPLICATION_ID:
        raise StoreDamaged(f"{path} is a database, but not a journal")
    if version == 0:
        # So that retention can give space back bit by bit; it must be set before the first table.
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("VACUUM")
    for number, step in enumerate(_STEPS[version:], start=version + 1):
        db.executescript(
            f"BEGIN IMMEDIATE; {step} PRAGMA application_id = {APPLICATION_ID};"
            f" PRAGMA user_version = {number}; COMMIT;"
        )


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])
