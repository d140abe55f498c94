"""Instants, spans and lists as the sentences of holds have them.

Nothing here ever says that something is safe: it says what was seen, and when.
"""

import math
from collections.abc import Iterable
from datetime import UTC, datetime

UNKNOWN_S = math.nan  # an instant that nobody has said; it compares with nothing, so opens no gate


def instant(at_s: float) -> str:
    """Return `2025-09-26T11:16:44Z`."""
    if not math.isfinite(at_s):
        return "an unknown time"
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant_or_none(at_s: float | None) -> str | None:
    """Return an instant for evidence; None where it is unknown."""
    return None if at_s is None or not math.isfinite(at_s) else instant(at_s)


def span(seconds: float) -> str:
    """Return `95 s`, `12 min`, `3.5 h` or `2.0 d`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} d"


def listed(items: Iterable[str]) -> str:
    """Return `a`, `a and b` or `a, b and c`."""
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last
