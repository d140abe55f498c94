"""Alarms as commands print them, the alarm that a command names, and what people type about one."""

import argparse
import difflib
import re
from typing import TYPE_CHECKING

from batteryd.cli.frame import instant
from batteryd.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from batteryd.domain.alarm import Alarm
    from batteryd.rules.lifecycle_table import Reason

HANG = 9  # where what is said of an alarm begins
_KEYS_NEAR_MAX = 3  # keys that are offered for one that does not exist
_SECONDS = {"m": 60.0, "h": 3600.0, "d": 86_400.0}


def alarm_as_json(alarm: "Alarm") -> dict[str, object]:
    """Return an alarm as plain JSON values."""
    from batteryd.rules.headline import headline_of

    return {
        "key": str(alarm.key),
        "condition": alarm.condition.value,
        "suppression": alarm.suppression.value,
        "suppressed_until": instant_or_none(alarm.suppressed_until_s),
        "priority": alarm.priority.text,
        "scope": alarm.scope.value,
        "component": str(alarm.key.component),
        "raised_at": instant(alarm.raised_at_s),
        "returned_at": instant_or_none(alarm.returned_at_s),
        "acknowledged_by": alarm.acknowledged_by,
        "value": alarm.value,
        "setpoint": alarm.setpoint,
        "why": alarm.why,
        "said_at": instant(headline_of(alarm).at_s),
        "action": alarm.action,
    }


def alarm_as_text(alarm: "Alarm", *, now_s: float) -> str:
    """Return an alarm in two lines; what was said a while ago, with when that was."""
    from batteryd.rules.headline import headline_of

    headline = headline_of(alarm)
    said = headline.as_of(instant(headline.at_s), now_s=now_s)
    until_s = alarm.suppressed_until_s
    shelf = "" if until_s is None else f"  shelved until {instant(until_s)}"
    return (
        f"{alarm.priority.text:<8} {alarm.condition.value:<23} {alarm.key}{shelf}\n"
        f"         since {instant(alarm.raised_at_s)}  {said}"
    )


def found_lines(alarm: "Alarm") -> "Iterator[str]":
    """Yield what was found of the cause of an alarm, in words and with times."""
    from batteryd.rules.found import Found

    entries = list(Found.in_evidence(alarm.evidence))
    if len(entries) < 2:
        return  # the alarm has said it
    yield "found, oldest first"
    for entry in entries:
        over = f", over {instant(entry['over_at_s'])}" if "over_at_s" in entry else ""
        priority = entry.get("priority", "")
        yield f"  {instant(entry['at_s'])}  {priority:<8}  {entry['why']}{over}"


def alarm_of(alarms: "Iterable[Alarm]", key: str) -> "Alarm":
    """Return the alarm that a command names.

    Raises:
        ConfigError: there is none with this key.
    """
    known = {str(alarm.key): alarm for alarm in alarms}
    if key in known:
        return known[key]
    near = difflib.get_close_matches(key, known, n=_KEYS_NEAR_MAX)
    guess = f"; did you mean {' or '.join(near)}?" if near else ""
    raise ConfigError.one(
        "alarms", "key", key, f"an alarm as `batteryd alarms list` shows it{guess}"
    )


def refusal_text(alarm: "Alarm", reason: "Reason") -> str:
    """Return why a step was refused."""
    from batteryd.rules.lifecycle_table import Reason

    by = f" by {alarm.acknowledged_by}" if alarm.acknowledged_by else ""
    said = {
        Reason.ALREADY_ACKNOWLEDGED: f"it has been acknowledged already{by}",
        Reason.NOTHING_TO_ACKNOWLEDGE: "it is over, and there is nothing to acknowledge",
        Reason.PROTECTS_LIFE: "a critical alarm of this rule protects life and is kept from nobody",
        Reason.SHELF_TIME_TOO_LONG: "an alarm is shelved for 7 days at most",
        Reason.SHELF_TIME_PAST: "that instant is past",
        Reason.NOT_SUPPRESSED: "it is not on the shelf",
        Reason.IS_OUT_OF_SERVICE: "it is out of service",
        Reason.IS_SUPPRESSED_BY_DESIGN: "another alarm explains it, and it is kept back for that",
    }
    return said.get(reason, reason.value.replace("_", " "))


def instant_or_none(at_s: float | None) -> str | None:
    """Return an instant as people and programs read it; None where there is none."""
    return None if at_s is None else instant(at_s)


def name(text: str) -> str:
    """Read who somebody is, or what they say, for argparse.

    Raises:
        ArgumentTypeError: it is blank.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError("must not be blank")
    return text.strip()


def duration_s(text: str) -> float:
    """Read `30m`, `2h` or `1d`, for argparse.

    Raises:
        ArgumentTypeError: it is no duration.
    """
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([mhd])", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration such as 30m, 2h or 1d")
    return float(found[1]) * _SECONDS[found[2]]
