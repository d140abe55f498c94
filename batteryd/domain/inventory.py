"""What stands where: sites, rooms, UPSs, DC buses, batteries, and the services that depend on them.

An asset is anything that is polled: a battery through its BMS, or a UPS through its card. The
register calls its identity `asset_id`, and so does everything here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property

from batteryd.domain.warranty import NO_TERMS, UNKNOWN_DATES, LifeDates, WarrantyTerms


class Chemistry(StrEnum):
    """Cell chemistry, as far as limits and voltage curves differ by it."""

    NMC = "NMC"
    NCA = "NCA"
    LMO = "LMO"
    LFP = "LFP"
    LTO = "LTO"


class AssetKind(StrEnum):
    """What kind of thing is polled."""

    BATTERY = "battery"
    UPS = "ups"


@dataclass(frozen=True, slots=True)
class Geometry:
    """How a battery is built. Counts are per the level above; None where nobody has said."""

    string_count: int | None = None
    module_count_per_string: int | None = None
    cell_count_per_module: int | None = None
    temperature_sensor_count_per_module: int | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """A place with an address and a time zone."""

    site_id: str
    name: str
    time_zone: str = "UTC"  # IANA name; only templates and reports use it


@dataclass(frozen=True, slots=True)
class Room:
    """A room: one fire, one cooling, one spatial unit of damage."""

    room_id: str
    site_id: str
    name: str


@dataclass(frozen=True, slots=True)
class DcBus:
    """Everything on one DC bus is live while any rack on it is connected."""

    dc_bus_id: str
    room_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Source:
    """How an asset is read. `address` never holds a secret; `credential` names one."""

    address: str  # modbus://host[:502]/UNIT or snmp://host[:161][?version=2c]
    profile: str
    credential: str | None = None
    poll_interval_s: float | None = None  # None: as the profile says


@dataclass(frozen=True, slots=True)
class Ups:
    """A UPS; polled itself where `source` is given."""

    ups_id: str
    room_id: str
    name: str
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Battery:
    """One battery (usually one rack with its BMS), as the register has it."""

    asset_id: str
    room_id: str
    ups_id: str | None = None
    dc_bus_id: str | None = None
    rack: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    serial_number: str | None = None
    chemistry: Chemistry | None = None
    capacity_ah: float | None = None
    energy_kwh: float | None = None
    geometry: Geometry = Geometry()
    dates: LifeDates = UNKNOWN_DATES
    warranty: WarrantyTerms = NO_TERMS
    source: Source | None = None  # None: in the register, not polled


@dataclass(frozen=True, slots=True)
class Service:
    """Something that people rely on. Grade 1 is the most important."""

    name: str
    grade: int  # 1 to 4
    ups_id: str | None = None
    room_id: str | None = None
    valid_from: date | None = None  # None: from the beginning
    valid_to: date | None = None  # the last day on which it counts; None: until the next row


@dataclass(frozen=True, slots=True)
class Asset:
    """What the poller, the rules and the journal need to know of one polled thing."""

    asset_id: str
    kind: AssetKind
    site_id: str
    room_id: str
    name: str
    source: Source
    chemistry: Chemistry | None = None
    capacity_ah: float | None = None
    geometry: Geometry = Geometry()
    ups_id: str | None = None
    dc_bus_id: str | None = None
    rack: str | None = None


@dataclass(frozen=True)
class Inventory:
    """The whole register at one revision. `revision` is a digest of the files it came from.

    `batteries` are completed: a device's profile has filled in geometry and chemistry where nobody
    wrote them. `registered` are the same batteries as they were written, which is what the
    register's history keeps: a profile that learns something is no change of the register.
    """

    sites: Mapping[str, Site] = field(default_factory=dict)
    rooms: Mapping[str, Room] = field(default_factory=dict)
    dc_buses: Mapping[str, DcBus] = field(default_factory=dict)
    ups: Mapping[str, Ups] = field(default_factory=dict)
    batteries: Mapping[str, Battery] = field(default_factory=dict)
    services: tuple[Service, ...] = ()
    revision: str = ""
    registered: Mapping[str, Battery] = field(default_factory=dict)
    source: str = ""  # the file that the batteries stand in
    source_sha256: str = ""

    @cached_property
    def assets(self) -> Mapping[str, Asset]:
        """Return everything that is polled, by id: UPSs first, then batteries, as written."""
        found: dict[str, Asset] = {}
        for ups in self.ups.values():
            if ups.source is not None:
                found[ups.ups_id] = Asset(
                    asset_id=ups.ups_id,
                    kind=AssetKind.UPS,
                    site_id=self.rooms[ups.room_id].site_id,
                    room_id=ups.room_id,
                    name=ups.name,
                    source=ups.source,
                    ups_id=ups.ups_id,
                )
        for battery in self.batteries.values():
            if battery.source is not None:
                found[battery.asset_id] = Asset(
                    asset_id=battery.asset_id,
                    kind=AssetKind.BATTERY,
                    site_id=self.rooms[battery.room_id].site_id,
                    room_id=battery.room_id,
                    name=battery.rack or battery.asset_id,
                    source=battery.source,
                    chemistry=battery.chemistry,
                    capacity_ah=battery.capacity_ah,
                    geometry=battery.geometry,
                    ups_id=battery.ups_id,
                    dc_bus_id=battery.dc_bus_id,
                    rack=battery.rack,
                )
        return found

    def services_of(
        self, *, ups_id: str | None, room_id: str, day: date | None = None
    ) -> tuple[Service, ...]:
        """Return the services reached through a UPS or a room, most important grade first.

        Args:
            ups_id: None where no UPS is concerned.
            room_id: everything in a room shares its fire and its cooling.
            day: the rows that count on it; None: every row, whatever its dates.
        """
        reached = [
            s for s in self.services
            if s.room_id == room_id or (ups_id is not None and s.ups_id == ups_id)
        ]  # fmt: skip
        counting = reached if day is None else standing_services(reached, day=day)
        return tuple(sorted(counting, key=lambda s: (s.grade, s.name)))


def standing_services(services: Iterable[Service], *, day: date) -> tuple[Service, ...]:
    """Return the rows that count on a day.

    Of the rows about one service and one way to it, the one that began last counts; a row without
    `valid_from` began before all others. It no longer does after its `valid_to`.
    """
    standing: dict[tuple[str, str | None, str | None], Service] = {}
    for service in sorted(services, key=lambda s: s.valid_from or date.min):
        if (service.valid_from or date.min) <= day:
            standing[service.name, service.ups_id, service.room_id] = service
    return tuple(s for s in standing.values() if s.valid_to is None or day <= s.valid_to)
