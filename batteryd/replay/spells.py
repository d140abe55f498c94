"""Alarms as spells: from when they were raised until they returned, and how bad they got.

Events say what changed; people compare what stood. A spell is one raised alarm with all that was
added to it, whatever number of events it took.
"""

import math
from dataclasses import dataclass, replace

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change, Priority


@dataclass(frozen=True, slots=True)
class Spell:
    """One alarm from its beginning to its end."""

    key: AlarmKey
    raised_at_s: float
    priority: Priority  # the most urgent that it had
    why: str  # what was said when it was raised
    returned_at_s: float | None = None  # None: it had not returned at the end of what was read

    def overlaps(self, other: "Spell") -> bool:
        """Whether both stood at some instant."""
        ends_s, other_ends_s = (
            math.inf if spell.returned_at_s is None else spell.returned_at_s
            for spell in (self, other)
        )
        return self.raised_at_s < other_ends_s and other.raised_at_s < ends_s


class Spells:
    """Gathers spells from events in their order."""

    def __init__(self) -> None:
        self._standing: dict[AlarmKey, Spell] = {}
        self._over: list[Spell] = []

    def note(self, event: AlarmEvent) -> None:
        """Take the next event."""
        match event.change:
            case Change.RAISED:
                new = Spell(event.key, event.at_s, event.priority, event.why)
                spell = self._standing.get(event.key, new)
                worst = max(spell.priority, event.priority)
                self._standing[event.key] = replace(spell, priority=worst)
            case Change.RETURNED:
                over = self._standing.pop(event.key, None)
                if over is not None:
                    self._over.append(replace(over, returned_at_s=event.at_s))

    def since(self, at_s: float) -> tuple[Spell, ...]:
        """Return the spells that stood at an instant or began later, in the order of beginning."""
        found = [s for s in self._over if s.returned_at_s is not None and s.returned_at_s > at_s]
        return tuple(sorted((*found, *self._standing.values()), key=lambda s: s.raised_at_s))
