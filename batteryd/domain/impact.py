"""What goes down with a battery, a DC bus or a room: its blast radius, in services.

Damage follows two edges, power and space. A battery reaches the services of its UPS and those of
its room: in a fire, what shares the room and its cooling is lost whether or not it shares a feed.

    battery   the services of its UPS; the services of its room
    DC bus    everything that a battery on it reaches; the services of the bus's own room
    room      the services of the room; of every UPS in it; of the UPS of every battery in it

The services come in the order of their grade and then of their name, and that is also the order in
which they would be restored: grade 1 first. It is the order that was followed when 709 systems had
to be brought back after the fire of 26 September 2025, and one that holds however long each takes:
a service of grade 1 never waits for one of grade 4 that happens to be quicker.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from batteryd.domain.clearance import ImpactedService
from batteryd.domain.inventory import Inventory, Service, standing_services


def impact_of(
    inventory: Inventory,
    *,
    batteries: Iterable[str] = (),
    dc_bus: str | None = None,
    room: str | None = None,
    day: date,
) -> tuple[ImpactedService, ...]:
    """Return the services that these things reach, in the order in which they would be restored.

    Each service comes once, with the most important grade that it has on the day and every way in
    which it is reached. Ids that the inventory does not have reach nothing.
    """
    named = frozenset(batteries)
    hit = [
        b for b in inventory.batteries.values()
        if b.asset_id in named or _is(b.dc_bus_id, dc_bus) or _is(b.room_id, room)
    ]  # fmt: skip
    room_ids = {battery.room_id for battery in hit}
    room_ids |= {bus.room_id for bus in inventory.dc_buses.values() if _is(bus.dc_bus_id, dc_bus)}
    room_ids |= {room} if room is not None else set()
    ups_ids = {battery.ups_id for battery in hit if battery.ups_id is not None}
    ups_ids |= {ups.ups_id for ups in inventory.ups.values() if _is(ups.room_id, room)}
    reached = standing_services(inventory.services, day=day)
    return _in_order(_ways(reached, ups_ids=ups_ids, room_ids=room_ids))


def _is(found: str | None, wanted: str | None) -> bool:
    return wanted is not None and found == wanted


def _ways(
    services: Iterable[Service], *, ups_ids: set[str], room_ids: set[str]
) -> Iterator[tuple[Service, str]]:
    for service in services:
        if service.ups_id in ups_ids:
            yield service, f"UPS {service.ups_id}"
        if service.room_id in room_ids:
            yield service, f"room {service.room_id}"


def _in_order(ways: Iterable[tuple[Service, str]]) -> tuple[ImpactedService, ...]:
    grades: dict[str, int] = {}
    reached_by: dict[str, set[str]] = {}
    for service, way in ways:
        grades[service.name] = min(service.grade, grades.get(service.name, service.grade))
        reached_by.setdefault(service.name, set()).add(way)
    return tuple(
        ImpactedService(name, grades[name], ", ".join(sorted(reached_by[name])))
        for name in sorted(grades, key=lambda name: (grades[name], name))
    )
