"""The audit chain: who did what and when, each entry sealed with the hash of the one before.

    hash = SHA-256( JSON array [prev_hash, seq, at, actor, action, subject, detail] )

in canonical JSON, UTF-8, hexadecimal. `detail` goes in as the text that is stored, not as the value
that it means, so a verifier needs no rule for writing numbers. The first entry has number 1 and 64
zeros before it. Changing, removing, inserting or reordering entries breaks the chain at the first
one touched. Removing the newest ones leaves a shorter chain that is whole: keep the newest hash
somewhere else (every report carries it) to notice that. docs/ledger.md has a verifier of ten lines
that shares no code with this one.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

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
    def detail(self) -> Mapping[str, object]:
        """Return what `detail_json` says."""
        found: Mapping[str, object] = from_json(self.detail_json)
        return found

    def sealed(self) -> "AuditEntry":
        """Return it with the hash that it must have."""
        return self._replace(hash=self.expected_hash())

    def expected_hash(self) -> str:
        """Return the hash that this entry must have."""
        fields = (self.prev_hash, self.seq, self.at, self.actor, self.action, self.subject)
        return hashlib.sha256(canonical_json([*fields, self.detail_json]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class BrokenEntry:
    """The first place where the chain does not hold."""

    seq: int
    reason: str


def first_broken(entries: Iterable[AuditEntry]) -> BrokenEntry | None:
    """Walk the chain from its start; return where it breaks, or None where it holds."""
    last_hash = GENESIS_HASH
    for seq, entry in enumerate(entries, start=1):
        if entry.seq != seq:
            return BrokenEntry(seq, f"entry {seq} is missing; the next one is {entry.seq}")
        if entry.prev_hash != last_hash:
            return BrokenEntry(seq, "its prev_hash is not the hash of the entry before")
        if entry.hash != entry.expected_hash():
            return BrokenEntry(seq, "its hash does not fit what it says")
        last_hash = entry.hash
    return None


class Chain:
    """The end of the chain in one write transaction: while it is open, nobody else adds entries.

    The newest entry is read once, not before every entry: a register comes in 100,000 at a time.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._head: tuple[int, str] | None = None

    def append(
        self, *, now_s: float, actor: str, action: str, subject: str, detail: Mapping[str, object]
    ) -> AuditEntry:
        """Add an entry and return it."""
        last_seq, last_hash = self._head or head(self._db)
        entry = AuditEntry(
            seq=last_seq + 1,
            at=instant_text(now_s),
            actor=actor,
            action=action,
            subject=subject,
            detail_json=canonical_json(detail),
            prev_hash=last_hash,
            hash="",
        ).sealed()
        self._db.execute(f"INSERT INTO audit ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", entry)
        self._head = (entry.seq, entry.hash)
        return entry


def head(db: sqlite3.Connection) -> tuple[int, str]:
    """Return number and hash of the newest entry; 0 and 64 zeros before the first."""
    newest = db.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return newest or (0, GENESIS_HASH)


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
