"""Numbers and instants as people read them; the filters that the templates use.

Unknown is written "unknown", never 0 and never blank. Local time appears here and nowhere else.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from batteryd.domain.warranty import WarrantyAssessment, WarrantyStatus

UNKNOWN = "unknown"


def number(value: float | None, unit: str = "", digits: int = 0) -> str:
    """Return `53.2 V`, or `unknown`."""
    if value is None:
        return UNKNOWN
    shown = f"{value:.{digits}f}"
    # A rounded -0.0 reads as a measurement error.
    shown = shown.removeprefix("-") if float(shown) == 0 else shown
    return f"{shown} {unit}".strip()


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


def local_instant(at_s: float, time_zone: str = "UTC") -> str:
    """Return `2025-09-26 20:16:44 KST`."""
    at = datetime.fromtimestamp(at_s, UTC).astimezone(ZoneInfo(time_zone))
    return at.strftime("%Y-%m-%d %H:%M:%S %Z")


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
            return f"out of warranty since {assessment.last_day}"
        case WarrantyStatus.UNKNOWN:
            return "warranty unknown"


FILTERS = {
    "number": number,
    "age": age,
    "duration": duration,
    "local_time": local_time,
    "local_instant": local_instant,
    "warranty": warranty,
}
