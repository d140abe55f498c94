"""Puts together what a clearance is decided on, for a work order of the living system.

The facts reach beyond the batteries that the order names: to everything on the same DC bus, which
is live while any rack on it is connected, and to everything in the same rooms, which burns with it.
What is not known stays None all the way; a battery that the inventory does not have is a fact of
which nothing is known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from batteryd.clearance.facts import (
    DEFAULT_LIMITS,
    AlarmFacts,
    BatteryFacts,
    ClearanceLimits,
    Facts,
    OrderFacts,
    ServiceFacts,
)
from batteryd.clearance.observe import points_lacking, reading_of
from batteryd.domain.inventory import Battery, Geometry, Inventory, Service
from batteryd.domain.snapshot import Snapshot
from batteryd.domain.work import Attestation, AttestationKind, WorkOrder
from batteryd.permits.dossier import Dossier
from batteryd.permits.trouble import alarm_facts
from batteryd.warranty.coverage import last_covered_day, service_life_last_day


@dataclass(frozen=True, slots=True)
class Sight:
    """What stands where, what was last read of it, and the numbers that checks compare with.

    `last_good` has the newest snapshot that did not fail; for an asset that has none, one that did
    may stand there: it tells which points the device has.
    """

    inventory: Inventory
    last_good: Mapping[str, Snapshot]  # by asset id
    limits: ClearanceLimits = DEFAULT_LIMITS


def facts_of(dossier: Dossier, *, sight: Sight, as_of_s: float) -> Facts:
    """Return everything that the checks of an order are decided on."""
    order, inventory = dossier.order, sight.inventory
    offset = _here(as_of_s, order, inventory=inventory).utcoffset()
    around = surroundings(order, inventory=inventory)
    return Facts(
        as_of_s=as_of_s,
        order=OrderFacts(
            work_order_id=order.work_order_id,
            kind=order.kind,
            starts_at_s=order.starts_at_s,
            ends_at_s=order.ends_at_s,
            last_day=last_planned_day(order, inventory=inventory),
            batteries=order.batteries,
            people=order.people,
            changed_at_s=order.changed_at_s,
        ),
        batteries={asset_id: _battery(asset_id, sight=sight) for asset_id in around},
        findings=tuple(f for f in dossier.findings if f.asset_id in around),
        alarms=_alarms(dossier, sight=sight, as_of_s=as_of_s),
        attestations=dossier.attestations,
        acceptances=dossier.acceptances,
        services=_services(dossier, around=around, inventory=inventory, as_of_s=as_of_s),
        grant=dossier.grant,
        limits=sight.limits,
        utc_offset_s=offset.total_seconds() if offset else 0.0,
    )


def surroundings(order: WorkOrder, *, inventory: Inventory) -> tuple[str, ...]:
    """Return the batteries of an order, and all on the same DC buses and in the same rooms.

    One behind the same UPS whose bus nobody knows may be on the same bus, wherever it stands.
    """
    known = tuple(_known(order, inventory=inventory))
    rooms = {battery.room_id for battery in known}
    upses = {battery.ups_id for battery in known} - {None}
    beside = (
        b.asset_id for b in inventory.batteries.values()
        if b.room_id in rooms or (b.dc_bus_id is None and b.ups_id in upses)
    )  # fmt: skip
    mates = bus_mates(order, inventory=inventory)
    return tuple(dict.fromkeys((*order.batteries, *mates, *beside)))


def bus_mates(order: WorkOrder, *, inventory: Inventory) -> tuple[str, ...]:
    """Return the batteries that an order does not name, on the DC buses of those that it does."""
    buses = {b.dc_bus_id for b in _known(order, inventory=inventory)} - {None}
    return tuple(
        b.asset_id for b in inventory.batteries.values()
        if b.dc_bus_id in buses and b.asset_id not in order.batteries
    )  # fmt: skip


def zone_of(order: WorkOrder, *, inventory: Inventory) -> ZoneInfo:
    """Return the time zone of an order's site; UTC where none of its batteries is known."""
    for battery in _known(order, inventory=inventory):
        return ZoneInfo(inventory.sites[inventory.rooms[battery.room_id].site_id].time_zone)
    return ZoneInfo("UTC")


