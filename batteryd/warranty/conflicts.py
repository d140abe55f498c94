"""Where contract, register and device disagree about one battery.

Three sources speak of the same facts. The contract counts before the register, the register before
the device; but a disagreement is always told, with what each of them says, and never settled by
quietly taking one. What only one of them says is no disagreement.

    fact            contract                     register                      device
    warranty end    last covered day it names    months from the basis's day   -
    manufactured    -                            manufactured_on               manufactured_on
    installed       -                            installed_on                  last_replaced_on
    service life    -                            last day of the service life  replace_by
    serial, model   -                            serial_number, model          serial, model

A device's replace-by date is compared with the recommended service life, which is what it is about.
It is never the end of the warranty, and where it differs from that the text says so, because it is
often taken for it. A date that the device writes and nobody can read is no date.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from batteryd.domain.inventory import Battery
from batteryd.domain.nameplate import DeviceDate, Nameplate
from batteryd.warranty.coverage import cover_of, service_life_last_day


class Speaker(StrEnum):
    """Who says something about a battery, in the order in which they count."""

    CONTRACT = "contract"
    REGISTER = "register"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says of a fact, as text."""

    by: Speaker
    value: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """One fact on which sources disagree. `said` is in the order in which they count."""

    asset_id: str
    fact: str  # the register's column, or `replace_by`
    said: tuple[Said, ...]
    text: str

    @property
    def counts(self) -> Speaker:
        """Whose word counts until somebody has settled it."""
        return self.said[0].by


def conflicts_of(battery: Battery, nameplate: Nameplate | None) -> tuple[Conflict, ...]:
    """Return every disagreement about a battery; None where its device never said anything."""
    found = list(_contract_against_register(battery))
    if nameplate is not None:
        found += _register_against_device(battery, nameplate)
    return tuple(found)


def _contract_against_register(battery: Battery) -> Iterator[Conflict]:
    terms = battery.warranty
    if terms.ends_on is None:
        return
    counted = cover_of(replace(terms, ends_on=None, extension_months=None), battery.dates)
    if counted.last_day is None or counted.last_day == terms.ends_on:
        return
    yield Conflict(
        battery.asset_id,
        "warranty_ends_on",
        (Said(Speaker.CONTRACT, str(terms.ends_on)), Said(Speaker.REGISTER, str(counted.last_day))),
        f"the contract names {terms.ends_on} as the last covered day; {counted.reason} comes to"
        f" {counted.last_day}: the contract counts",
    )


def _register_against_device(battery: Battery, nameplate: Nameplate) -> Iterator[Conflict]:
    dates, device = battery.dates, nameplate
    yield from _texts(battery, "serial_number", battery.serial_number, device.serial)
    yield from _texts(battery, "model", battery.model, device.model)
    yield from _days(battery, "manufactured_on", dates.manufactured_on, device.manufactured_on)
    yield from _days(battery, "installed_on", dates.installed_on, device.last_replaced_on)
    yield from _replace_by(battery, device.replace_by)


def _texts(
    battery: Battery, fact: str, register: str | None, device: str | None
) -> Iterator[Conflict]:
    if register and device and _as_printed(register) != _as_printed(device):
        yield _device_disagrees(battery, fact, register, device)


def _days(
    battery: Battery, fact: str, register: date | None, device: DeviceDate
) -> Iterator[Conflict]:
    if register is not None and device.value is not None and register != device.value:
        yield _device_disagrees(battery, fact, str(register), str(device.value))


def _replace_by(battery: Battery, device: DeviceDate) -> Iterator[Conflict]:
    life = service_life_last_day(battery.warranty, battery.dates)
    warranty = cover_of(battery.warranty, battery.dates).last_day
    register = life or warranty
    if register is None or device.value is None or device.value == register:
        return
    ends = {"the recommended service life": life, "the warranty": warranty}
    known = ", ".join(f"{what} ends on {day}" for what, day in ends.items() if day is not None)
    yield Conflict(
        battery.asset_id,
        "replace_by",
        (Said(Speaker.REGISTER, str(register)), Said(Speaker.DEVICE, str(device.value))),
        f"the device asks to be replaced by {device.value}, which is not the end of a warranty;"
        f" {known}: the register counts",
    )


def _device_disagrees(battery: Battery, fact: str, register: str, device: str) -> Conflict:
    return Conflict(
        battery.asset_id,
        fact,
        (Said(Speaker.REGISTER, register), Said(Speaker.DEVICE, device)),
        f"the register has {register}, the device {device}: the register counts",
    )


def _as_printed(text: str) -> str:
    return " ".join(text.split()).casefold()
