"""What a device says of itself: who made it and which dates it carries.

The dates are different things. A UPS's replacement date is not the end of a contract's warranty,
and neither is the warranty's end that a BMS was given once (SunSpec has a field for it); a
manufacture date is not an installation date. Nothing here is ever merged.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class DeviceDate:
    """A date as the device writes it; `value` is None where `raw` cannot be read for sure."""

    value: date | None = None
    raw: str | None = None  # None: the device has no such field


@dataclass(frozen=True, slots=True)
class Nameplate:
    """Identity and dates of one device; None where the device does not say."""

    manufacturer: str | None = None
    model: str | None = None
    serial: str | None = None
    firmware: str | None = None
    manufactured_on: DeviceDate = DeviceDate()
    last_replaced_on: DeviceDate = DeviceDate()
    replace_by: DeviceDate = DeviceDate()
    warranty_ends_on: DeviceDate = DeviceDate()  # as the device says; the contract may differ


UNKNOWN_NAMEPLATE = Nameplate()
