"""What can be written in one transaction of the ledger, and how it is kept whole.

`Transaction.record` writes the four things that belong together (alarm, event, notifications, audit
entry) and is the only way to write the first three. `Transaction.records.put` writes a revision of
a work order, a finding, the register: an audit entry and nothing else. Each write first marks the
transaction as broken and takes the mark back when it has come to its end; a broken transaction
refuses to commit. So even a caller who swallows the error of a half-written record cannot keep half
of it.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext

from batteryd.domain.alarm import Alarm, AlarmKey
from batteryd.domain.notification import NewNotification
from batteryd.errors import StoreError
from batteryd.store import ledger_rows as rows
from batteryd.store.audit import Chain
from batteryd.store.records import WritableRecords, is_record_subject


class Transaction:
    """What can be read and written while holding the pen."""

    def __init__(self, db: sqlite3.Connection, now_s: float) -> None:
        self._db = db
        self._now_s = now_s
        self._chain = Chain(db)
        self._is_over = False
        self._is_whole = True
        self.records = WritableRecords(
            self._writing, reading=lambda: nullcontext(db), chain=self._chain, now_s=now_s
        )

    def alarm(self, key: AlarmKey) -> Alarm | None:
        """Return where an alarm stands, including what this transaction did."""
        return rows.read_alarm(self._db, key)

    def alarms(self, *, open_only: bool = True) -> tuple[Alarm, ...]:
        """Return alarms as `Ledger.alarms` does, including what this transaction did."""
        return rows.read_alarms(self._db, open_only=open_only)

    def record(
        self,
        alarm: Alarm,
        *,
        action: str,
        reason: str,
        actor: str,
        at_s: float,
        comment: str = "",
        notifications: Sequence[NewNotification] = (),
    ) -> int:
        """Record what happened to an alarm: its new state, event, notifications, audit entry.

        Args:
            alarm: as it stands from now on.
            action: what happened, past tense ("raised", "returned", "acknowledged", "shelved").
            reason: why the alarm moved so, in the words of the lifecycle.
            actor: "batteryd" or the person who did it.
            at_s: when it happened, which may be before it is recorded.
            comment: what the person said.
            notifications: who is to be told; at most one a channel.

        Returns:
            the event's number, which is also its audit entry's.
        """
        with self._writing() as db:
            _put_alarm(db, alarm)
            event_id = self._chain.append(
                now_s=self._now_s,
                actor=actor,
                action=action,
                subject=str(alarm.key),
                detail=rows.event_detail(
                    alarm,
                    reason=reason,
                    at_s=at_s,
                    comment=comment,
                    notifications=notifications,
                ),
            ).seq
            db.execute(
                "INSERT INTO event (event_id, site_id, asset_id, component, rule, at_s)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (event_id, *rows.key_row(alarm.key), at_s),
            )
            for new in notifications:
                _put_notification(db, new, event_id=event_id, now_s=self._now_s)
        return event_id

    def audit(self, *, actor: str, action: str, subject: str, detail: Mapping[str, object]) -> int:
        """Record something that is about no alarm and no record, e.g. rules that were reloaded.

        Raises:
            ValueError: the subject is that of a record.
        """
        if is_record_subject(subject):
            raise ValueError(f"{subject} is the subject of a record: put the record")
        with self._writing():
            return self._chain.append(
                now_s=self._now_s, actor=actor, action=action, subject=subject, detail=detail
            ).seq

    def put_meta(self, key: str, value: str) -> None:
        """Put a small fact aside under a name, in place of the one before."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO meta (key, value) VALUES (?, ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, value),
            )

    def require_whole(self) -> None:
        """Raise StoreError where a write did not come to its end, even if its error was caught."""
        if not self._is_whole:
            raise StoreError("part of a record was not written, so none of it is")

    def end(self) -> None:
        """Refuse any further write: outside the transaction each would stand alone."""
        self._is_over = True

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        if self._is_over:
            raise StoreError("the transaction is over")
        self.require_whole()
        self._is_whole = False
        yield self._db
        self._is_whole = True


def _put_alarm(db: sqlite3.Connection, alarm: Alarm) -> None:
    # Not REPLACE, which deletes the row that the alarm's events refer to.
    assignments = ", ".join(f"{c} = excluded.{c}" for c in rows.ALARM_COLUMNS.split(", ")[4:])
    db.execute(
        f"INSERT INTO alarm ({rows.ALARM_COLUMNS}) VALUES ({rows.placeholders(rows.ALARM_COLUMNS)})"
        f" ON CONFLICT (site_id, asset_id, component, rule) DO UPDATE SET {assignments}",
        rows.alarm_row(alarm),
    )


def _put_notification(
    db: sqlite3.Connection, new: NewNotification, *, event_id: int, now_s: float
) -> None:
    columns = rows.NEW_NOTIFICATION_COLUMNS
    db.execute(
        f"INSERT INTO notification ({columns}) VALUES ({rows.placeholders(columns)})",
        rows.new_notification_row(new, event_id=event_id, now_s=now_s),
    )
