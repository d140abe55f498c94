"""Checkpoints: up to this entry, the installation vouches for the chain with its signature.

Whoever can write to the file can write a whole new chain, or cut off its end, and every hash of it
will fit. What they cannot do is sign. A checkpoint is the signature (Ed25519) of

    {"at": ..., "hash": ..., "key_id": ..., "seq": ...}        in canonical JSON

where `seq`, `hash` and `at` are those of an audit entry, and so of everything before it. That entry
says that a checkpoint was made and with which public key, the row in `checkpoint` is the signature:
neither can be taken away without the other telling. Both can; then only a copy elsewhere tells,
which is what the anchor file is for.
"""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from pydantic import TypeAdapter

from batteryd.public_key import PublicKey
from batteryd.store.audit import AuditEntry, Chain
from batteryd.store.canonical import canonical_json, from_json
from batteryd.store.signing import SigningKey

_SUBJECT = "audit chain"
_ACTION = "checkpoint signed"
_COLUMNS = "seq, hash, at, key_id, signature"


class Checkpoint(NamedTuple):
    """A signature of the chain up to an entry, in the order of the table's columns."""

    seq: int
    hash: str
    at: str
    key_id: str
    signature: str  # hexadecimal

    @property
    def statement(self) -> bytes:
        """What is signed."""
        return canonical_json(
            {"seq": self.seq, "hash": self.hash, "at": self.at, "key_id": self.key_id}
        ).encode()

    def is_signed_by(self, key: PublicKey) -> bool:
        """Tell whether the signature is there, by that key, and written as it was."""
        try:
            signature = bytes.fromhex(self.signature)
        except ValueError:
            return False
        return signature.hex() == self.signature and key.has_signed(self.statement, signature)

    @property
    def line(self) -> str:
        """Its text in an anchor file or an export, without the end of the line."""
        return canonical_json(self._asdict())


_adapter = TypeAdapter(Checkpoint)


def checkpoint_of(line: str) -> Checkpoint:
    """Return the checkpoint that a line of an anchor file holds.

    Raises:
        ValueError: it holds none, or not in the one way in which it is written.
    """
    found = _adapter.validate_python(from_json(line), strict=True)
    if found.line != line:
        raise ValueError("not written as a checkpoint is")
    return found


def is_checkpoint(entry: AuditEntry) -> bool:
    """Tell whether an entry says that a checkpoint of it was made."""
    return (entry.subject, entry.action) == (_SUBJECT, _ACTION)


def key_of(entry: AuditEntry) -> PublicKey | None:
    """Return the public key that a checkpoint's entry names; None where it names none."""
    try:
        return PublicKey.of_hex(entry.detail.get("public_key"))
    except ValueError:
        return None


def sign(db: sqlite3.Connection, *, now_s: float, key: SigningKey) -> Checkpoint:
    """Add a checkpoint of everything that is in the chain, inside the caller's transaction."""
    entry = Chain(db).append(
        now_s=now_s,
        actor="batteryd",
        action=_ACTION,
        subject=_SUBJECT,
        detail={"key_id": key.key_id, "public_key": key.public.hex},
    )
    unsigned = Checkpoint(entry.seq, entry.hash, entry.at, key.key_id, signature="")
    checkpoint = unsigned._replace(signature=key.sign(unsigned.statement).hex())
    db.execute(f"INSERT INTO checkpoint ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)", checkpoint)
    return checkpoint


def newest(db: sqlite3.Connection) -> Checkpoint | None:
    """Return the last checkpoint; None before the first."""
    found = db.execute(f"SELECT {_COLUMNS} FROM checkpoint ORDER BY seq DESC LIMIT 1").fetchone()
    return None if found is None else Checkpoint(*found)


def checkpoints(db: sqlite3.Connection, *, after_seq: int = 0) -> Iterator[Checkpoint]:
    """Read checkpoints in order. A ledger of an older version has no table of them, and none."""
    has_table = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'checkpoint'").fetchone()
    if has_table is None:
        return iter(())
    rows = db.execute(f"SELECT {_COLUMNS} FROM checkpoint WHERE seq > ? ORDER BY seq", (after_seq,))
    return (Checkpoint(*row) for row in rows)
