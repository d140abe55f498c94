"""On-delay and off-delay of many alarms of one rule at once: `Timing` for arrays.

A rule says of each of its places at which step (0 none, 1, 2) it stands, and whether it is back. A
step is raised once it has been reached for the on-delay without a break; the alarm returns once its
place has been back for the off-delay. A step never falls while the alarm is active. Of what is
unknown nothing is said: its delays neither start nor break. A clock that ran back, or a gap, starts
running delays anew and touches nothing that is active. A pause, after which things are as they were
before, lets what was reached go on; only what was back has to be seen back for the whole off-delay.

Only places that are active or waiting are remembered, which nearly always are none.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isnan
from typing import ClassVar, NamedTuple

import numpy as np

from batteryd.domain.alarm import Change
from batteryd.rules.rack import Bools, Floats

NAN = float("nan")
COLUMNS = 4
NOWHERE: frozenset[int] = frozenset()


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


@dataclass(slots=True)
class _Place:
    """What is remembered of a place that is active or waiting."""

    active: int = 0  # the step of the alarm, 0 while there is none
    raised_at_s: float = 0.0
    since_s: dict[int, float] = field(default_factory=dict)  # by step that is reached
    back_at_s: float | None = None


class Held:
    """The memory of all alarms of one rule: of places that are active or waiting only."""

    REMEMBERED: ClassVar[tuple[str, ...]] = ("table",)

    def __init__(self, count: int, *, on_delay_s: float, off_delay_s: float) -> None:
        self._count = count
        self._on_delay_s, self._off_delay_s = on_delay_s, off_delay_s
        self._places: dict[int, _Place] = {}

    @property
    def table(self) -> Floats:
        """The running delays, a row a place: its index, since when 1 and 2 are reached, or back.

        What is active is not among them: it is adopted, from those who know what was told. An alarm
        that was raised and never recorded is so raised again.
        """
        rows = [
            (index, p.since_s.get(1, NAN), p.since_s.get(2, NAN),
             NAN if p.back_at_s is None else p.back_at_s)
            for index, p in self._places.items()
        ]  # fmt: skip
        return np.array(rows, dtype=float).reshape(-1, COLUMNS)

    @table.setter
    def table(self, rows: Floats) -> None:
        self._places = {
            int(index): _Place(
                since_s={n: at_s for n, at_s in enumerate(since_s, 1) if not isnan(at_s)},
                back_at_s=None if isnan(back_at_s) else back_at_s,
            )
            for index, *since_s, back_at_s in rows[np.isin(rows[:, 0], range(self._count))].tolist()
        }

    @property
    def active_places(self) -> frozenset[int]:
        """Indices of the places that have an alarm."""
        if not self._places:
            return NOWHERE
        return frozenset(index for index, place in self._places.items() if place.active)

    @property
    def active(self) -> Bools:
        """Which places have an alarm."""
        return self._marked(lambda place: place.active > 0)

    @property
    def pending(self) -> Bools:
        """Which places have an alarm, or may have one soon."""
        return self._marked(lambda place: True)

    def take(self, judged: Judged, *, at_s: float) -> list[Turn]:
        """Take one judgement of all places; return what changed."""
        reached = (judged.step > 0).nonzero()[0]
        if not len(reached) and not self._places:
            return []
        turns = []
        for index in sorted({*reached.tolist(), *self._places}):
            step = float(judged.step[index])
            if isnan(step):  # nothing is known of it
                continue
            place = self._places.setdefault(index, _Place())
            turns += self._begun(index, place, int(step), at_s)
            turns += self._ended(index, place, at_s, is_back=bool(judged.is_back[index]))
            if not place.active and not place.since_s:
                del self._places[index]
        return turns

    def restart(self) -> None:
        """Let running delays begin anew."""
        self._places = {i: place for i, place in self._places.items() if place.active}
        for place in self._places.values():
            place.since_s.clear()
            place.back_at_s = None

    def pause(self) -> None:
        """Let no alarm return by a time in which nobody looked."""
        for place in self._places.values():
            place.back_at_s = None

    def adopt(self, index: int, *, step: int, raised_at_s: float) -> None:
        """Take over an alarm that is active."""
        place = self._places.setdefault(index, _Place())
        place.active, place.raised_at_s = step, raised_at_s

    def _begun(self, index: int, place: _Place, step: int, at_s: float) -> list[Turn]:
        reached = range(1, step + 1)
        place.since_s = {number: place.since_s.get(number, at_s) for number in reached}
        waited = [n for n, since_s in place.since_s.items() if at_s - since_s >= self._on_delay_s]
        due = max(waited, default=0)
        if due <= place.active:
            return []
        if not place.active:
            place.raised_at_s = at_s
        place.active, place.back_at_s = due, None
        return [Turn(index, Change.RAISED, due, at_s - place.since_s[due])]

    def _ended(self, index: int, place: _Place, at_s: float, *, is_back: bool) -> list[Turn]:
        if not is_back or not place.active:
            place.back_at_s = None
            return []
        if place.back_at_s is None:
            place.back_at_s = at_s
        if at_s - place.back_at_s < self._off_delay_s:
            return []
        step, place.active, place.back_at_s = place.active, 0, None
        return [Turn(index, Change.RETURNED, step, max(0.0, at_s - place.raised_at_s))]

    def _marked(self, fits: Callable[[_Place], bool]) -> Bools:
        marks = np.zeros(self._count, dtype=bool)
        marks[[index for index, place in self._places.items() if fits(place)]] = True
        return marks
