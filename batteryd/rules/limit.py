"""The rule kind `limit`: a value at or beyond a setpoint.

All limits of one asset and layout are compiled into one program, and assets with the same rules
and layout share it. The first look at a snapshot is two comparisons over all its columns: is any
value outside its band, the widest in which no setpoint is reached? Nearly always none is, and
nothing is being timed, and that was all. Only the points whose columns stand out, or that are
active or waiting, are then looked at one by one.

A point is about a component. A temperature sensor's component is its module: the module is one
alarm, its worst sensor decides. It returns when every sensor that can be read is back, and the one
that raised it can be read: a sensor that died in the heat must not end the alarm.
Only good values count. A bad or uncertain one neither raises nor returns anything. Neither does one
that comes out of nowhere, where the rule has a `jump`: sensors show 100 °C for a single read, now
and then for two. No priority without a delay is raised by it until three in a row are beyond, or
the last steps were such as a battery can make; delays run from the first reading on.
"""

import itertools
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Priority
from batteryd.domain.inventory import Asset
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Layout, Snapshot
from batteryd.rules.kind import NEVER_S, Rule, Standing, poll_interval_s
from batteryd.rules.limit_program import Point, Program, compile_program
from batteryd.rules.limit_text import Observation, event_of
from batteryd.rules.timing import Timing

GAP_S_MIN = 60.0
REPEATS_OF_JUMP = 2  # after the first reading beyond
GAP_POLLS = 3  # a longer gap than so many polls (and than GAP_S_MIN) restarts running delays


def compile_limits(rules: tuple[Rule, ...], asset: Asset, layout: Layout) -> "Limits | None":
    """Compile the limits that this layout has values for."""
    program = compile_program(rules, layout)
    return Limits(program, asset) if program.points else None


@dataclass(slots=True)
class _Watched:
    """What is remembered of a point that is active or waiting."""

    timing: Timing
    raised_by: int | None = None  # the column; None while inactive, or when nobody knows any more


class Limits:
    """All limits of one asset."""

    due_at_s = NEVER_S

    def __init__(self, program: Program, asset: Asset) -> None:
        self._program = program
        self._asset = asset
        self._gap_s = max(GAP_S_MIN, GAP_POLLS * poll_interval_s(asset))
        self._watched: dict[int, _Watched] = {}  # by index of the point
        self._before: tuple[Snapshot, ...] = ()  # the last two that were good

    def step(self, snapshot: Snapshot, *, now_s: float) -> Sequence[AlarmEvent]:
        """Judge a snapshot."""
        if snapshot.is_failed:
            return ()
        before, self._before = self._before, (*self._before[-1:], snapshot)
        values = snapshot.values
        outside = (values <= self._program.lower) | (values >= self._program.upper)
        if not self._watched and not outside.any():
            return ()
        found = (
            self._judge(index, snapshot, before, now_s=now_s)
            for index in self._to_judge(outside.nonzero()[0].tolist())
        )
        return [event for event in found if event is not None]

    def tick(self, now_s: float) -> Sequence[AlarmEvent]:
        """Do nothing: without a snapshot there is no value to judge."""
        return ()

    def adopt(self, standing: Mapping[AlarmKey, Standing]) -> Collection[AlarmKey]:
        """Take over active alarms; those whose columns are gone can no longer be watched."""
        if not standing:
            return ()
        points = self._program.points
        index_of = {(point.rule.name, point.component): i for i, point in enumerate(points)}
        column_of = {str(column): i for column, i in self._program.layout.index.items()}
        orphans = []
        for key, stands in standing.items():
            index = index_of.get((key.rule, key.component))
            if index is None:
                orphans.append(key)
                continue
            watched = self._watched[index] = self._new(points[index])
            watched.timing.priority = stands.priority
            watched.timing.raised_at_s = stands.raised_at_s
            watched.raised_by = column_of.get(str(stands.evidence.get("column")))
        return orphans

    def _to_judge(self, columns: Iterable[int]) -> list[int]:
        standing_out = {index for c in columns for index in self._program.points_at[c]}
        return sorted(standing_out.union(self._watched))

    def _judge(
        self, index: int, snapshot: Snapshot, before: tuple[Snapshot, ...], *, now_s: float
    ) -> AlarmEvent | None:
        point = self._program.points[index]
        column = _worst_column(point, snapshot)
        if column is None:
            return None
        watched = self._watched.get(index) or self._new(point)
        value, at_s = float(snapshot.values[column]), snapshot.observed_at_s
        verdict = watched.timing.step(
            at_s,
            reached=self._reached(point, column, (*before, snapshot)),
            is_back=point.is_back(value) and _can_be_read(watched.raised_by, snapshot),
        )
        if watched.timing.is_idle:
            self._watched.pop(index, None)
        else:
            self._watched[index] = watched
        if verdict is None:
            return None
        watched.raised_by = column
        where = self._program.layout.columns[column]
        return event_of(point, self._asset, Observation(where, value, at_s, now_s - at_s, verdict))

    def _reached(
        self, point: Point, column: int, snapshots: tuple[Snapshot, ...]
    ) -> Priority | None:
        now = snapshots[-1]
        reached = point.reached(float(now.values[column]))
        if not point.settings.jump or reached is None:
            return reached
        recent = [s for s in snapshots if 0 <= now.observed_at_s - s.observed_at_s <= self._gap_s]
        if not _is_sudden(point, [float(s.values[column]) for s in recent]):
            return reached
        waiting = (p for p, s in point.on_delay_s.items() if p <= reached and s > 0)
        return max(waiting, default=None)

    def _new(self, point: Point) -> _Watched:
        delays_s = point.on_delay_s, point.settings.off_delay_s
        return _Watched(Timing(*delays_s, gap_s=self._gap_s))


def _worst_column(point: Point, snapshot: Snapshot) -> int | None:
    good = [c for c in point.columns if snapshot.quality[c] == Quality.GOOD]
    sign, values = point.settings.sign, snapshot.values
    return max(good, key=lambda c: sign * values[c], default=None)


def _is_sudden(point: Point, readings: Sequence[float]) -> bool:
    """Whether the last reading is beyond a setpoint, and may be there for a moment only."""
    known = [reading for reading in readings if not math.isnan(reading)]
    steps = (abs(later - earlier) for earlier, later in itertools.pairwise(known))
    if all(step <= point.settings.jump for step in steps):
        return False
    is_repeated = len(known) > REPEATS_OF_JUMP and all(
        point.reached(reading) is not None for reading in known
    )
    return not is_repeated


def _can_be_read(column: int | None, snapshot: Snapshot) -> bool:
    return column is None or bool(snapshot.quality[column] == Quality.GOOD)
