"""Contactors, breakers and doors: what was known to be closed is open.

Only good values count, and only two known states make a sign, however far apart: a rack that fell
silent closed and answers again open was opened in between. A switch that is open when batteryd
first sees it is how things are.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from batteryd.clearance.unannounced_sign import Sign, SignKey, SignKind
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Column, Layout, Snapshot


class _Switch(NamedTuple):
    kind: SignKind
    at_rest: float  # what the flag is while nobody works
    rest: str
    moved: str


SWITCHES = MappingProxyType(
    {
        "contactor_closed": _Switch(SignKind.CONTACTOR_OPENED, 1.0, "closed", "open"),
        "breaker_closed": _Switch(SignKind.BREAKER_OPENED, 1.0, "closed", "open"),
        "door_open": _Switch(SignKind.DOOR_OPENED, 0.0, "shut", "open"),
    }
)


class _Known(NamedTuple):
    is_at_rest: bool
    at_s: float


class _Place(NamedTuple):
    """A column that speaks of a switch."""

    at: int
    column: Column
    switch: _Switch


_Plan = tuple[_Place, ...]


@dataclass(slots=True)
class _Memory:
    """What the switches of one asset were when they were last known, one entry a place."""

    plan: _Plan
    known: list[_Known | None]


class Switches:
    """What every switch was when it was last known."""

    def __init__(self) -> None:
        self._plans: dict[str, _Plan] = {}  # by layout: as many as there are kinds of devices
        self._memories: dict[str, _Memory] = {}
        self._moved: set[SignKey] = set()

    def step(self, snapshot: Snapshot) -> list[Sign]:
        """Compare every switch that can be read with what it was."""
        if snapshot.is_failed:
            return []
        memory, at_s, signs = self._memory_of(snapshot), snapshot.observed_at_s, []
        for number, place in enumerate(memory.plan):
            if snapshot.quality[place.at] != _GOOD:
                continue
            before, value = memory.known[number], float(snapshot.values[place.at])
            now = memory.known[number] = _Known(value == place.switch.at_rest, at_s)
            if before is None or now.is_at_rest is not before.is_at_rest:
                signs += self._changed(snapshot.asset_id, place, before, now)
        return signs

    def restore(self, sign: Sign) -> None:
        """Take over a switch that stood open."""
        if sign.key.kind in _KINDS:
            self._moved.add(sign.key)

    def forget(self, asset_id: str) -> None:
        """Drop what is remembered of an asset."""
        self._memories.pop(asset_id, None)
        self._moved = {key for key in self._moved if key.asset_id != asset_id}

    def _changed(
        self, asset_id: str, place: _Place, before: _Known | None, now: _Known
    ) -> list[Sign]:
        switch = place.switch
        key = SignKey(asset_id, switch.kind, place.column.component)
        before_at_s = now.at_s if before is None else before.at_s
        seen = {"column": str(place.column)}
        if now.is_at_rest and key in self._moved:
            self._moved.discard(key)
            states = switch.moved, switch.rest
            return [Sign(key, *states, before_at_s, now.at_s, seen, is_over=True)]
        if not now.is_at_rest and before is not None:
            self._moved.add(key)
            return [Sign(key, switch.rest, switch.moved, before_at_s, now.at_s, seen)]
        return []

    def _memory_of(self, snapshot: Snapshot) -> _Memory:
        layout_id = snapshot.layout.layout_id
        plan = self._plans.get(layout_id)
        if plan is None:
            plan = self._plans[layout_id] = _plan_of(snapshot.layout)
        memory = self._memories.get(snapshot.asset_id)
        if memory is None or memory.plan is not plan:
            memory = self._memories[snapshot.asset_id] = _Memory(plan, [None] * len(plan))
        return memory


_GOOD = int(Quality.GOOD)
_KINDS = frozenset(switch.kind for switch in SWITCHES.values())


def _plan_of(layout: Layout) -> _Plan:
    return tuple(
        _Place(index, layout.columns[index], switch)
        for quantity, switch in SWITCHES.items()
        for index in layout.indices(quantity).tolist()
    )
