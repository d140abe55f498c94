"""The rule kind `limit`: a value at or beyond a setpoint.

All limits of one asset and layout are compiled into one program, and assets with the same rules
and layout share it. The first look at a snapshot is two comparisons over all its columns: is any
value outside its band, the widest in which no setpoint is reached? Nearly always none is, and
nothing is being timed, and that was all. Only the points whose columns stand out, or that are
active or waiting, are then looked at one by one.

A point is about a component. A temperature sensor's component is its module: the module is one
alarm, its worst sensor decides. It returns when every sensor that can be read is back, and the one
that raised it can be read: a sensor that died in the heat must not end the alarm.
Only good values count. A bad or uncertain one neither raises nor returns anything, nor does a
status that is the device's own "unknown". A good one that comes out of nowhere is doubted for a
moment, where the rule says so (`limit_jump`): each sensor by itself, so that one which shows
nonsense does not hold its neighbour back.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from batteryd.domain.alarm import COLUMN, AlarmEvent, AlarmKey
from batteryd.domain.inventory import Asset
from batteryd.domain.quality import Quality
from batteryd.domain.quantity import QUANTITIES
from batteryd.domain.snapshot import Layout, Snapshot
from batteryd.rules.found import Found
from batteryd.rules.kind import NEVER_S, Rule, Standing, poll_interval_s
from batteryd.rules.limit_jump import BEFORE, RARE_S, believed
from batteryd.rules.limit_program import Point, Program, compile_program
from batteryd.rules.limit_text import Observation, event_of
from batteryd.rules.timing import Timing

GAP_S_MIN = 60.0
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
        self._doubts = poll_interval_s(asset) <= RARE_S
        self._watched: dict[int, _Watched] = {}  # by index of the point
        self._before: tuple[Snapshot, ...] = ()  # that did not fail, as many as `BEFORE`

    def step(self, snapshot: Snapshot, *, now_s: float) -> Sequence[AlarmEvent]:
        """Judge a snapshot."""
        if snapshot.is_failed:
            return ()
        before, self._before = self._before, (*self._before, snapshot)[-BEFORE:]
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
            # Of an alarm that something else has made grow, as far as the limit itself has come.
            own = Found.in_evidence(stands.evidence).urgency
            watched.timing.priority = own.get((key.rule, str(key.component)), stands.priority)
            watched.timing.raised_at_s = stands.raised_at_s
            watched.raised_by = column_of.get(str(stands.evidence.get(COLUMN)))
        return orphans

    def _to_judge(self, columns: Iterable[int]) -> list[int]:
        standing_out = {index for c in columns for index in self._program.points_at[c]}
        return sorted(standing_out.union(self._watched))

    def _judge(
        self, index: int, snapshot: Snapshot, before: tuple[Snapshot, ...], *, now_s: float
    ) -> AlarmEvent | None:
        point = self._program.points[index]
        columns = _good_columns(point, snapshot)
        if not columns:
            return None
        watched = self._watched.get(index) or self._new(point)
        at_s, values = snapshot.observed_at_s, snapshot.values
        recent = (*before, snapshot)
        reached = {c: believed(point, c, recent, doubts=self._doubts) for c in columns}
        column = max(columns, key=lambda c: reached[c] or 0)  # the worst value of them
        verdict = watched.timing.step(
            at_s,
            reached=reached[column],
            is_back=point.is_back(values[columns[0]]) and _can_be_read(watched.raised_by, snapshot),
        )
        if watched.timing.is_idle:
            self._watched.pop(index, None)
        else:
            self._watched[index] = watched
        if verdict is None:
            return None
        watched.raised_by = column
        where, value = self._program.layout.columns[column], float(values[column])
        return event_of(point, self._asset, Observation(where, value, at_s, now_s - at_s, verdict))

    def _new(self, point: Point) -> _Watched:
        delays_s = point.on_delay_s, point.settings.off_delay_s
        return _Watched(Timing(*delays_s, gap_s=self._gap_s))


def _good_columns(point: Point, snapshot: Snapshot) -> list[int]:
    """Return the columns of a point that can be believed, the worst value first."""
    sign, values, quality = point.settings.sign, snapshot.values, snapshot.quality
    good = [
        c
        for c in point.columns
        if quality[c] == Quality.GOOD
        and math.isfinite(values[c])
        and values[c] != QUANTITIES[snapshot.layout.columns[c].quantity].unknown
    ]
    return sorted(good, key=lambda c: -sign * values[c])


def _can_be_read(column: int | None, snapshot: Snapshot) -> bool:
    return column is None or bool(snapshot.quality[column] == Quality.GOOD)
