"""The ledger's tables, written so that the file itself refuses what must not happen.

- An event *is* an audit entry about an alarm: its number is the entry's number, a foreign key, and
  what it says is read from there. An event without an audit entry cannot be inserted, and there is
  no second copy that could say something else.
- A notification belongs to an event, and there is one a channel.
- An alarm key has one row, which says where the alarm stands now.
- Audit entries, events and checkpoints are only ever added.

`PRAGMA user_version` counts the steps of `_STEPS` that a file has been through. A step is never
changed once released; the schema grows by appending one. A file with more steps than this version
knows is refused, not guessed at.
"""

import sqlite3
from pathlib import Path

from batteryd.errors import StoreDamaged, StoreError

APPLICATION_ID = 0x62746C67  # "btlg"


def _only_ever_added(table: str) -> tuple[str, ...]:
    return tuple(
        f"""
        CREATE TRIGGER {table}_is_not_{past} BEFORE {verb} ON {table}
            BEGIN SELECT RAISE (ABORT, '{table} entries are only ever added'); END"""
        for verb, past in (("UPDATE", "changed"), ("DELETE", "deleted"))
    )


_FIRST = (
    """
    CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """
    CREATE TABLE audit (
        seq INTEGER PRIMARY KEY CHECK (seq >= 1),
        at TEXT NOT NULL,         -- 2025-09-26T11:16:44.000000Z
        actor TEXT NOT NULL,
        action TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail TEXT NOT NULL,     -- canonical JSON
        prev_hash TEXT NOT NULL UNIQUE,
        hash TEXT NOT NULL UNIQUE
    ) STRICT""",
    """
    CREATE TABLE alarm (
        site_id TEXT NOT NULL,
        asset_id TEXT NOT NULL,
        component TEXT NOT NULL,
        rule TEXT NOT NULL,
        condition TEXT NOT NULL,
        suppression TEXT NOT NULL,
        priority INTEGER NOT NULL,
        scope TEXT NOT NULL,
        raised_at_s REAL NOT NULL,
        changed_at_s REAL NOT NULL,
        quantity TEXT NOT NULL,
        value REAL,
        setpoint REAL,
        why TEXT NOT NULL,
        action TEXT NOT NULL,
        evidence TEXT NOT NULL,   -- canonical JSON
        returned_at_s REAL,
        acknowledged_by TEXT,
        acknowledged_at_s REAL,
        suppressed_until_s REAL,
        PRIMARY KEY (site_id, asset_id, component, rule)
    ) STRICT, WITHOUT ROWID""",
    """
    CREATE INDEX alarm_open ON alarm (changed_at_s)
        WHERE condition <> 'normal' OR suppression <> 'none'""",
    """
    CREATE TABLE event (
        event_id INTEGER PRIMARY KEY REFERENCES audit (seq),
        site_id TEXT NOT NULL,
        asset_id TEXT NOT NULL,
        component TEXT NOT NULL,
        rule TEXT NOT NULL,
        at_s REAL NOT NULL,       -- when it happened; the audit entry says when it was recorded
        FOREIGN KEY (site_id, asset_id, component, rule) REFERENCES alarm
    ) STRICT""",
    "CREATE INDEX event_by_key ON event (site_id, asset_id, component, rule)",
    "CREATE INDEX event_by_time ON event (at_s)",
    """
    CREATE TABLE notification (
        notification_id INTEGER PRIMARY KEY,
        event_id INTEGER NOT NULL REFERENCES event,
        channel TEXT NOT NULL,
        dedup_key TEXT NOT NULL,
        body TEXT NOT NULL,       -- canonical JSON
        state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'given_up')),
        attempts INTEGER NOT NULL,
        created_at_s REAL NOT NULL,
        due_at_s REAL NOT NULL,
        error TEXT,
        finished_at_s REAL,
        UNIQUE (event_id, channel)
    ) STRICT""",
    # Only what is still to be told: the index stays small however long the history grows.
    """
    CREATE INDEX notification_open ON notification (channel, dedup_key, notification_id)
        WHERE state IN ('pending', 'sending')""",
    *_only_ever_added("audit"),
    *_only_ever_added("event"),
)

_RECORDS_AND_CHECKPOINTS = (
    # A record's revisions are the audit entries with its subject, in their order.
    "CREATE INDEX audit_by_subject ON audit (subject, seq)",
    """
    CREATE TABLE checkpoint (
        seq INTEGER PRIMARY KEY REFERENCES audit (seq),
        hash TEXT NOT NULL,
        at TEXT NOT NULL,
        key_id TEXT NOT NULL,
        signature TEXT NOT NULL   -- Ed25519, hexadecimal
    ) STRICT""",
    *_only_ever_added("checkpoint"),
)

_STEPS = (_FIRST, _RECORDS_AND_CHECKPOINTS)


def prepare(db: sqlite3.Connection, path: Path) -> None:
    """Create the tables of a new file, bring an older one up to date, refuse any other.

    The daemon and the command line may open a new file at the same moment: the version is read
    inside the transaction that changes it, so one of them creates and the other finds.

    Raises:
        StoreDamaged: the file is a database of something else.
        StoreError: the file was written by a newer version.
    """
    if _version(db, path) == len(_STEPS):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        for step in _STEPS[_version(db, path) :]:
            for statement in step:
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {len(_STEPS)}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _version(db: sqlite3.Connection, path: Path) -> int:
    version = _pragma(db, "user_version")
    if version > len(_STEPS):
        raise StoreError(f"{path} was written by a newer batteryd (ledger schema {version})")
    is_ours = (
        _pragma(db, "application_id") == APPLICATION_ID
        if version
        else db.execute("SELECT 1 FROM sqlite_master").fetchone() is None
    )
    if not is_ours:
        raise StoreDamaged(f"{path} is a database, but not a ledger")
    return version


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])
