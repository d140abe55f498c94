"""Reads the register's history: batteries, services, devices and the imported file, as of a day.

`known_at_s` asks for what had been recorded by that instant; without it, for what is known today.
"""

import base64
import zlib
from datetime import UTC, date, datetime
from typing import NamedTuple

from batteryd.domain.inventory import Inventory, Service
from batteryd.domain.nameplate import Nameplate
from batteryd.domain.register import DeviceSays, RegisterEntry, RegisterFile
from batteryd.store.records import REGISTER, SERVICES, RecordKind, Records
from batteryd.warranty.register import as_of
from batteryd.warranty.register_overlay import with_register

DEVICES = RecordKind("device", DeviceSays)
REGISTER_FILES = RecordKind("register-file", RegisterFile)
IMPORTED = "imported"  # the record of the file that was imported last; older ones are its history


class ImportedFile(NamedTuple):
    """A register as somebody imported it."""

    name: str
    content: bytes


def register_as_of(
    records: Records, *, day: date, known_at_s: float | None = None
) -> dict[str, RegisterEntry]:
    """Return every battery that was in the register on a day, by asset id."""
    return as_of(records.revisions(REGISTER, known_at_s=known_at_s), day=day)


def inventory_as_registered(inventory: Inventory, records: Records, *, now_s: float) -> Inventory:
    """Return the inventory with terms and dates as the register has them today (UTC)."""
    today = datetime.fromtimestamp(now_s, UTC).date()
    return with_register(inventory, register_as_of(records, day=today))


def services_as_of(
    records: Records, *, day: date, known_at_s: float | None = None
) -> tuple[Service, ...]:
    """Return every way to a service that counted on a day."""
    found = as_of(records.revisions(SERVICES, known_at_s=known_at_s), day=day)
    services = (entry.service for entry in found.values())
    return tuple(s for s in services if s.valid_to is None or day <= s.valid_to)


def nameplates(records: Records, *, known_at_s: float | None = None) -> dict[str, Nameplate]:
    """Return what each device last said of itself, by asset id."""
    found = records.current(DEVICES, known_at_s=known_at_s)
    return {asset_id: says.nameplate for asset_id, says in found.items()}


def imported_file(records: Records, *, known_at_s: float | None = None) -> ImportedFile | None:
    """Return the file that was imported last; None where there was none."""
    found = records.one(REGISTER_FILES, IMPORTED, known_at_s=known_at_s)
    if found is None:
        return None
    return ImportedFile(found.name, zlib.decompress(base64.b64decode(found.content_deflated)))
