"""What the register said of a battery or a service: from which day it counts, and who says so.

The register is bitemporal. An entry carries the day from which it is true (`effective_on`); the
ledger adds the instant at which it was recorded. What follows from the two is worked out in
`warranty.register`.
"""

from dataclasses import dataclass
from datetime import date

from batteryd.domain.inventory import Battery, Service
from batteryd.domain.nameplate import Nameplate


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """One battery as the register has it from a day on, until an entry of a later day.

    The battery is as it was written: a device's profile has filled in nothing.
    """

    battery: Battery
    effective_on: date
    source: str  # path of the file, or address of the system, that it came from
    source_sha256: str
    entered_by: str
    approved_by: str | None = None  # a second person; None: nobody yet
    site_id: str = ""  # of its room, so that an entry can be read without an inventory
    is_retired: bool = False  # the battery left the register on that day

    @property
    def asset_id(self) -> str:
        """The battery's id, under which the ledger keeps its entries."""
        return self.battery.asset_id


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """One way in which a service is reached, with its grade, as the inventory has it."""

    service: Service
    effective_on: date  # `date.min` where it counts from the beginning
    source: str
    source_sha256: str
    entered_by: str
    is_retired: bool = False

    @property
    def service_id(self) -> str:
        """Name, UPS and room, under which the ledger keeps its entries."""
        service = self.service
        return f"{service.name}/{service.ups_id or ''}/{service.room_id or ''}"


@dataclass(frozen=True, slots=True)
class RegisterFile:
    """A register as it was imported, kept so that it can be written back to the byte."""

    name: str
    sha256: str
    content_deflated: str  # zlib, base64


@dataclass(frozen=True, slots=True)
class DeviceSays:
    """What a device last said of itself: evidence that is held against contract and register."""

    asset_id: str
    nameplate: Nameplate
    observed_at_s: float
