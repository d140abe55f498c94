"""The command that shows all there is about one alarm: state, evidence, history, who was told.

Its last hours are drawn: a module, sensor or cell against its peers, a rack or room in its air.
"""

import argparse
import json
from typing import TYPE_CHECKING

from batteryd.cli.alarm_words import (
    HANG,
    alarm_as_json,
    alarm_as_text,
    alarm_of,
    found_lines,
    instant_or_none,
)
from batteryd.cli.frame import OK, instant, print_json
from batteryd.cli.terminal import tell
from batteryd.cli.work_common import desk

if TYPE_CHECKING:
    from batteryd.domain.history import RecordedEvent
    from batteryd.domain.notification import Notification

EVENTS_MAX = 1000  # of an alarm's history, the newest
_FOUND_HANG, _HISTORY_HANG = 34, 24  # where a sentence begins, behind instant and priority, say
NOTIFICATIONS_MAX = 10_000  # of all, the newest, that are searched for this alarm's


def alarms_show(arguments: argparse.Namespace) -> int:
    """Show one alarm, open or past: where it stands, its evidence and history, who was told."""
    from batteryd.cli.alarm_picture import picture_as_json, picture_in, picture_lines
    from batteryd.rules.found import FOUND

    with desk(arguments) as at:
        ledger = at.ledger
        alarm = alarm_of(ledger.alarms(open_only=False), arguments.key)
        history = ledger.events(alarm.key, limit=EVENTS_MAX)
        told = [
            n for n in ledger.notifications(limit=NOTIFICATIONS_MAX) if n.dedup_key == arguments.key
        ]
        picture = picture_in(at, alarm)
    if arguments.json:
        print_json(
            {
                **alarm_as_json(alarm),
                "evidence": dict(alarm.evidence),
                "picture": picture_as_json(picture),
                "history": [_event_as_json(event) for event in history],
                "notifications": [_notification_as_json(n) for n in told],
            }
        )
        return OK
    tell(alarm_as_text(alarm, now_s=at.now_s), hang=HANG)
    if alarm.action:
        tell(f"{'':{HANG}}{alarm.action}", hang=HANG)
    if picture is not None:
        print("\n".join(picture_lines(picture)))
    for line in found_lines(alarm):
        tell(line, hang=_FOUND_HANG)
    print("history, newest first")
    for event in history:
        tell(_event_as_text(event), hang=_HISTORY_HANG)
    print("told, newest first" if told else "told: nobody")
    for notification in told:
        tell(_notification_as_text(notification), hang=_HISTORY_HANG)
    evidence = {name: value for name, value in alarm.evidence.items() if name != FOUND}
    print("evidence")
    print(json.dumps(evidence, indent=2, ensure_ascii=False))
    return OK


def _event_as_json(event: "RecordedEvent") -> dict[str, object]:
    return {
        "seq": event.event_id,
        "at": instant(event.at_s),
        "recorded_at": instant(event.recorded_at_s),
        "action": event.action,
        "reason": event.reason,
        "by": event.actor,
        "condition": event.condition.value,
        "suppression": event.suppression.value,
        "priority": event.priority.text,
        "value": event.value,
        "setpoint": event.setpoint,
        "why": event.why,
        "comment": event.comment,
        "evidence": dict(event.evidence),
    }


def _notification_as_json(notification: "Notification") -> dict[str, object]:
    return {
        "event": notification.event_id,
        "channel": notification.channel,
        "state": notification.state.value,
        "attempts": notification.attempts,
        "created_at": instant(notification.created_at_s),
        "finished_at": instant_or_none(notification.finished_at_s),
        "error": notification.error,
    }


def _event_as_text(event: "RecordedEvent") -> str:
    from batteryd.rules.found import addition_in

    said = event.comment or addition_in(event.why)
    return f"  {instant(event.at_s)}  {event.action:<13} {event.actor:<12} {said}"


def _notification_as_text(notification: "Notification") -> str:
    attempts = f"{notification.attempts} attempt{'' if notification.attempts == 1 else 's'}"
    error = f": {notification.error}" if notification.error else ""
    return (
        f"  {instant(notification.created_at_s)}  {notification.channel:<13}"
        f" {notification.state.value}, {attempts}{error}"
    )
