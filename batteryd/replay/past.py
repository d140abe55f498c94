"""What happened around a battery during a stretch of the journal, beside what was read.

Where work had begun, limits were tighter and nothing was learned; where somebody had learned state
forgotten, it was learned anew from then on. A replay that left either out would say what would not
have been said.
"""

from itertools import pairwise
from math import inf
from typing import NamedTuple


class Turn(NamedTuple):
    """From an instant on, people work on the battery or near it, or do so no more."""

    at_s: float
    is_at_work: bool


class Past(NamedTuple):
    """What happened to one battery, both in the order of time."""

    turns: tuple[Turn, ...] = ()
    resets_s: tuple[float, ...] = ()

    def at_work_s(self, from_s: float, to_s: float) -> float:
        """Return for how much of a stretch people worked there."""
        ends = (*self.turns, Turn(inf, is_at_work=False))
        return sum(
            max(0.0, min(to_s, after.at_s) - max(from_s, turn.at_s))
            for turn, after in pairwise(ends)
            if turn.is_at_work
        )


NOTHING = Past()
