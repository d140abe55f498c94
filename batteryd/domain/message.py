"""What an alarm's message says: all that somebody needs at three in the morning, in one body.

A notification has to be complete in itself, so the message is flattened into plain JSON values
when its event is recorded. The keys of `as_body` are what templates may name; they are a contract
with everybody's notify.toml: add keys, never rename one. Every key is always there, null where
nothing is known, so that a template that works for one alarm works for all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from batteryd.domain.alarm import MEASURE, UNIT, AlarmEvent
from batteryd.domain.component import Component
from batteryd.domain.inventory import Room, Service, Site
from batteryd.domain.quantity import QUANTITIES
from batteryd.domain.warranty import WarrantyAssessment, WarrantyStatus


@dataclass(frozen=True, slots=True)
class AlarmMessage:
    """An event together with what the people who hear of it need to know about its place."""

    event: AlarmEvent
    since_s: float  # when the condition began; the event's own instant where it just did
    site: Site
    room: Room | None  # None: about no place, e.g. about batteryd itself
    asset_name: str  # as people call it: "rack 4"
    observed_at_s: float | None  # when the newest data was read; None: never
    warranty: WarrantyAssessment | None = None
    services: tuple[Service, ...] = ()  # most important grade first
    work_order_id: str | None = None  # where it is about work
    people: tuple[str, ...] = ()  # on the permit: each of them is told
    has_strings: bool = True  # several of them: a rack's only string is the rack itself

    def as_body(self) -> dict[str, object]:
        """Return plain JSON values by key, every key always present."""
        return self._what() | self._where() | self._when() | self._standing()

    def _what(self) -> dict[str, object]:
        event = self.event
        quantity = QUANTITIES.get(event.quantity)
        own_unit = quantity.unit if quantity else ""
        return {
            "change": event.change.value,
            "priority": event.priority.text,
            "priority_number": int(event.priority),
            "rule": event.key.rule,
            "scope": event.scope.value,
            "quantity": event.quantity,
            "meaning": quantity.meaning if quantity else "",
            "unit": event.evidence.get(UNIT, own_unit),
            "value": event.value,
            "setpoint": event.setpoint,
            "measure": event.evidence.get(MEASURE, ""),
            "load": event.evidence.get("load"),
            "beyond_for_s": event.evidence.get("beyond_for_s"),
            "why": event.why,
            "action": event.action,
        }

    def _where(self) -> dict[str, object]:
        component = self.event.key.component
        return {
            "site_id": self.site.site_id,
            "site": self.site.name,
            "time_zone": self.site.time_zone,
            "room_id": self.room.room_id if self.room else None,
            "room": self.room.name if self.room else None,
            "asset_id": self.event.key.asset_id,
            "asset": self.asset_name,
            "component": str(component),
            "component_words": component_words(component, has_strings=self.has_strings),
        }

    def _when(self) -> dict[str, object]:
        at_s, observed_at_s = self.event.at_s, self.observed_at_s
        return {
            "at_s": at_s,
            "since_s": self.since_s,
            "duration_s": max(0.0, at_s - self.since_s),
            "observed_at_s": observed_at_s,
            "data_age_s": None if observed_at_s is None else max(0.0, at_s - observed_at_s),
        }

    def _standing(self) -> dict[str, object]:
        known = self.warranty
        last_day = known.last_day if known else None
        return {
            "warranty_status": (known.status if known else WarrantyStatus.UNKNOWN).value,
            "warranty_last_day": last_day.isoformat() if last_day else None,
            "warranty_days_left": known.days_left if known else None,
            "services": [{"name": s.name, "grade": s.grade} for s in self.services],
            "work_order_id": self.work_order_id,
            "people": list(self.people),
        }


class Concerned(NamedTuple):
    """Whom and what an alarm about work is about. It travels in the evidence of the event.

    So it is there after a restart, and at the end of an alarm whose order has changed since.
    """

    work_order_id: str
    people: tuple[str, ...]
    batteries: tuple[str, ...]

    def as_evidence(self) -> dict[str, object]:
        """Return what `concerned` reads back."""
        return {
            "work_order_id": self.work_order_id,
            "people": list(self.people),
            "batteries": list(self.batteries),
        }


def concerned(evidence: Mapping[str, object]) -> Concerned | None:
    """Return whom an event's evidence names; None where the event is not about work."""
    match evidence:
        case {"work_order_id": str(order_id), "people": [*people], "batteries": [*batteries]}:
            return Concerned(order_id, tuple(map(str, people)), tuple(map(str, batteries)))
        case _:
            return None


def component_words(component: Component, *, has_strings: bool = True) -> str:
    """Return `string 1, module 3, cell 7`; empty for the battery as a whole.

    Without strings, as in a rack that has one only, `module 3, cell 7`.
    """
    levels = (
        ("string", component.string if has_strings else None),
        ("module", component.module),
        ("cell", component.cell),
        ("sensor", component.sensor),
    )
    return ", ".join(f"{name} {number}" for name, number in levels if number is not None)
