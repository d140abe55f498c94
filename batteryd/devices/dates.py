"""Reads the dates that devices write.

Devices answer `CPS`, `07/30/20:7` (an overflowed year digit), `2001/01/01` (never set) or nothing
where a date should be. A date is read by the formats that its profile names, to the last character,
or not at all: guessing would put a wrong day into a warranty report. What the device said is always
kept.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from batteryd.domain.nameplate import DeviceDate

# Beside strptime's formats:
DATE_AND_TIME = "DateAndTime"  # the binary form of RFC 2579
UNIX_TIME = "UnixTime"  # seconds since 1970 as a whole number; 0 is not set
DAYS_SINCE_2000 = "DaysSince2000"  # as a whole number; 0 is not set
NAMED_FORMATS = (DATE_AND_TIME, UNIX_TIME, DAYS_SINCE_2000)

_DAY_0 = {UNIX_TIME: date(1970, 1, 1), DAYS_SINCE_2000: date(2000, 1, 1)}
_UNITS_A_DAY = {UNIX_TIME: 86400, DAYS_SINCE_2000: 1}
_DATE_AND_TIME_LENGTHS = (8, 11)  # without and with the zone
_YEARS = range(1990, 2100)  # a battery's; a year outside is a broken clock or field


def parse_device_date(
    raw: str | bytes | None, formats: Sequence[str], *, unset: Collection[date] = ()
) -> DeviceDate:
    """Return the date and its text; None as `raw` means that the device has no such field.

    Args:
        raw: as the device says it.
        formats: strptime's, or one of `NAMED_FORMATS`; tried in turn.
        unset: days that the maker writes where nobody has set a date.
    """
    if raw is None:
        return DeviceDate()
    found = _binary_date(raw, formats) if isinstance(raw, bytes) else None
    text = _text(raw, is_date=found is not None)
    day = found or _text_date(text, formats)
    is_known = day is not None and day.year in _YEARS and day not in unset
    return DeviceDate(value=day if is_known else None, raw=text)


def _binary_date(raw: bytes, formats: Sequence[str]) -> date | None:
    if DATE_AND_TIME not in formats or len(raw) not in _DATE_AND_TIME_LENGTHS:
        return None
    try:
        return date(int.from_bytes(raw[:2], "big"), raw[2], raw[3])
    except ValueError:
        return None


def _text(raw: str | bytes, *, is_date: bool) -> str:
    """Return what the device said as text; octets that are none in hexadecimal."""
    if isinstance(raw, str):
        return raw
    text = raw.rstrip(b"\0").decode("latin-1")
    return f"0x{raw.hex()}" if is_date or not text.isprintable() else text


def _text_date(text: str, formats: Sequence[str]) -> date | None:
    if not text.isascii():  # strptime would take digits of any script
        return None
    for known in formats:
        try:
            if known in _DAY_0:
                return _counted_date(text.strip(), known)
            return datetime.strptime(text.strip(), known).date()  # noqa: DTZ007  a day has no zone
        except (OverflowError, ValueError):
            continue
    return None


def _counted_date(text: str, known: str) -> date:
    if not text.isdecimal() or int(text) == 0:
        raise ValueError(f"{text!r} counts nothing")
    return _DAY_0[known] + timedelta(days=int(text) // _UNITS_A_DAY[known])
