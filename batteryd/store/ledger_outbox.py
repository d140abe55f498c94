"""The ledger's side of the outbox: which notifications are due, and what became of them.

A notification is claimed by an UPDATE that names the state and the number of attempts that were
read before: of two who want it, exactly one changes the row. A claim runs out, so a row left behind
by a crash is due again. What became of an attempt is written by the same rule: a sender whose claim
has run out and was taken by another changes nothing any more.

Within a channel, a notification waits until every earlier one with the same dedup key is finished:
nobody hears of the end of an alarm before its beginning.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from batteryd.domain.notification import DeliveryState, Notification
from batteryd.store import ledger_rows as rows
from batteryd.store.audit import Chain
from batteryd.store.sqlite_file import SqliteFile

_DUE = f"""
    SELECT {rows.NOTIFICATION_COLUMNS} FROM notification AS mine
    WHERE channel = ? AND {rows.NOTIFICATION_IS_OPEN} AND due_at_s <= ?
        AND NOT EXISTS (
            SELECT 1 FROM notification AS earlier
            WHERE earlier.channel = mine.channel AND earlier.dedup_key = mine.dedup_key
                AND earlier.notification_id < mine.notification_id
                AND earlier.{rows.NOTIFICATION_IS_OPEN})
    ORDER BY notification_id LIMIT ?"""

_MOVE = """
    UPDATE notification
    SET state = ?, attempts = ?, due_at_s = ?, error = ?, finished_at_s = ?
    WHERE notification_id = ? AND state = ? AND attempts = ?"""


class LedgerOutbox:
    """Notifications on their way; what `notify.outbox` asks of a store."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def waiting_channels(self) -> frozenset[str]:
        """Return every channel for which something is still to be told."""
        with self._file.read() as db:
            found = db.execute(
                f"SELECT DISTINCT channel FROM notification WHERE {rows.NOTIFICATION_IS_OPEN}"
            )
            return frozenset(channel for (channel,) in found)

    def claim(
        self, channel: str, *, now_s: float, until_s: float, limit: int
    ) -> Sequence[Notification]:
        """Take what is due, oldest first; it is `sending` and nobody else's until `until_s`."""
        with self._file.read() as db:
            due = [rows.notification_of(row) for row in db.execute(_DUE, (channel, now_s, limit))]
        if not due:  # the usual case costs no transaction
            return ()
        with self._file.write() as db:
            claims = [(found, _claimed(found, until_s=until_s)) for found in due]
            return tuple(claim for found, claim in claims if _moved(db, found, to=claim))

    def release(self, *, now_s: float) -> int:
        """Make every claim due again; return how many there were.

        For the start of the one daemon that sends: whatever is claimed was claimed by one that
        is gone, and an alarm should not wait until its claim has run out.
        """
        with self._file.write() as db:
            return db.execute(
                "UPDATE notification SET state = ?, due_at_s = ? WHERE state = ?",
                (DeliveryState.PENDING.value, now_s, DeliveryState.SENDING.value),
            ).rowcount

    def finish(self, claim: Notification, *, now_s: float) -> bool:
        """Note that it was sent. False, and nothing noted, where the claim is no longer ours."""
        sent = replace(claim, state=DeliveryState.SENT, error=None, finished_at_s=now_s)
        with self._file.write() as db:
            return _moved(db, claim, to=sent)

    def postpone(self, claim: Notification, *, due_at_s: float, error: str) -> bool:
        """Put it back for another attempt at `due_at_s`. False as for `finish`."""
        pending = replace(claim, state=DeliveryState.PENDING, due_at_s=due_at_s, error=error)
        with self._file.write() as db:
            return _moved(db, claim, to=pending)

    def give_up(self, claim: Notification, *, now_s: float, error: str) -> bool:
        """End it unsent, with an audit entry. False as for `finish`."""
        ended = replace(claim, state=DeliveryState.GIVEN_UP, error=error, finished_at_s=now_s)
        with self._file.write() as db:
            if not _moved(db, claim, to=ended):
                return False
            Chain(db).append(
                now_s=now_s,
                actor="batteryd",
                action="notification given up",
                subject=claim.dedup_key,
                detail={
                    "event_id": claim.event_id,
                    "channel": claim.channel,
                    "attempts": claim.attempts,
                    "error": error,
                },
            )
            return True


def _claimed(found: Notification, *, until_s: float) -> Notification:
    attempts = found.attempts + 1
    return replace(found, state=DeliveryState.SENDING, attempts=attempts, due_at_s=until_s)


def _moved(db: sqlite3.Connection, found: Notification, *, to: Notification) -> bool:
    row = (to.state.value, to.attempts, to.due_at_s, to.error, to.finished_at_s)
    expected = (found.notification_id, found.state.value, found.attempts)
    return db.execute(_MOVE, (*row, *expected)).rowcount == 1
