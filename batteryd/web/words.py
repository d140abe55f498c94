"""Numbers and instants as people read them; the filters that the templates use.

Unknown is written "unknown", never 0 and never blank. Local time appears here and nowhere else.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from batteryd.domain.alarm import MEASURE, UNIT, Alarm
from batteryd.domain.clearance import HoldCode
from batteryd.domain.conditions import ConditionStanding, ContractCondition
from batteryd.domain.warranty import WarrantyAssessment, WarrantyStatus
from batteryd.rules.found import FOUND, Found
from batteryd.rules.headline import headline_of

UNKNOWN = "unknown"
_RECENT_S = 20 * 3600.0  # an hour of the day is told without its day

# A unit stands last in the name of a number, but for a qualifier: `soc_pct_max`.
_UNITS = {
    "pct": "%", "v": "V", "mv": "mV", "a": "A", "c": "°C", "k": "K", "s": "s", "h": "h",
    "kwh": "kWh", "kohm": "kΩ",
}  # fmt: skip

_CHECKS = {
    HoldCode.LIFE_OVER: "warranty and service life",
    HoldCode.FINDING_OPEN: "open inspection findings",
    HoldCode.CHARGE_TOO_HIGH: "state of charge",
    HoldCode.NOT_ISOLATED: "isolation of everything on the DC bus",
    HoldCode.NOT_OBSERVED: "readings that are there and fresh",
    HoldCode.ALARM_IN_ROOM: "alarms in the room",
    HoldCode.ATTESTATION_MISSING: "what named people attest",
    HoldCode.OWNER_NOT_NOTIFIED: "owners of the services that hang on it",
    HoldCode.PERMIT_VOID: "validity, and changes since the GO",
}

_SAID_ELSEWHERE = frozenset({FOUND, UNIT, MEASURE})

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def number(value: float | None, unit: str = "", digits: int = 0) -> str:
    """Return `53.2 V`, or `unknown`."""
    if value is None:
        return UNKNOWN
    shown = f"{value:.{digits}f}"
    # A rounded -0.0 reads as a measurement error.
    shown = shown.removeprefix("-") if float(shown) == 0 else shown
    return f"{shown} {unit}".strip()


def share(part: float) -> str:
    """Return `5.0 %`. What is almost all, or almost nothing, is not called all or nothing."""
    if 0 < part < 0.001:
        return "less than 0.1 %"
    if 0.999 < part < 1:
        return "more than 99.9 %"
    return f"{100 * part:.1f} %"


def age(seconds: float | None) -> str:
    """Return how old something is: `4 s`, `12 min`, `3 h`, `2 d`, or `never read`."""
    if seconds is None:
        return "never read"
    for limit, divisor, unit in ((120, 1, "s"), (7200, 60, "min"), (172800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / divisor:.0f} {unit}"
    return f"{seconds / 86400:.0f} d"


def duration(seconds: float | None) -> str:
    """Return a time span: `45 s`, `38 min`, `6 h`, or `unknown`."""
    return UNKNOWN if seconds is None else age(seconds)


def local_time(at_s: float, time_zone: str = "UTC") -> str:
    """Return `20:16:44` in a site's zone."""
    return datetime.fromtimestamp(at_s, UTC).astimezone(ZoneInfo(time_zone)).strftime("%H:%M:%S")


def local_when(at_s: float, now_s: float, time_zone: str = "UTC") -> str:
    """Return `20:16:44`, and with its day what is not of the last hours."""
    is_recent = abs(now_s - at_s) < _RECENT_S
    return local_time(at_s, time_zone) if is_recent else local_minute(at_s, time_zone)


def in_local_time(text: str, time_zone: str = "UTC") -> str:
    """Return a sentence with its instants as the site counts them."""
    return _INSTANT.sub(
        lambda found: local_instant(datetime.fromisoformat(found[0]).timestamp(), time_zone), text
    )


def local_instant(at_s: float, time_zone: str = "UTC") -> str:
    """Return `2025-09-26 20:16:44 KST`."""
    at = datetime.fromtimestamp(at_s, UTC).astimezone(ZoneInfo(time_zone))
    return at.strftime("%Y-%m-%d %H:%M:%S %Z")


def local_minute(at_s: float, time_zone: str = "UTC") -> str:
    """Return `2025-09-26 20:16 KST`."""
    at = datetime.fromtimestamp(at_s, UTC).astimezone(ZoneInfo(time_zone))
    return at.strftime("%Y-%m-%d %H:%M %Z")


