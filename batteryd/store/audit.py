"""The audit chain: who did what and when, each entry sealed with the hash of the one before.

    hash = SHA-256( JSON array [prev_hash, seq, at, actor, action, subject, detail] )

in canonical JSON, UTF-8, hexadecimal. `detail` goes in as the text that is stored, not as the value
that it means, so a verifier needs no rule for writing numbers. The first entry has number 1 and 64
zeros before it. Changing, removing, inserting or reordering entries breaks the chain at the first
one touched. Removing the newest ones, or writing a whole new chain, is for signatures to show (see
`checkpoint`). docs/ledger.md has a verifier that shares no code with this one.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from batteryd.store.canonical import canonical_json, from_json

GENESIS_HASH = "0" * 64
COLUMNS = "seq, at, actor, action, subject, detail, prev_hash, hash"


class AuditEntry(NamedTuple):
    """One entry as it is stored, in the order of COLUMNS."""

    seq: int
    at: str  # UTC, ISO 8601 with microseconds
    actor: str
    action: str
    subject: str
    detail_json: str
    prev_hash: str
    hash: str

    @property
    def detail(self) -> Mapping[str, Any]:
        """Return what `detail_json` says.

        Raises:
            ValueError: it is no JSON object; batteryd did not write it.
        """
        found = from_json(self.detail_json)
        if not isinstance(found, dict):
            raise ValueError("not an object")  # noqa: TRY004  what is wrong is a text
        return found

    def sealed(self) -> "AuditEntry":
        """Return it with the hash that it must have."""
        return self._replace(hash=self.expected_hash())

    def expected_hash(self) -> str:
        """Return the hash that this entry must have."""
        fields = (self.prev_hash, self.seq, self.at, self.actor, self.action, self.subject)
        text = canonical_json([*fields, self.detail_json])
        # A file that somebody spoilt may hold bytes that are no text (see `verify_file`).
        return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


@dataclass(frozen=True, slots=True)
class BrokenEntry:
    """A place where the ledger is not as it was written."""

    seq: int  # of the audit entry that it is about; 0 for a row of which none speaks
    reason: str
    table: str = "audit"  # or where else the difference is
    row: str = ""  # which row of that table

    def __str__(self) -> str:
        entry = f"entry {self.seq}" if self.seq else ""
        row = f"{self.table} {self.row}".rstrip() if self.table != "audit" else ""
        return f"{', '.join(filter(None, (entry, row)))}: {self.reason}"


class Links:
    """Follows the chain: every entry carries the hash of the one before, and its own."""

    def __init__(self, start: AuditEntry | None = None) -> None:
        """Begin after an entry, or at the beginning of the chain."""
        self.last_seq = start.seq if start else 0
        self.last_hash = start.hash if start else GENESIS_HASH

    def entry(self, entry: AuditEntry) -> BrokenEntry | None:
        """Return why the next entry does not hold; None where it does."""
        seq = self.last_seq + 1
        if entry.seq != seq:
            return BrokenEntry(seq, f"it is missing; the next one is entry {entry.seq}")
        if entry.prev_hash != self.last_hash:
            return BrokenEntry(seq, "its prev_hash is not the hash of the entry before")
        if entry.hash != entry.expected_hash():
            return BrokenEntry(seq, "its hash does not fit what it says")
        self.last_seq, self.last_hash = seq, entry.hash
        return None


class Chain:
    """The end of the chain in one write transaction: while it is open, nobody else adds entries.

    The newest entry is read once, not before every entry: a register comes in 100,000 at a time.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._newest: AuditEntry | None = None

    def append(
        self, *, now_s: float, actor: str, action: str, subject: str, detail: Mapping[str, object]
    ) -> AuditEntry:
        """Add an entry and return it."""
        last = self._newest or newest(self._db)
        entry = AuditEntry(
            seq=last.seq + 1 if last else 1,
            at=instant_text(now_s),
            actor=actor,
            action=action,
            subject=subject,
            detail_json=canonical_json(detail),
            prev_hash=last.hash if last else GENESIS_HASH,
            hash="",
        ).sealed()
        self._db.execute(f"INSERT INTO audit ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", entry)
        self._newest = entry
        return entry


def newest(db: sqlite3.Connection) -> AuditEntry | None:
    """Return the last entry; None before the first."""
    found = db.execute(f"SELECT {COLUMNS} FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return None if found is None else AuditEntry(*found)


def instant_text(at_s: float) -> str:
    """Return an instant as entries write it. Of two such texts the later instant is the greater."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def entries(db: sqlite3.Connection, *, after_seq: int = 0, limit: int = -1) -> Iterator[AuditEntry]:
    """Read entries in order; a negative limit means all."""
    rows = db.execute(
        f"SELECT {COLUMNS} FROM audit WHERE seq > ? ORDER BY seq LIMIT ?",
        (after_seq, limit),
    )
    return (AuditEntry(*row) for row in rows)
