"""Reads the dates that devices write.

Devices answer `CPS`, `07/30/20:7` (an overflowed year digit) or nothing where a date should be. A
date is read by the formats that its profile names, to the last character, or not at all: guessing
would put a wrong day into a warranty report. What the device said is always kept.
"""

from collections.abc import Sequence
from datetime import datetime

from batteryd.domain.nameplate import DeviceDate


def parse_device_date(raw: str | None, formats: Sequence[str]) -> DeviceDate:
    """Return the date and its text; None as `raw` means that the device has no such field."""
    if raw is None:
        return DeviceDate()
    for known in formats:
        try:
            value = datetime.strptime(raw.strip(), known).date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            continue
        return DeviceDate(value=value, raw=raw)
    return DeviceDate(raw=raw)
