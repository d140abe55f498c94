"""The ledger: where every alarm stands, what happened to it, who was told, and who did what.

It is one SQLite file that the daemon and the command line write to at the same time. Whatever
belongs together is written by one call: the alarm's new state, the event, its notifications and its
audit entry, all of it or nothing.

    with ledger.transaction(now_s) as tx:
        alarm = tx.alarm(key)
        ...                             # decide, with the pure functions of `rules`
        tx.record(alarm, action="raised", reason="first time", actor="batteryd", ...)

A transaction holds the only pen: decide quickly and never wait for a network inside one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from batteryd.domain.alarm import Alarm, AlarmKey
from batteryd.domain.history import RecordedEvent
from batteryd.domain.notification import Notification
from batteryd.store import audit, ledger_checkpoints, ledger_schema
from batteryd.store import ledger_rows as rows
from batteryd.store.audit import AuditEntry, BrokenEntry
from batteryd.store.checkpoint import Checkpoint
from batteryd.store.key_rotation import Rotation
from batteryd.store.ledger_outbox import LedgerOutbox
from batteryd.store.ledger_transaction import Transaction
from batteryd.store.records import Records
from batteryd.store.signing import SigningKey
from batteryd.store.sqlite_file import SqliteFile
from batteryd.store.verify import NO_TRUST, Trust
from batteryd.store.verify_file import examine_file


class Ledger:
    """An open ledger. Reads are cheap in any thread and never wait for a writer."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            StoreDamaged: it is no ledger. It is evidence: nothing is repaired or set aside.
            StoreError: it cannot be opened, or a newer version wrote it.
        """
        self._file = SqliteFile(path, prepare=ledger_schema.prepare)
        self.outbox = LedgerOutbox(self._file)
        self.records = Records(self._file.read)

    @contextmanager
    def transaction(self, now_s: float) -> Iterator[Transaction]:
        """Write: everything in the block is committed at its end, or nothing.

        Raises:
            StoreFull: no space; nothing was written, and the next try may succeed.
            StoreError: nothing was written.
        """
        with self._file.write() as db:
            tx = Transaction(db, now_s)
            try:
                yield tx
                tx.require_whole()
            finally:
                tx.end()

    def alarm(self, key: AlarmKey) -> Alarm | None:
        """Return where an alarm stands; None where there never was one."""
        with self._file.read() as db:
            return rows.read_alarm(db, key)

    def alarms(self, *, open_only: bool = True) -> tuple[Alarm, ...]:
        """Return alarms, newest change first.

        Open is what somebody may have to look at: active, waiting for an acknowledgement, or
        suppressed. The others are those of the past.
        """
        with self._file.read() as db:
            return rows.read_alarms(db, open_only=open_only)

    def events(
        self, key: AlarmKey | None = None, *, since_s: float | None = None, limit: int = 1000
    ) -> tuple[RecordedEvent, ...]:
        """Return the history of one alarm or of all, newest first."""
        wanted = "1 = 1" if key is None else rows.KEY_MATCHES
        values: rows.Row = () if key is None else rows.key_row(key)
        if since_s is not None:
            wanted, values = f"{wanted} AND at_s >= ?", (*values, since_s)
        with self._file.read() as db:
            found = db.execute(
                f"SELECT {rows.EVENT_COLUMNS} FROM event JOIN audit ON seq = event_id"
                f" WHERE {wanted} ORDER BY event_id DESC LIMIT ?",
                (*values, limit),
            ).fetchall()
        return tuple(map(rows.event_of, found))

    def notifications(self, *, limit: int = 100) -> tuple[Notification, ...]:
        """Return what was told, or is still to be told, newest first."""
        with self._file.read() as db:
            found = db.execute(
                f"SELECT {rows.NOTIFICATION_COLUMNS} FROM notification"
                " ORDER BY notification_id DESC LIMIT ?",
                (limit,),
            ).fetchall()
        return tuple(map(rows.notification_of, found))

    def audit(self, *, after_seq: int = 0, limit: int = 1000) -> tuple[AuditEntry, ...]:
        """Return audit entries in their order, from the one after `after_seq`."""
        with self._file.read() as db:
            return tuple(audit.entries(db, after_seq=after_seq, limit=limit))

    def head(self) -> AuditEntry | None:
        """Return the newest entry of the audit chain; None before the first."""
        with self._file.read() as db:
            return audit.newest(db)

    def verify(self, *, trust: Trust = NO_TRUST) -> BrokenEntry | None:
        """Return the first entry that does not hold, or of which another table says otherwise."""
        return examine_file(self._file.path, trust=trust).first_broken

    def checkpoint(
        self, now_s: float, key: SigningKey, *, anchor: Path | None = None
    ) -> Checkpoint | None:
        """Sign the chain if there is anything new; keep what was signed elsewhere as well.

        Args:
            now_s: the time.
            key: read anew each time, so that a rotated key is used at once.
            anchor: where to append what it lacks of the checkpoints.

        Returns:
            the new checkpoint; None where the last one says all that there is.

        Raises:
            StoreDamaged: the chain does not hold, or is not the one that the anchor file knows.
            StoreError: the key was retired, or a file cannot be written. What was signed before
                that stays signed, and the next call appends it to the anchor file.
        """
        signed = ledger_checkpoints.sign(self._file, now_s=now_s, key=key)
        if anchor is not None:
            ledger_checkpoints.anchor(self._file, path=anchor)
        return signed

    def rotate_key(self, now_s: float, rotation: Rotation, *, by: str) -> None:
        """Record that a signing key follows another; see `key_rotation`.

        Raises:
            StoreError: the old key was retired before, in favour of another one.
        """
        ledger_checkpoints.rotate(self._file, rotation, by=by, now_s=now_s)

    def meta(self, key: str) -> str | None:
        """Return a small fact that was put aside under a name."""
        with self._file.read() as db:
            found = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if found is None else str(found[0])

    def close(self) -> None:
        """Let go of the file. Closing twice is fine."""
        self._file.close()