def last_planned_day(order: WorkOrder, *, inventory: Inventory) -> date:
    """Return the day, at the site, on which the work is to end."""
    return _here(order.ends_at_s, order, inventory=inventory).date()


def _here(at_s: float, order: WorkOrder, *, inventory: Inventory) -> datetime:
    return datetime.fromtimestamp(at_s, zone_of(order, inventory=inventory))


def _known(order: WorkOrder, *, inventory: Inventory) -> tuple[Battery, ...]:
    named = (inventory.batteries.get(asset_id) for asset_id in order.batteries)
    return tuple(battery for battery in named if battery is not None)


def _battery(asset_id: str, *, sight: Sight) -> BatteryFacts:
    battery = sight.inventory.batteries.get(asset_id)
    if battery is None:
        return BatteryFacts(asset_id)
    snapshot = sight.last_good.get(asset_id)
    return BatteryFacts(
        asset_id=asset_id,
        room_id=battery.room_id,
        dc_bus_id=battery.dc_bus_id,
        ups_id=battery.ups_id,
        chemistry=battery.chemistry,
        cell_count=_cell_count(battery.geometry),
        warranty_last_day=last_covered_day(battery.warranty, battery.dates),
        service_life_last_day=service_life_last_day(battery.warranty, battery.dates),
        reading=reading_of(snapshot),
        points_lacking=_points_lacking(battery, snapshot),
    )


def _points_lacking(battery: Battery, snapshot: Snapshot | None) -> frozenset[str]:
    """Return what a device has no point for. One that was never heard may have them all."""
    if snapshot is None:
        return points_lacking(None) if battery.source is None else frozenset()
    return points_lacking(snapshot.layout)


def _cell_count(geometry: Geometry) -> int | None:
    """Return how many cells a string has in series."""
    modules, cells = geometry.module_count_per_string, geometry.cell_count_per_module
    return None if modules is None or cells is None else modules * cells


def _alarms(dossier: Dossier, *, sight: Sight, as_of_s: float) -> tuple[AlarmFacts, ...]:
    found = (alarm_facts(alarm, inventory=sight.inventory) for alarm in dossier.alarms)
    since_s = as_of_s - sight.limits.alarm_lookback_s
    return tuple(
        alarm for alarm in found
        if alarm is not None and (alarm.returned_at_s is None or alarm.returned_at_s >= since_s)
    )  # fmt: skip


def _services(
    dossier: Dossier, *, around: Iterable[str], inventory: Inventory, as_of_s: float
) -> tuple[ServiceFacts, ...]:
    """Return the services that hang on anything around, with the grade that they have today."""
    known = (inventory.batteries.get(asset_id) for asset_id in around)
    places = {(b.ups_id, b.room_id): b for b in known if b is not None}
    today = _here(as_of_s, dossier.order, inventory=inventory).date()
    reached = {
        service: None
        for ups_id, room_id in places
        for service in inventory.services_of(ups_id=ups_id, room_id=room_id, day=today)
    }
    changed_at_s = dossier.order.changed_at_s
    told = [
        said for said in dossier.attestations
        if changed_at_s is None or said.at_s > changed_at_s  # owners were told of other work
    ]  # fmt: skip
    return tuple(_service(service, told) for service in reached)


def _service(service: Service, attestations: Iterable[Attestation]) -> ServiceFacts:
    said = {a.kind: a.at_s for a in attestations if a.service == service.name}
    return ServiceFacts(
        name=service.name,
        grade=service.grade,
        ups_id=service.ups_id,
        room_id=service.room_id,
        owner_notified_at_s=said.get(AttestationKind.OWNER_NOTIFIED),
        recovery_copy_confirmed_at_s=said.get(AttestationKind.RECOVERY_COPY_CONFIRMED),
    )
