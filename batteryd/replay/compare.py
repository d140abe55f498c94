"""What one set of rules raises and another does not, spell by spell.

Two spells of one alarm that stood at the same time are the same trouble, seen by both. It may have
been raised earlier or later, or be more or less urgent. A spell that nothing stands beside is what
only one of the rule sets says. A rule that was renamed has other alarms: they are told as gone and
as new.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from batteryd.replay.spells import Spell

SAME_TIME_S = 1.0  # what a rounding of time may differ


class Outcome(StrEnum):
    """What becomes of an alarm under the other rules."""

    NEW = "new"  # would have been raised
    GONE = "gone"  # would no longer be raised
    CHANGED = "changed"  # at another time, or with another priority
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One trouble as both rule sets see it; None where one of them does not."""

    before: Spell | None
    after: Spell | None

    @property
    def outcome(self) -> Outcome:
        """Return what becomes of it."""
        if self.before is None:
            return Outcome.NEW
        if self.after is None:
            return Outcome.GONE
        as_urgent = self.before.priority == self.after.priority
        return Outcome.SAME if as_urgent and not self.later_s else Outcome.CHANGED

    @property
    def later_s(self) -> float:
        """Return how much later it is raised now; negative: earlier; 0 where it is the same."""
        if self.before is None or self.after is None:
            return 0.0
        later_s = self.after.raised_at_s - self.before.raised_at_s
        return later_s if abs(later_s) > SAME_TIME_S else 0.0

    @property
    def begins_s(self) -> float:
        """Return when either of them is first raised."""
        both = (self.before, self.after)
        return min(spell.raised_at_s for spell in both if spell is not None)


def compare(before: Sequence[Spell], after: Sequence[Spell]) -> tuple[Comparison, ...]:
    """Return every spell of both once, in the order of time.

    Both are in the order of their beginning, and spells of one alarm follow one another.
    """
    return tuple(sorted(_pairs(before, after), key=lambda pair: pair.begins_s))


def _pairs(before: Sequence[Spell], after: Sequence[Spell]) -> Iterator[Comparison]:
    unpaired = list(after)
    for spell in before:
        found = next((s for s in unpaired if s.key == spell.key and s.overlaps(spell)), None)
        if found is not None:
            unpaired.remove(found)
        yield Comparison(spell, found)
    yield from (Comparison(None, spell) for spell in unpaired)
