"""On-delay and off-delay of many alarms of one rule at once: `Timing` for arrays.

A rule says of each of its places at which step (0 none, 1, 2) it stands, and whether it is back. A
step is raised once it has been reached for the on-delay without a break; the alarm returns once its
place has been back for the off-delay. A step never falls while the alarm is active. Of what is
unknown nothing is said: its delays neither start nor break. A clock that ran back, or a gap, starts
running delays anew and touches nothing that is active.
"""

from typing import ClassVar, NamedTuple

import numpy as np

from batteryd.domain.alarm import Change
from batteryd.rules.rack import Bools, Floats

STEPS = 2
_NO_TIME = np.inf


class Judged(NamedTuple):
    """What a rule says of its places at one instant."""

    step: Floats  # 0, 1 or 2; NaN where nothing is known
    is_back: Bools


class Turn(NamedTuple):
    """A place whose alarm began, grew or ended."""

    place: int  # index
    change: Change
    step: int
    for_s: float  # of a beginning: since it was reached; of an end: since it was raised


class Held:
    """The memory of all alarms of one rule."""

    # What is active is adopted instead, from those who know what was told.
    REMEMBERED: ClassVar[tuple[str, ...]] = ("since_s", "back_at_s")

    def __init__(self, count: int, *, on_delay_s: float, off_delay_s: float) -> None:
        self._on_delay_s, self._off_delay_s = on_delay_s, off_delay_s
        self.active = np.zeros(count)
        self.raised_at_s = np.zeros(count)
        self.since_s = np.full((STEPS, count), _NO_TIME)
        self.back_at_s = np.full(count, _NO_TIME)
        self._is_quiet = False

    def take(self, judged: Judged, *, at_s: float) -> list[Turn]:
        """Take one judgement of all places; return what changed."""
        is_reached = judged.step > 0
        if self._is_quiet and not is_reached.any():
            return []
        is_known = np.isfinite(judged.step)
        for number in range(STEPS):
            reached = judged.step > number
            since = self.since_s[number]
            np.copyto(since, np.minimum(since, at_s), where=reached)
            np.copyto(since, _NO_TIME, where=is_known & ~reached)
        turns = self._begun(at_s) + self._ended(judged, is_known, at_s)
        is_pending = np.isfinite(self.since_s).any()
        self._is_quiet = not (is_pending or self.active.any())
        return turns

    def restart(self) -> None:
        """Let running delays begin anew."""
        self.since_s.fill(_NO_TIME)
        self.back_at_s.fill(_NO_TIME)
        self._is_quiet = False

    def adopt(self, index: int, *, step: int, raised_at_s: float) -> None:
        """Take over an alarm that is active."""
        self.active[index], self.raised_at_s[index] = step, raised_at_s
        self._is_quiet = False

    def _begun(self, at_s: float) -> list[Turn]:
        waited_s = at_s - self.since_s
        due = (waited_s >= self._on_delay_s).sum(axis=0)
        turns = []
        for index in (due > self.active).nonzero()[0].tolist():
            step = int(due[index])
            if not self.active[index]:
                self.raised_at_s[index] = at_s
            self.active[index], self.back_at_s[index] = step, _NO_TIME
            turns.append(Turn(index, Change.RAISED, step, float(waited_s[step - 1, index])))
        return turns

    def _ended(self, judged: Judged, is_known: Bools, at_s: float) -> list[Turn]:
        is_back = judged.is_back & is_known & (self.active > 0)
        np.copyto(self.back_at_s, np.minimum(self.back_at_s, at_s), where=is_back)
        np.copyto(self.back_at_s, _NO_TIME, where=is_known & ~is_back)
        turns = []
        over = at_s - self.back_at_s >= self._off_delay_s
        for index in (over & is_back).nonzero()[0].tolist():
            lasted_s = max(0.0, at_s - float(self.raised_at_s[index]))
            turns.append(Turn(index, Change.RETURNED, int(self.active[index]), lasted_s))
            self.active[index], self.back_at_s[index] = 0, _NO_TIME
        return turns
