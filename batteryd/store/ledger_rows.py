"""Rows of the ledger and the nouns they stand for: written and read in one place, side by side."""

import hashlib
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from batteryd.domain.alarm import (
    PRIORITY_BY_TEXT,
    Alarm,
    AlarmKey,
    Condition,
    Priority,
    Suppression,
)
from batteryd.domain.component import Scope, parse_component
from batteryd.domain.history import RecordedEvent
from batteryd.domain.notification import DeliveryState, NewNotification, Notification
from batteryd.store.canonical import canonical_json, from_json

Row = tuple[Any, ...]

KEY_COLUMNS = ("site_id", "asset_id", "component", "rule")
KEY_MATCHES = "site_id = ? AND asset_id = ? AND component = ? AND rule = ?"

# Without this text an index on open alarms would not be used: SQLite compares the expressions.
ALARM_IS_OPEN = "condition <> 'normal' OR suppression <> 'none'"
NOTIFICATION_IS_OPEN = "state IN ('pending', 'sending')"

ALARM_COLUMNS = (
    "site_id, asset_id, component, rule, condition, suppression, priority, scope, raised_at_s,"
    " changed_at_s, quantity, value, setpoint, why, action, evidence, returned_at_s,"
    " acknowledged_by, acknowledged_at_s, suppressed_until_s"
)
EVENT_COLUMNS = "event_id, site_id, asset_id, component, rule, at_s, at, actor, action, detail"
NEW_NOTIFICATION_COLUMNS = (
    "event_id, channel, dedup_key, body, state, attempts, created_at_s, due_at_s"
)
NOTIFICATION_COLUMNS = f"notification_id, {NEW_NOTIFICATION_COLUMNS}, error, finished_at_s"


def placeholders(columns: str) -> str:
    """Return a `?` for each column."""
    return ", ".join("?" for _ in columns.split(","))


def key_row(key: AlarmKey) -> Row:
    """Return a key as the four columns that hold it."""
    return (key.site_id, key.asset_id, str(key.component), key.rule)


def key_of(row: Row) -> AlarmKey:
    """Return the key that four columns hold."""
    site_id, asset_id, component, rule = row
    return AlarmKey(site_id, asset_id, parse_component(component), rule)


def alarm_row(alarm: Alarm) -> Row:
    """Return an alarm in the order of ALARM_COLUMNS."""
    return (
        *key_row(alarm.key),
        alarm.condition.value,
        alarm.suppression.value,
        int(alarm.priority),
        alarm.scope.value,
        alarm.raised_at_s,
        alarm.changed_at_s,
        alarm.quantity,
        alarm.value,
        alarm.setpoint,
        alarm.why,
        alarm.action,
        canonical_json(alarm.evidence),
        alarm.returned_at_s,
        alarm.acknowledged_by,
        alarm.acknowledged_at_s,
        alarm.suppressed_until_s,
    )


def alarm_of(row: Row) -> Alarm:
    """Return the alarm of a row in the order of ALARM_COLUMNS."""
    condition, suppression, priority, scope, *rest = row[4:]
    raised_at_s, changed_at_s, quantity, value, setpoint, why, action, evidence, *ends = rest
    returned_at_s, acknowledged_by, acknowledged_at_s, suppressed_until_s = ends
    return Alarm(
        key=key_of(row[:4]),
        condition=Condition(condition),
        suppression=Suppression(suppression),
        priority=Priority(priority),
        scope=Scope(scope),
        raised_at_s=raised_at_s,
        changed_at_s=changed_at_s,
        quantity=quantity,
        value=value,
        setpoint=setpoint,
        why=why,
        action=action,
        evidence=from_json(evidence),
        returned_at_s=returned_at_s,
        acknowledged_by=acknowledged_by,
        acknowledged_at_s=acknowledged_at_s,
        suppressed_until_s=suppressed_until_s,
    )


def read_alarm(db: sqlite3.Connection, key: AlarmKey) -> Alarm | None:
    """Return where an alarm stands; None where there never was one."""
    found = db.execute(
        f"SELECT {ALARM_COLUMNS} FROM alarm WHERE {KEY_MATCHES}", key_row(key)
    ).fetchone()
    return None if found is None else alarm_of(found)


def read_alarms(db: sqlite3.Connection, *, open_only: bool) -> tuple[Alarm, ...]:
    """Return alarms, newest change first; see `Ledger.alarms` for what open means."""
    wanted = ALARM_IS_OPEN if open_only else "1 = 1"
    found = db.execute(
        f"SELECT {ALARM_COLUMNS} FROM alarm WHERE {wanted} ORDER BY changed_at_s DESC"
    )
    return tuple(map(alarm_of, found))


def event_detail(
    alarm: Alarm,
    *,
    reason: str,
    at_s: float,
    comment: str,
    notifications: Sequence[NewNotification] = (),
) -> dict[str, object]:
    """Return what the audit entry of an event says: where the alarm stood after it, and why.

    It holds every column of the alarm's row and a digest of every notification, so that the chain
    protects those tables as well: `verify_tables` compares them.
    """
    columns = zip(ALARM_COLUMNS.split(", "), alarm_row(alarm), strict=True)
    return {
        **{column: value for column, value in columns if column not in KEY_COLUMNS},
        "priority": alarm.priority.text,
        "evidence": alarm.evidence,
        "key": key_row(alarm.key),
        "at_s": at_s,
        "reason": reason,
        "comment": comment,
        "notifications": {
            new.channel: notification_digest(new.channel, new.dedup_key, canonical_json(new.body))
            for new in notifications
        },
    }


def notification_digest(channel: str, dedup_key: str, body_json: str) -> str:
    """Return the SHA-256 of what a notification tells to whom, which never changes."""
    text = canonical_json([channel, dedup_key, body_json])
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def event_of(row: Row) -> RecordedEvent:
    """Return the event of a row in the order of EVENT_COLUMNS."""
    event_id, *key, at_s, recorded_at, actor, action, detail_json = row
    detail = from_json(detail_json)
    return RecordedEvent(
        event_id=event_id,
        key=key_of(tuple(key)),
        action=action,
        reason=detail["reason"],
        actor=actor,
        at_s=at_s,
        recorded_at_s=datetime.fromisoformat(recorded_at).timestamp(),
        condition=Condition(detail["condition"]),
        suppression=Suppression(detail["suppression"]),
        priority=PRIORITY_BY_TEXT[detail["priority"]],
        value=detail["value"],
        setpoint=detail["setpoint"],
        why=detail["why"],
        comment=detail["comment"],
        evidence=detail["evidence"],
    )


def new_notification_row(new: NewNotification, *, event_id: int, now_s: float) -> Row:
    """Return a notification in the order of NEW_NOTIFICATION_COLUMNS: pending and due at once."""
    state = DeliveryState.PENDING.value
    return (
        event_id, new.channel, new.dedup_key, canonical_json(new.body), state, 0, now_s, now_s,
    )  # fmt: skip


def notification_of(row: Row) -> Notification:
    """Return the notification of a row in the order of NOTIFICATION_COLUMNS."""
    notification_id, event_id, channel, dedup_key, body, state, *rest = row
    attempts, created_at_s, due_at_s, error, finished_at_s = rest
    return Notification(
        notification_id=notification_id,
        event_id=event_id,
        channel=channel,
        dedup_key=dedup_key,
        body=from_json(body),
        state=DeliveryState(state),
        attempts=attempts,
        created_at_s=created_at_s,
        due_at_s=due_at_s,
        error=error,
        finished_at_s=finished_at_s,
    )
