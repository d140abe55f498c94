"""A module that vanishes: all that was known of it is gone, while its neighbours are still there.

It takes two good polls in a row without a single value of it, so a reading that went wrong once is
no sign. Where all modules of a string are gone at once, the BMS has lost its sub-devices and cannot
say that one of them was pulled.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from batteryd.clearance.unannounced_sign import Sign, SignKey, SignKind
from batteryd.domain.component import Component
from batteryd.domain.quality import BAD_FROM
from batteryd.domain.snapshot import Indices, Layout, Snapshot

POLLS = 2  # good ones in a row without it
VALUES_MIN = 2  # that were known: one dead sensor is no vanished module


class _Plan(NamedTuple):
    """Which columns of a layout speak of which module."""

    modules: tuple[Component, ...]
    columns: Indices
    module_of: Indices  # of each of these columns


@dataclass(slots=True)
class _Module:
    component: Component
    known: int = 0  # values when it was last there; 0: it was never seen
    known_at_s: float = 0.0
    missed: int = 0  # good polls in a row without it


@dataclass(slots=True)
class _Memory:
    """What is remembered of one asset."""

    plan: _Plan
    modules: tuple[_Module, ...]
    quality: bytes = b""
    at_s: float = 0.0  # of the last good poll
    is_settled: bool = False  # no module is missed that has not been told


class Modules:
    """How much was known of every module when it was last there."""

    def __init__(self) -> None:
        self._plans: dict[str, _Plan] = {}  # by layout: as many as there are kinds of devices
        self._memories: dict[str, _Memory] = {}
        self._gone: set[SignKey] = set()

    def step(self, snapshot: Snapshot) -> list[Sign]:
        """Compare what is known of each module with what was."""
        if snapshot.is_failed:
            return []
        memory, quality = self._memory_of(snapshot), snapshot.quality.tobytes()
        signs = []
        if quality != memory.quality or not memory.is_settled:  # or else nothing came or went
            memory.quality, memory.is_settled = quality, True
            signs = list(self._look(snapshot, memory))
        memory.at_s = snapshot.observed_at_s
        return signs

    def restore(self, sign: Sign) -> None:
        """Take over a module that was gone."""
        if sign.key.kind is SignKind.MODULE_VANISHED:
            self._gone.add(sign.key)

    def forget(self, asset_id: str) -> None:
        """Drop what is remembered of an asset."""
        self._memories.pop(asset_id, None)
        self._gone = {key for key in self._gone if key.asset_id != asset_id}

    def _memory_of(self, snapshot: Snapshot) -> _Memory:
        layout_id = snapshot.layout.layout_id
        plan = self._plans.get(layout_id)
        if plan is None:
            plan = self._plans[layout_id] = _plan_of(snapshot.layout)
        memory = self._memories.get(snapshot.asset_id)
        if memory is None or memory.plan is not plan:
            memory = _Memory(plan, tuple(map(_Module, plan.modules)))
            self._memories[snapshot.asset_id] = memory
        return memory

    def _look(self, snapshot: Snapshot, memory: _Memory) -> Iterator[Sign]:
        plan, at_s = memory.plan, snapshot.observed_at_s
        is_there = snapshot.quality[plan.columns] < BAD_FROM
        counts = np.bincount(plan.module_of[is_there], minlength=len(plan.modules)).tolist()
        pairs = list(zip(memory.modules, counts, strict=True))
        strings = {module.component.string for module, count in pairs if count}
        for module, count in pairs:
            key = SignKey(snapshot.asset_id, SignKind.MODULE_VANISHED, module.component)
            if count:
                if key in self._gone:
                    self._gone.discard(key)
                    yield _back(key, before_at_s=memory.at_s or at_s, at_s=at_s)
                module.known, module.missed = count, 0
            elif module.known >= VALUES_MIN and key not in self._gone:
                _miss(module, last_poll_at_s=memory.at_s)
                if module.missed >= POLLS and module.component.string in strings:
                    self._gone.add(key)
                    yield _gone(key, module, at_s=at_s)
                else:
                    memory.is_settled = False


def _miss(module: _Module, *, last_poll_at_s: float) -> None:
    if module.missed == 0:
        module.known_at_s = last_poll_at_s
    module.missed += 1


def _gone(key: SignKey, module: _Module, *, at_s: float) -> Sign:
    seen = {"values_before": module.known, "values_after": 0, "polls": module.missed}
    return Sign(key, f"{module.known} values", "none", module.known_at_s, at_s, seen)


def _back(key: SignKey, *, before_at_s: float, at_s: float) -> Sign:
    return Sign(key, "no value", "values again", before_at_s, at_s, is_over=True)


def _plan_of(layout: Layout) -> _Plan:
    columns = [
        (index, column.component.parent_module)
        for index, column in enumerate(layout.columns)
        if column.component.module is not None
    ]
    modules = tuple(dict.fromkeys(module for _, module in columns))
    number = {module: n for n, module in enumerate(modules)}
    return _Plan(
        modules,
        np.array([index for index, _ in columns], dtype=np.intp),
        np.array([number[module] for _, module in columns], dtype=np.intp),
    )