def path(text: str) -> str:
    """Return an id as one segment of an address, whatever it is made of."""
    return quote(text, safe="")


def said(alarm: Alarm, now_s: float, time_zone: str = "UTC") -> str:
    """Return the sentence that an alarm goes by; unless it is fresh, with when it was said."""
    headline = headline_of(alarm)
    when = local_when(headline.at_s, now_s, time_zone)
    told = headline.as_of(when, now_s=now_s) if alarm.is_active else headline.said
    return in_local_time(told, time_zone)


def evidence(
    found: Mapping[str, object], now_s: float, time_zone: str = "UTC"
) -> tuple[tuple[str, str], ...]:
    """Return the rows of an evidence: units behind their numbers, instants local with their age."""
    return tuple(_row(name, value, now_s, time_zone) for name, value in found.items())


def found(of: Mapping[str, object]) -> tuple[Mapping[str, Any], ...]:
    """Return what an alarm's evidence lists as found, in the order of time."""
    return tuple(sorted(Found.in_evidence(of), key=lambda one: float(one["at_s"])))


def judged_by(of: Mapping[str, object]) -> Mapping[str, object]:
    """Return an alarm's evidence without what the page says elsewhere."""
    return {name: value for name, value in of.items() if name not in _SAID_ELSEWHERE}


def check_name(code: HoldCode) -> str:
    """Return what a check before work looks at."""
    return _CHECKS[code]


def standing(of: ConditionStanding) -> str:
    """Return how a condition stands in a word or two."""
    match of:
        case ConditionStanding.EXCEEDED:
            return "exceeded"
        case ConditionStanding.POSSIBLY_EXCEEDED:
            return "possibly exceeded"
        case ConditionStanding.UNKNOWN:
            return UNKNOWN
        case ConditionStanding.NOT_EXCEEDED:
            return "not exceeded"


def condition_name(of: ContractCondition) -> str:
    """Return what a condition is about."""
    match of:
        case ContractCondition.TEMPERATURE:
            return "temperature"
        case ContractCondition.CYCLES:
            return "cycles"
        case ContractCondition.THROUGHPUT:
            return "energy discharged"
        case ContractCondition.HEALTH:
            return "state of health"


def warranty(assessment: WarrantyAssessment | None) -> str:
    """Return the warranty's standing in a few words."""
    if assessment is None or assessment.last_day is None or assessment.days_left is None:
        return "warranty unknown"
    match assessment.status:
        case WarrantyStatus.IN_WARRANTY:
            return f"in warranty to {assessment.last_day}"
        case WarrantyStatus.EXPIRING:
            return f"warranty ends in {assessment.days_left} d"
        case WarrantyStatus.EXPIRED:
            return f"out of warranty since {assessment.last_day + timedelta(days=1)}"
        case WarrantyStatus.UNKNOWN:
            return "warranty unknown"


def _row(name: str, value: object, now_s: float, time_zone: str) -> tuple[str, str]:
    words = name.split("_")
    shown = _shown(value, now_s=now_s, time_zone=time_zone)
    unit = next((word for word in words[1:] if word in _UNITS), None)
    if unit is None or isinstance(value, bool) or not isinstance(value, int | float):
        return " ".join(words), shown
    return " ".join(word for word in words if word != unit), f"{shown} {_UNITS[unit]}"


def _shown(value: object, *, now_s: float, time_zone: str) -> str:
    if isinstance(value, Mapping):
        rows = evidence(value, now_s, time_zone)
        return ", ".join(f"{name} {shown}" for name, shown in rows)
    if isinstance(value, list | tuple):
        return "; ".join(_shown(v, now_s=now_s, time_zone=time_zone) for v in value) or "none"
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        at_s = datetime.fromisoformat(value).timestamp()
        ago = f", {age(now_s - at_s)} ago" if at_s <= now_s else ""
        return f"{local_instant(at_s, time_zone)}{ago}"
    return _scalar(value)


def _scalar(value: object) -> str:
    match value:
        case None:
            return UNKNOWN
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.6g}"
        case _:
            return str(value)


FILTERS = {
    "number": number,
    "share": share,
    "age": age,
    "duration": duration,
    "local_time": local_time,
    "local_when": local_when,
    "in_local_time": in_local_time,
    "local_instant": local_instant,
    "local_minute": local_minute,
    "path": path,
    "evidence": evidence,
    "found": found,
    "said": said,
    "judged_by": judged_by,
    "standing": standing,
    "check_name": check_name,
    "condition_name": condition_name,
    "warranty": warranty,
}
