"""Numbers, instants and evidence as they are printed. Unknown is printed as a word, never as a gap.

Local time appears here and in templates only, and always with the name of its zone.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

UNKNOWN = "unknown"

# The last part of a name that is one of these is its unit: `soc_pct_max` is "soc max" in "%".
_UNITS = {
    "pct": "%", "v": "V", "mv": "mV", "a": "A", "c": "°C", "k": "K", "ah": "Ah", "kwh": "kWh",
    "kohm": "kΩ", "s": "s", "h": "h",
}  # fmt: skip
_INSTANT_S_MIN = 1e8  # a number of seconds beyond it (three years) is no duration
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_AGES = ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h"))


def instant(at_s: float | None, zone: str) -> str:
    """Return `2025-09-26 20:16:44 KST`."""
    if at_s is None:
        return UNKNOWN
    at = datetime.fromtimestamp(at_s, UTC).astimezone(ZoneInfo(zone))
    return at.strftime("%Y-%m-%d %H:%M:%S %Z")


def utc(at_s: float) -> str:
    """Return `2025-09-26T11:16:44Z`, as files have it."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(from_s: float, to_s: float, zone: str) -> str:
    """Return `2025-09-26 19:00 to 21:00 KST`; the second date stands where it is another."""
    begin, end = (
        datetime.fromtimestamp(at_s, UTC).astimezone(ZoneInfo(zone)) for at_s in (from_s, to_s)
    )
    until = "%H:%M %Z" if begin.date() == end.date() else "%Y-%m-%d %H:%M %Z"
    return f"{begin:%Y-%m-%d %H:%M} to {end.strftime(until)}"


def age(duration_s: float) -> str:
    """Return `45 s`, `38 min`, `6 h`, `3 d`."""
    for limit_s, divisor, unit in _AGES:
        if abs(duration_s) < limit_s:
            return f"{duration_s / divisor:.0f} {unit}"
    return f"{duration_s / 86_400:.0f} d"


def instant_with_age(at_s: float | None, *, as_of_s: float, zone: str) -> str:
    """Return `2025-09-26 19:26:10 KST, 45 s before`."""
    if at_s is None:
        return UNKNOWN
    when = "before" if at_s <= as_of_s else "after"
    return f"{instant(at_s, zone)}, {age(abs(as_of_s - at_s))} {when}"


def amount(value: float | None, unit: str = "", *, digits: int = 1) -> str:
    """Return `53.2 V`, or `unknown`."""
    if value is None:
        return UNKNOWN
    shown = f"{value:.{digits}f}"
    return f"{shown.removeprefix('-') if float(shown) == 0 else shown} {unit}".strip()


def day(value: date | None) -> str:
    """Return `2024-08-19`, or `unknown`."""
    return UNKNOWN if value is None else value.isoformat()


def state(*, is_closed: bool | None) -> str:
    """Return the position of a switch."""
    return UNKNOWN if is_closed is None else "CLOSED" if is_closed else "open"


def evidence_words(evidence: Mapping[str, object], *, as_of_s: float, zone: str) -> str:
    """Return what was seen as one line; `as_of_s` is the instant from which ages count."""
    return "; ".join(_evidence_parts(evidence, as_of_s=as_of_s, zone=zone))


def _evidence_parts(evidence: Mapping[str, object], *, as_of_s: float, zone: str) -> Iterator[str]:
    for name, value in evidence.items():
        label, unit = _words_of(name)
        if isinstance(value, Mapping):
            yield f"{label}: {evidence_words(value, as_of_s=as_of_s, zone=zone)}"
        elif tables := _tables_in(value):
            words = (evidence_words(table, as_of_s=as_of_s, zone=zone) for table in tables)
            yield f"{label}: {' / '.join(words)}"
        elif (at_s := _instant_in(value, unit=unit)) is not None:
            yield f"{label} {instant_with_age(at_s, as_of_s=as_of_s, zone=zone)}"
        else:
            yield f"{label} {_value_words(value)}{f' {unit}' if unit and value is not None else ''}"


def _tables_in(value: object) -> tuple[Mapping[str, object], ...]:
    if not isinstance(value, list | tuple):
        return ()
    return tuple(inner for inner in value if isinstance(inner, Mapping))


def _instant_in(value: object, *, unit: str) -> float | None:
    """Return the instant that a value is, written as ISO 8601 in UTC or as seconds."""
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return datetime.fromisoformat(value).timestamp()
    if unit == "s" and isinstance(value, int | float) and value > _INSTANT_S_MIN:
        return float(value)
    return None


def _words_of(name: str) -> tuple[str, str]:
    """Return a name's words and its unit; a name of one part has no unit."""
    head, *rest = name.split("_")
    place = next((i for i in reversed(range(len(rest))) if rest[i] in _UNITS), None)
    if place is None:
        return name.replace("_", " ").removesuffix(" at"), ""
    return " ".join((head, *rest[:place], *rest[place + 1 :])), _UNITS[rest[place]]


def _value_words(value: object) -> str:
    match value:
        case None:
            return UNKNOWN
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}" if abs(value) < 1e6 else f"{value:.0f}"
        case list() | tuple():
            return ", ".join(map(_value_words, value)) or "none"
        case _:
            return str(value)
