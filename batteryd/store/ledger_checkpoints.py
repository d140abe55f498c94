"""Signs the ledger's chain from time to time, and lets one signing key follow another.

What was added since the last checkpoint is verified before it is signed: a chain that somebody
changed meanwhile is refused, not vouched for. The long walk holds nobody up; only what was written
during it is walked while holding the pen.
"""

import sqlite3
from pathlib import Path

from batteryd.errors import StoreDamaged, StoreError
from batteryd.store import audit, checkpoint, key_rotation
from batteryd.store.audit import AuditEntry, Chain
from batteryd.store.checkpoint import Checkpoint
from batteryd.store.checkpoint_anchor import Anchor
from batteryd.store.key_rotation import Rotation
from batteryd.store.signing import SigningKey
from batteryd.store.sqlite_file import SqliteFile
from batteryd.store.verify import examine
from batteryd.store.verify_file import chain_of


def sign(file: SqliteFile, *, now_s: float, key: SigningKey) -> Checkpoint | None:
    """Sign the chain as it is; None where the last checkpoint says all that there is.

    Raises:
        StoreDamaged: the chain does not hold; nothing was signed.
        StoreError: the key was retired, or nothing can be written.
    """
    with file.read() as db:
        verified = _walked(db, start=_before_the_last_checkpoint(db))
    with file.write() as db:
        newest = _walked(db, start=verified)
        if newest is None or checkpoint.is_checkpoint(newest):
            return None
        if _retired_in(db, key.key_id) is not None:
            raise StoreError(f"key {key.key_id} was retired; end it with batteryd audit rotate-key")
        return checkpoint.sign(db, now_s=now_s, key=key)


def anchor(file: SqliteFile, *, path: Path) -> None:
    """Append to an anchor file the checkpoints that it lacks.

    Raises:
        StoreDamaged: it has one that the ledger has not; nothing is appended.
        StoreError: it cannot be read or written.
    """
    elsewhere = Anchor(path)
    newest = elsewhere.newest()
    after_seq = newest.seq if newest else 0
    with file.read() as db:
        same = next(checkpoint.checkpoints(db, after_seq=after_seq - 1), None)
        if newest is not None and same != newest:
            raise StoreDamaged(
                f"anchor file {path}: entry {after_seq} is not the one in the ledger"
            )
        elsewhere.append(checkpoint.checkpoints(db, after_seq=after_seq))


def rotate(file: SqliteFile, rotation: Rotation, *, by: str, now_s: float) -> None:
    """Record that a key follows another; nothing new where a crash came after the record.

    Raises:
        StoreError: the old key was retired in favour of another one, or nothing can be written.
    """
    old_id, new_id = rotation.old.key_id, rotation.new.key_id
    with file.write() as db:
        recorded = _retired_in(db, old_id)
        if recorded is None:
            Chain(db).append(
                now_s=now_s,
                actor=by,
                action=key_rotation.ACTION,
                subject=key_rotation.subject(old_id),
                detail=rotation.detail,
            )
        elif recorded.detail["new_key_id"] != new_id:
            raise StoreError(f"entry {recorded.seq} retired key {old_id} in favour of another")


def _walked(db: sqlite3.Connection, *, start: AuditEntry | None) -> AuditEntry | None:
    """Verify what comes after an entry; return the newest one."""
    broken = examine(chain_of(db, after_seq=start.seq if start else 0), start=start).first_broken
    if broken is not None:
        raise StoreDamaged(f"the audit chain is broken, so it is not signed: {broken}")
    return audit.newest(db)


def _before_the_last_checkpoint(db: sqlite3.Connection) -> AuditEntry | None:
    last = checkpoint.newest(db)
    if last is None or last.seq == 1:
        return None
    return next(audit.entries(db, after_seq=last.seq - 2, limit=1), None)


def _retired_in(db: sqlite3.Connection, key_id: str) -> AuditEntry | None:
    found = db.execute(
        f"SELECT {audit.COLUMNS} FROM audit WHERE subject = ? AND action = ?",
        (key_rotation.subject(key_id), key_rotation.ACTION),
    ).fetchone()
    return None if found is None else AuditEntry(*found)
