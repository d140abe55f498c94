"""Do the tables beside the chain say what the chain says?

An event's audit entry holds the event, every column of its alarm, and a digest of each notification
(`ledger_rows.event_detail`). So an alarm's row must be what the entry of its last event says, and a
notification what its event's entry says; only how far its delivery has come may change. Entries of
older versions hold less: what they do not say is not compared.

For chains that hold: where an entry itself was changed, there is nothing to compare with.
"""

import math
import sqlite3
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from batteryd.domain.alarm import PRIORITY_BY_TEXT
from batteryd.store import ledger_rows as rows
from batteryd.store.audit import BrokenEntry
from batteryd.store.canonical import canonical_json, from_json
from batteryd.store.records import is_record_subject

_EVENT_COLUMNS = (*rows.KEY_COLUMNS, "at_s")
_ALARM_COLUMNS = rows.ALARM_COLUMNS.split(", ")[len(rows.KEY_COLUMNS) :]
_EVENT_KEYS = frozenset({"key", "at_s", "reason", "condition", "suppression", "priority", "why"})
_EVENTS = f"""
    SELECT seq, subject, detail, event_id, {", ".join(_EVENT_COLUMNS)}
    FROM audit LEFT JOIN event ON event_id = seq ORDER BY seq"""
_NOTIFICATIONS = """
    SELECT notification_id, channel, dedup_key, body FROM notification WHERE event_id = ?"""
_ORPHANS = (
    ("event", "SELECT event_id, event_id FROM event WHERE event_id NOT IN (SELECT seq FROM audit)"),
    (
        "notification",
        "SELECT event_id, notification_id FROM notification"
        " WHERE event_id NOT IN (SELECT event_id FROM event)",
    ),
)


class _Event(NamedTuple):
    """What an audit entry says of an event."""

    columns: Mapping[str, object]  # of the event's row
    alarm: Mapping[str, object]  # columns of the alarm's row, as far as they are said
    digests: Mapping[str, str] | None  # of notifications, by channel; None: not said


class _Alarm(NamedTuple):
    """What the last event says of an alarm."""

    seq: int
    columns: Mapping[str, object]


def differences(db: sqlite3.Connection) -> Iterator[BrokenEntry]:
    """Yield where events, notifications and alarms differ from what the chain says of them.

    A row of which no entry speaks has number 0.
    """
    alarms: dict[rows.Row, _Alarm] = {}
    yield from _events(db, alarms=alarms)
    yield from _alarms(db, said=alarms)
    for table, statement in _ORPHANS:
        for seq, row in db.execute(statement):
            yield BrokenEntry(seq, "it belongs to nothing", table, str(row))


def _events(db: sqlite3.Connection, *, alarms: dict[rows.Row, _Alarm]) -> Iterator[BrokenEntry]:
    """Compare event by event; leave in `alarms` what the last one of each says."""
    for seq, subject, detail_json, event_id, *columns in db.execute(_EVENTS):
        try:
            said = _event_said(subject, detail_json)
        except (ValueError, TypeError, KeyError, AttributeError):
            yield BrokenEntry(seq, "batteryd did not write what it says")
            continue
        if said is None:
            if event_id is not None:
                yield BrokenEntry(seq, "the entry speaks of no event", "event", str(event_id))
            continue
        alarms[tuple(said.columns[column] for column in rows.KEY_COLUMNS)] = _Alarm(seq, said.alarm)
        if event_id is None:
            yield BrokenEntry(seq, "it is missing", "event", str(seq))
            continue
        found = dict(zip(_EVENT_COLUMNS, columns, strict=True))
        for reason in _differing(found, said=said.columns):
            yield BrokenEntry(seq, reason, "event", str(event_id))
        yield from _notifications(db, seq=seq, digests=said.digests)


def _event_said(subject: str, detail_json: str) -> _Event | None:
    """Return what an entry says of an event; None where it is about something else.

    Any error of reading means that somebody wrote it by hand, into a chain that nobody signed.
    """
    if is_record_subject(subject):  # most entries, after a register was imported
        return None
    said = from_json(detail_json)
    if not said.keys() >= _EVENT_KEYS or "/".join(said["key"]) != subject:
        return None
    alarm = {column: said[column] for column in _ALARM_COLUMNS if column in said}
    alarm["priority"] = int(PRIORITY_BY_TEXT[said["priority"]])
    alarm["evidence"] = canonical_json(said["evidence"])
    return _Event(
        columns=dict(zip(_EVENT_COLUMNS, (*said["key"], said["at_s"]), strict=True)),
        alarm=alarm,
        digests=said.get("notifications"),
    )


def _notifications(
    db: sqlite3.Connection, *, seq: int, digests: Mapping[str, str] | None
) -> Iterator[BrokenEntry]:
    if digests is None:  # an older version wrote the entry
        return
    found = {row[1]: row for row in db.execute(_NOTIFICATIONS, (seq,))}
    for channel in sorted(digests.keys() - found.keys()):
        yield BrokenEntry(seq, f"the one to {channel} is missing", "notification")
    for row_id, channel, dedup_key, body_json in found.values():
        digest = rows.notification_digest(channel, dedup_key, body_json)
        if channel not in digests:
            reason = f"the entry speaks of none to {channel}"
            yield BrokenEntry(seq, reason, "notification", str(row_id))
        elif digest != digests[channel]:
            reason = "its dedup_key or body is not what the entry says"
            yield BrokenEntry(seq, reason, "notification", str(row_id))


def _alarms(db: sqlite3.Connection, *, said: dict[rows.Row, _Alarm]) -> Iterator[BrokenEntry]:
    key_column_count = len(rows.KEY_COLUMNS)
    for row in db.execute(f"SELECT {rows.ALARM_COLUMNS} FROM alarm"):
        key, columns = row[:key_column_count], row[key_column_count:]
        alarm = said.pop(key, None)
        if alarm is None:
            yield BrokenEntry(0, "no entry speaks of it", "alarm", "/".join(key))
            continue
        found = dict(zip(_ALARM_COLUMNS, columns, strict=True))
        for reason in _differing(found, said=alarm.columns):
            yield BrokenEntry(alarm.seq, reason, "alarm", "/".join(key))
    for key, missing in said.items():
        yield BrokenEntry(missing.seq, "it is missing", "alarm", "/".join(key))


def _differing(found: Mapping[str, object], *, said: Mapping[str, object]) -> Iterator[str]:
    for column, expected in said.items():
        value = found[column]
        if isinstance(value, float) and not math.isfinite(value):
            value = None  # as canonical JSON writes it
        if value != expected:
            yield f"{column} is {value!r:.80}, where the entry says {expected!r:.80}"
