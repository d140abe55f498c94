"""Which services the work can take down: through the UPS of a battery in scope, or its room.

What is unknown reaches: a service may hang on a battery whose UPS nobody has written down, and one
of which nobody knows what it depends on may hang on any.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from batteryd.clearance.facts import BatteryFacts, Facts, ServiceFacts
from batteryd.clearance.scope import in_scope
from batteryd.domain.clearance import ImpactedService

_UNKNOWN_GRADE_FIRST = 0  # worse than 1, the most important that is known


@dataclass(frozen=True, slots=True)
class ReachedService:
    """A service and all rows that reach it; `grade` is the most important, None where one is."""

    name: str
    grade: int | None
    ways: tuple[str, ...]
    rows: tuple[ServiceFacts, ...]

    @property
    def reached_by(self) -> str:
        """How it is reached, in words."""
        return ", ".join(self.ways)


def reached_services(facts: Facts) -> tuple[ReachedService, ...]:
    """Return the services that the work can take down, the most important first, then by name."""
    scope = in_scope(facts)
    ways: dict[str, dict[str, None]] = {}
    rows: dict[str, list[ServiceFacts]] = {}
    for service in facts.services:
        found = tuple(_ways(service, scope))
        if found:
            ways.setdefault(service.name, {}).update(dict.fromkeys(found))
            rows.setdefault(service.name, []).append(service)
    reached = (
        ReachedService(name, _gravest(rows[name]), tuple(ways[name]), tuple(rows[name]))
        for name in ways
    )
    return tuple(sorted(reached, key=lambda s: (s.grade or _UNKNOWN_GRADE_FIRST, s.name)))


def impact_of(facts: Facts) -> tuple[ImpactedService, ...]:
    """Return the same for people: name, grade, and how it is reached."""
    return tuple(ImpactedService(s.name, s.grade, s.reached_by) for s in reached_services(facts))


def _gravest(rows: list[ServiceFacts]) -> int | None:
    return min(row.grade or _UNKNOWN_GRADE_FIRST for row in rows) or None


def _ways(service: ServiceFacts, scope: tuple[BatteryFacts, ...]) -> Iterator[str]:
    if service.ups_id is None and service.room_id is None:
        yield "nobody knows what: what it depends on is not written down"
        return
    for battery in scope:
        yield from _way("UPS", service.ups_id, battery.ups_id, battery)
        yield from _way("room", service.room_id, battery.room_id, battery)


def _way(what: str, wanted: str | None, there: str | None, battery: BatteryFacts) -> Iterator[str]:
    if wanted is not None and there == wanted:
        yield f"{what} {wanted}"
    elif wanted is not None and there is None:
        yield f"perhaps {what} {wanted}, as that of {battery.asset_id} is unknown"
