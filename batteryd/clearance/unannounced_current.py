"""Current pinned at zero: a rack that carried current carries none, while its neighbours still do.

Whoever takes a rack off its DC bus by a way that no contactor reports leaves this trace. So do
harmless things, and each is told apart by what the rest of the bus does meanwhile:

* A rack that is full first tapers off. Work is a step: at most `STEP_POLLS` polls before it stood
  at zero, the rack carried current that cannot be mistaken for noise.
* Mains fails or returns, or charging ends: then the neighbours' current steps as well. Here they
  carry, all the while, at least half of what they carried before.
* Everything rests: then the neighbours carry nothing either.
* The rack's own contactor or breaker is known to be open: that is a sign of its own.

What counts as zero is less than the noise of a sensor, or a number that does not change at all: an
open circuit read by a sensor that is a little off.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from batteryd.clearance.unannounced_sign import Sign, SignKey, SignKind
from batteryd.domain.component import WHOLE_BATTERY, Component, Scope
from batteryd.domain.inventory import Asset
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Column, Layout, Snapshot

ZERO_A = 0.05  # less is noise
CLEAR_A = 0.5  # as much is current
BACK_A = 0.1  # so far from where it was pinned, it moves again
STEP_POLLS = 3
POLLS = 5
FOR_S = 60.0
NEIGHBOUR_AGE_S_MAX = 60.0  # an older reading of a neighbour says nothing of now
KEPT_PART_MIN = 0.5  # of what the neighbours carried before

_Place = tuple[str, Component]  # a rack: an asset, or a string of one that has several


class _Columns(NamedTuple):
    """Where a layout speaks of one rack."""

    component: Component
    current: int
    switches: tuple[int, ...]  # contactor and breaker: its own, and those of the whole battery


@dataclass(slots=True)
class _Run:
    """Polls in a row at zero, and what was before."""

    first_a: float
    since_s: float
    carried_a: float
    carried_at_s: float
    neighbours_a: float = 0.0
    polls: int = 1

    def goes_on(self, current_a: float) -> bool:
        is_noise = abs(self.first_a) < ZERO_A and abs(current_a) < ZERO_A
        return is_noise or current_a == self.first_a

    def is_long(self, at_s: float) -> bool:
        return self.polls >= POLLS and at_s - self.since_s >= FOR_S


@dataclass(slots=True)
class _Carrier:
    """One rack on its bus."""

    recent_a: deque[float] = field(default_factory=lambda: deque(maxlen=STEP_POLLS))
    at_s: float = 0.0
    run: _Run | None = None
    pinned_a: float | None = None  # where it was pinned, while that sign stands

    def begins_run(self, current_a: float, at_s: float) -> bool:
        """Take a reading; return whether a run at zero begins with it."""
        carried_a, carried_at_s = max(self.recent_a, default=0.0), self.at_s
        self.recent_a.append(abs(current_a))
        self.at_s = at_s
        if self.run is not None and self.run.goes_on(current_a):
            self.run.polls += 1
            return False
        self.run = None
        if abs(current_a) < CLEAR_A <= carried_a:
            self.run = _Run(current_a, at_s, carried_a, carried_at_s)
        return self.run is not None

    def start_over(self) -> None:
        """Wait until it has carried clear current again."""
        self.run = None
        self.recent_a.clear()


class Currents:
    """What every rack carries, bus by bus."""

    def __init__(self, batteries: Mapping[str, Asset]) -> None:
        self._carriers: dict[_Place, _Carrier] = {}
        self._racks_in: dict[str, tuple[_Columns, ...]] = {}  # by layout
        self.replace(batteries)

    def replace(self, batteries: Mapping[str, Asset]) -> None:
        """Go on with another inventory."""
        self._bus_of = {a.asset_id: a.dc_bus_id for a in batteries.values() if a.dc_bus_id}
        self._places_on: dict[str, list[_Place]] = {}
        for place in self._carriers:
            self._join(place)

    def step(self, snapshot: Snapshot) -> list[Sign]:
        """Judge each rack of an asset by its current and by what its neighbours carry."""
        if snapshot.is_failed or snapshot.asset_id not in self._bus_of:
            return []
        layout_id = snapshot.layout.layout_id
        racks = self._racks_in.get(layout_id)
        if racks is None:
            racks = self._racks_in[layout_id] = _racks_in(snapshot.layout)
        found = (self._look(snapshot, columns) for columns in racks)
        return [sign for sign in found if sign is not None]

    def restore(self, sign: Sign) -> None:
        """Take over a rack that was pinned."""
        pinned_a = sign.seen.get("current_a")
        if sign.key.kind is SignKind.CURRENT_PINNED and isinstance(pinned_a, int | float):
            self._carrier((sign.key.asset_id, sign.key.component)).pinned_a = float(pinned_a)

    def forget(self, asset_id: str) -> None:
        """Drop what is remembered of an asset."""
        self._carriers = {p: c for p, c in self._carriers.items() if p[0] != asset_id}
        for places in self._places_on.values():
            places[:] = [place for place in places if place[0] != asset_id]

    def _look(self, snapshot: Snapshot, columns: _Columns) -> Sign | None:
        place, at_s = (snapshot.asset_id, columns.component), snapshot.observed_at_s
        if snapshot.quality[columns.current] != Quality.GOOD:
            return None
        current_a = float(snapshot.values[columns.current])
        carrier = self._carrier(place)
        last_at_s = carrier.at_s
        begins = carrier.begins_run(current_a, at_s)
        if carrier.pinned_a is not None:
            return _released(place, carrier, current_a, last_at_s=last_at_s)
        run = carrier.run
        if run is None:
            return None
        if begins:
            run.neighbours_a = self._neighbours(place, at_s=at_s, before=True)
        neighbours_a = self._neighbours(place, at_s=at_s)
        has_stepped = neighbours_a < max(CLEAR_A, KEPT_PART_MIN * run.neighbours_a)
        if has_stepped or _is_switched_off(snapshot, columns):
            carrier.start_over()
        elif run.is_long(at_s):
            return _pinned(place, carrier, run, neighbours_a=neighbours_a)
        return None

    def _neighbours(self, place: _Place, *, at_s: float, before: bool = False) -> float:
        """Return what the racks beside one carry, or carried before: the median, in A."""
        around = (self._carriers[p] for p in self._places_on[self._bus_of[place[0]]] if p != place)
        recent = [c.recent_a for c in around if abs(at_s - c.at_s) <= NEIGHBOUR_AGE_S_MAX]
        known = [max(a) if before else a[-1] for a in recent if a]
        return median(known) if known else 0.0

    def _carrier(self, place: _Place) -> _Carrier:
        if place not in self._carriers:
            self._carriers[place] = _Carrier()
            self._join(place)
        return self._carriers[place]

    def _join(self, place: _Place) -> None:
        bus = self._bus_of.get(place[0])
        if bus is not None:
            self._places_on.setdefault(bus, []).append(place)


def _pinned(place: _Place, carrier: _Carrier, run: _Run, *, neighbours_a: float) -> Sign:
    carrier.pinned_a, carrier.run = run.first_a, None
    seen = {
        "current_a": run.first_a,
        "carried_a": run.carried_a,
        "neighbours_a": neighbours_a,
        "polls": run.polls,
    }
    key = SignKey(place[0], SignKind.CURRENT_PINNED, place[1])
    before, after = f"{run.carried_a:.1f} A", f"{run.first_a:.1f} A"
    return Sign(key, before, after, run.carried_at_s, run.since_s, seen)


def _released(
    place: _Place, carrier: _Carrier, current_a: float, *, last_at_s: float
) -> Sign | None:
    pinned_a = carrier.pinned_a or 0.0
    if abs(current_a - pinned_a) < BACK_A:
        return None
    carrier.pinned_a = None
    key = SignKey(place[0], SignKind.CURRENT_PINNED, place[1])
    seen = {"current_a": current_a}
    return Sign(
        key, f"{pinned_a:.1f} A", f"{current_a:.1f} A", last_at_s or carrier.at_s, carrier.at_s,
        seen, is_over=True,
    )  # fmt: skip


def _racks_in(layout: Layout) -> tuple[_Columns, ...]:
    """Return what carries current by itself: the strings where there are several, or the whole."""
    found = [layout.columns[at].component for at in layout.indices("current_a").tolist()]
    racks = [component for component in found if component.scope is Scope.RACK]
    if len(racks) < 2 and WHOLE_BATTERY in found:
        racks = [WHOLE_BATTERY]
    return tuple(_columns_of(component, layout) for component in racks)


def _columns_of(component: Component, layout: Layout) -> _Columns:
    switches = (
        layout.index.get(Column(place, quantity))
        for place in {component, WHOLE_BATTERY}
        for quantity in ("contactor_closed", "breaker_closed")
    )
    known = tuple(at for at in switches if at is not None)
    return _Columns(component, layout.index[Column(component, "current_a")], known)


def _is_switched_off(snapshot: Snapshot, columns: _Columns) -> bool:
    return any(
        snapshot.quality[at] == Quality.GOOD and snapshot.values[at] == 0.0
        for at in columns.switches
    )
