"""Contactors, breakers and doors: what was known to be closed is open.

Only good values count, and only two known states make a sign, however far apart: a rack that fell
silent closed and answers again open was opened in between. A switch that is open when batteryd
first sees it is how things are.
"""

from collections.abc import Iterator
from types import MappingProxyType
from typing import NamedTuple

from batteryd.clearance.unannounced_sign import Sign, SignKey, SignKind
from batteryd.domain.component import Component
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


class Switches:
    """What every switch was when it was last known."""

    def __init__(self) -> None:
        self._known: dict[str, dict[Component, dict[str, _Known]]] = {}
        self._moved: set[SignKey] = set()

    def step(self, snapshot: Snapshot) -> list[Sign]:
        """Compare every switch that can be read with what it was."""
        if snapshot.is_failed:
            return []
        return [
            sign
            for index, column in _columns(snapshot.layout)
            if snapshot.quality[index] == Quality.GOOD
            and (sign := self._look(snapshot, column, float(snapshot.values[index]))) is not None
        ]

    def restore(self, sign: Sign) -> None:
        """Take over a switch that stood open."""
        if sign.key.kind in _KINDS:
            self._moved.add(sign.key)

    def forget(self, asset_id: str) -> None:
        """Drop what is remembered of an asset."""
        self._known.pop(asset_id, None)
        self._moved = {key for key in self._moved if key.asset_id != asset_id}

    def _look(self, snapshot: Snapshot, column: Column, value: float) -> Sign | None:
        switch, at_s = SWITCHES[column.quantity], snapshot.observed_at_s
        key = SignKey(snapshot.asset_id, switch.kind, column.component)
        places = self._known.setdefault(snapshot.asset_id, {})
        known = places.setdefault(column.component, {})
        before = known.get(column.quantity)
        now = known[column.quantity] = _Known(value == switch.at_rest, at_s)
        before_at_s = at_s if before is None else before.at_s
        seen = {"column": str(column), "value": value}
        if now.is_at_rest and key in self._moved:
            self._moved.discard(key)
            return Sign(key, switch.moved, switch.rest, before_at_s, at_s, seen, is_over=True)
        if not now.is_at_rest and before is not None and before.is_at_rest:
            self._moved.add(key)
            return Sign(key, switch.rest, switch.moved, before_at_s, at_s, seen)
        return None


_KINDS = frozenset(switch.kind for switch in SWITCHES.values())


def _columns(layout: Layout) -> Iterator[tuple[int, Column]]:
    for quantity in SWITCHES:
        for index in layout.indices(quantity).tolist():
            yield index, layout.columns[index]
