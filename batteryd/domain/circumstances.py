"""What is known around an event when people are told of it: place, newest data, warranty, services.

An alarm is about an asset, a room, batteryd itself, or a piece of work. Of work everything counts
that the order names: its first room, the oldest of the newest readings, the cover that ends first,
and every service that hangs on any of its batteries.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from batteryd.domain.alarm import AlarmEvent
from batteryd.domain.inventory import Inventory, Service, Site
from batteryd.domain.message import AlarmMessage, concerned
from batteryd.domain.snapshot import Snapshot
from batteryd.domain.warranty import WarrantyAssessment

OWN_SITE = Site("batteryd", "batteryd")  # of what is about batteryd itself


class Place(NamedTuple):
    """Room, UPS and name; None where there is none, or nobody knows it."""

    room_id: str | None
    ups_id: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known at present."""

    inventory: Inventory
    last_good: Mapping[str, Snapshot]
    assessments: Mapping[str, WarrantyAssessment]

    def message(self, event: AlarmEvent, *, since_s: float) -> AlarmMessage:
        """Return what people are told of an event whose condition began at `since_s`."""
        inventory, asset_id = self.inventory, event.key.asset_id
        work = concerned(event.evidence)
        about = work.batteries if work else (asset_id,)
        places = [place_of(inventory, name) for name in about]
        site = inventory.sites.get(event.key.site_id, OWN_SITE)
        read = [good.observed_at_s for name in about if (good := self.last_good.get(name))]
        return AlarmMessage(
            event=event,
            since_s=since_s,
            site=site,
            room=next((inventory.rooms[p.room_id] for p in places if p.room_id), None),
            asset_name=f"work order {asset_id}" if work else places[0].name,
            observed_at_s=min(read, default=None),
            warranty=self._shortest_warranty(about),
            services=_services(inventory, places, day=day_at(site, at_s=event.at_s)),
            work_order_id=work.work_order_id if work else None,
            people=work.people if work else (),
            has_strings=_has_strings(inventory, asset_id),
        )

    def _shortest_warranty(self, asset_ids: Iterable[str]) -> WarrantyAssessment | None:
        """Return what is known of the battery whose cover ends first; an unknown end is first."""
        known = [self.assessments[name] for name in asset_ids if name in self.assessments]
        return min(
            known, key=lambda a: -math.inf if a.days_left is None else a.days_left, default=None
        )


def place_of(inventory: Inventory, asset_id: str) -> Place:
    """Return the place of a battery, a UPS or a room; of anything else only its name."""
    battery, ups = inventory.batteries.get(asset_id), inventory.ups.get(asset_id)
    if battery is not None:
        return Place(battery.room_id, battery.ups_id, battery.rack or asset_id)
    if ups is not None:
        return Place(ups.room_id, ups.ups_id, ups.name)
    if asset_id in inventory.rooms:
        return Place(asset_id, None, inventory.rooms[asset_id].name)
    return Place(None, None, asset_id)


def _has_strings(inventory: Inventory, asset_id: str) -> bool:
    battery = inventory.batteries.get(asset_id)
    return battery is None or battery.geometry.string_count != 1


def day_at(site: Site | None, *, at_s: float) -> date:
    """Return the calendar day at a site: cover ends at its midnight, not at Greenwich's."""
    zone = ZoneInfo(site.time_zone if site else "UTC")
    return datetime.fromtimestamp(at_s, zone).date()


def _services(inventory: Inventory, places: Iterable[Place], *, day: date) -> tuple[Service, ...]:
    """Return the services that hang on any of these places, most important grade first."""
    reached = {
        service
        for place in places
        if place.room_id is not None
        for service in inventory.services_of(ups_id=place.ups_id, room_id=place.room_id, day=day)
    }
    return tuple(sorted(reached, key=lambda s: (s.grade, s.name)))
