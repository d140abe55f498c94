"""The detection family: one pass over a snapshot for all rules that compare places of a rack.

    readings -> believed -> features of the rack -> detectors -> delays -> causes -> events

Features are computed once and shared by all detectors of the rack; most rules look once a minute.
What is raised goes through `causes`, which keeps one alarm for one cause.

After a gap, or a clock that ran back, buffers begin anew: a mean over something nobody watched is
none. A pause (of the daemon, say) is a gap that is short, in which the state of charge moved as the
loads before and after it say: then what is seen is compared with what was seen before, and delays
go on, so that a fault that develops gains no more than the pause. What was learned stays in any
case. During work nothing is learned (`is_learning`), as open doors and switched racks are not
normal.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar, cast

import numpy as np

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import Component, Scope
from batteryd.domain.inventory import Asset
from batteryd.domain.snapshot import Layout, Snapshot
from batteryd.rules import words
from batteryd.rules.believed import Believed
from batteryd.rules.causes import Causes, Finding
from batteryd.rules.cells_seen import CellsSeen
from batteryd.rules.detection_table import DETECTORS
from batteryd.rules.detector import NOTHING_MORE, Detector, DetectorSettings, Rhythm, Seen
from batteryd.rules.evidence import evidence_of
from batteryd.rules.found import Member
from batteryd.rules.heat_seen import HIGHEST_C, LOWEST_C, MINUTE_S, HeatSeen
from batteryd.rules.held import Held, Turn
from batteryd.rules.kind import (
    LEARNED_LAYOUT,
    LEARNED_VERSION,
    NEVER_S,
    Learned,
    Rule,
    Standing,
    poll_interval_s,
)
from batteryd.rules.load import Load
from batteryd.rules.memory import Remembering, recollect, remind
from batteryd.rules.rack import Rack, racks_of

VERSION = 2
GAP_S_MIN = 60.0
GAP_POLLS = 3
PAUSE_S_MAX = 900.0
AMBIENT_JUMP_K = 5.0
Seconds = float

# What is due at a poll that closes a minute, ten minutes at rest, or neither.
_DUE = {
    (False, False): {Rhythm.POLL},
    (True, False): {Rhythm.POLL, Rhythm.MINUTE},
    (False, True): {Rhythm.POLL, Rhythm.REST_MEAN},
    (True, True): set(Rhythm),
}


def compile_detection(rules: tuple[Rule, ...], asset: Asset, layout: Layout) -> "Detection | None":
    """Compile all rules of the family for the racks of an asset."""
    racks = racks_of(asset, layout)
    return Detection(rules, asset, layout, racks) if racks else None


class Detection:
    """All rules of the family on one asset."""

    due_at_s = NEVER_S

    def __init__(
        self, rules: tuple[Rule, ...], asset: Asset, layout: Layout, racks: tuple[Rack, ...]
    ) -> None:
        self._layout_id = layout.layout_id
        poll_s = poll_interval_s(asset)
        self._racks = [RackWatch(rules, rack, poll_s=poll_s) for rack in racks]

    def step(self, snapshot: Snapshot, *, now_s: float) -> Sequence[AlarmEvent]:
        """Judge a snapshot."""
        if snapshot.is_failed:
            return ()
        return [event for rack in self._racks for event in rack.step(snapshot)]

    def tick(self, now_s: float) -> Sequence[AlarmEvent]:
        """Do nothing: without a snapshot there is nothing to compare."""
        return ()

    def adopt(self, standing: Mapping[AlarmKey, Standing]) -> Collection[AlarmKey]:
        """Take over active alarms, each by the rack that it is in."""
        left = dict(standing)
        for rack in self._racks:
            for key in rack.adopt(left):
                del left[key]
        return tuple(left)

    @property
    def is_learning(self) -> bool:
        """Whether what is seen may become normal."""
        return all(rack.seen.is_learning for rack in self._racks)

    @is_learning.setter
    def is_learning(self, is_learning: bool) -> None:
        for rack in self._racks:
            rack.seen.is_learning = rack.seen.heat.is_learning = is_learning

    def learned(self) -> Learned:
        """Return a copy of all that is remembered."""
        return {
            LEARNED_VERSION: VERSION,
            LEARNED_LAYOUT: self._layout_id,
            **recollect(self._parts()),
        }

    def learn_from(self, learned: Learned) -> bool:
        """Go on from what was remembered before."""
        known = learned.get(LEARNED_VERSION), learned.get(LEARNED_LAYOUT)
        return known == (VERSION, self._layout_id) and remind(self._parts(), learned)

    def _parts(self) -> dict[str, Remembering]:
        return {
            f"{rack.name}.{name}": part for rack in self._racks for name, part in rack.parts.items()
        }


class RackWatch:
    """All rules of the family on one rack."""

    REMEMBERED: ClassVar[tuple[str, ...]] = ("clock",)

    def __init__(self, rules: tuple[Rule, ...], rack: Rack, *, poll_s: Seconds) -> None:
        self.name = str(rack.component)
        self._rack, self._gap_s = rack, max(GAP_S_MIN, GAP_POLLS * poll_s)
        self._watched = [
            _Watched(rule, rack, poll_s=poll_s) for rule in rules if _has_places(rule, rack)
        ]
        self._due = {
            closes: tuple(w for w in self._watched if w.rhythm in rhythms)
            for closes, rhythms in _DUE.items()
        }
        self._causes = Causes()
        self.clock = np.full(1, np.nan)
        self._ambient = Believed(
            1, lowest=LOWEST_C, highest=HIGHEST_C, step=AMBIENT_JUMP_K, counts=False
        )
        shortened, accused = (
            np.zeros(len(places), dtype=bool) for places in (rack.cells, rack.modules)
        )
        load = Load(rack, stale_s=self._gap_s)
        self.seen = Seen(rack, load, HeatSeen(rack), CellsSeen(rack), shortened, accused)

    @property
    def parts(self) -> dict[str, Remembering]:
        """What is remembered, by name."""
        seen = self.seen
        shared: dict[str, Remembering] = {
            "clock": self,
            "load": seen.load,
            "ambient": self._ambient,
            "heat": seen.heat,
            "heat.believed": seen.heat.believed,
            "heat.quantum": seen.heat.quantum,
            "cells": seen.cells,
            "cells.believed": seen.cells.believed,
            "cells.quantum": seen.cells.quantum,
        }
        for watched in self._watched:
            shared[watched.rule.name] = watched.detector
            shared[f"{watched.rule.name}.held"] = watched.held
        return shared

    def step(self, snapshot: Snapshot) -> list[AlarmEvent]:
        """Judge a snapshot; one that was judged before (the rules have changed) says no more."""
        if snapshot.observed_at_s == self.clock[0]:
            return []
        seen = self.seen
        self._begin(snapshot)
        self._look(snapshot)
        due = self._due[seen.is_minute, seen.is_rest_mean]
        findings = [finding for watched in due for finding in self._findings(watched, seen)]
        if seen.is_minute:
            seen.heat.learn(seen.load, spared=self._spared())
        if not findings:
            return []
        return self._causes.events(
            findings, self._rack, at_s=seen.at_s, warmth_k=self._warmth_k(seen)
        )

    def adopt(self, standing: Mapping[AlarmKey, Standing]) -> list[AlarmKey]:
        """Take over active alarms of this rack; return their keys."""
        taken = []
        for key, stands in standing.items():
            urgency, at_s = self._causes.adopt(key, stands), stands.raised_at_s
            found = [w for w in self._watched if w.adopt(urgency, raised_at_s=at_s)]
            if found:
                taken.append(key)
            else:
                self._causes.forget(key)
        self._mark_accused()
        return taken

    def _begin(self, snapshot: Snapshot) -> None:
        at_s, before_s, seen = snapshot.observed_at_s, float(self.clock[0]), self.seen
        self.clock[0] = at_s
        seen.at_s, seen.dt_s = at_s, at_s - before_s
        soc_at, values = self._rack.soc_at, snapshot.values
        soc_pct = math.nan if soc_at is None else float(values[soc_at])
        if not math.isnan(soc_pct):
            seen.soc_pct = soc_pct
        if 0 < seen.dt_s <= self._gap_s:
            seen.load.take(values, at_s=at_s, soc_pct=soc_pct)
            return
        is_known = seen.load.resume(values, at_s=at_s, soc_pct=soc_pct, gap_s=seen.dt_s)
        if is_known and seen.dt_s <= PAUSE_S_MAX:
            self._pause()
        else:
            self._restart()

    def _pause(self) -> None:
        self.seen.heat.pause(self.seen.at_s)
        for watched in self._watched:
            watched.held.pause()

    def _restart(self) -> None:
        seen = self.seen
        seen.dt_s = 0.0
        self._ambient.restart()
        seen.heat.restart()
        seen.cells.restart()
        for watched in self._watched:
            watched.restart()

    def _look(self, snapshot: Snapshot) -> None:
        seen, rack = self.seen, self._rack
        values, quality = snapshot.values, snapshot.quality
        clock = {"at_s": seen.at_s, "dt_s": seen.dt_s}
        seen.is_minute = seen.is_rest_mean = False
        if rack.ambient_at is not None:
            at = slice(rack.ambient_at, rack.ambient_at + 1)
            if not self._ambient.has(values[at]):
                self._ambient.take(values[at], quality[at], reference=0.0, **clock)
            seen.ambient_c = float(self._ambient.last[0])
        if rack.sensors:
            read, how_good = values[rack.sensor_at], quality[rack.sensor_at]
            seen.is_minute = seen.heat.take(read, how_good, **clock)
        if rack.cells:
            read, how_good = values[rack.cell_at], quality[rack.cell_at]
            seen.is_rest_mean = seen.cells.take(read, how_good, seen.load, **clock)

    def _findings(self, watched: "_Watched", seen: Seen) -> list[Finding]:
        seen.active = watched.held.active_places
        judged = watched.detector.judge(seen)
        if judged is None:
            return []
        turns = watched.held.take(judged, at_s=seen.at_s)
        if turns:
            self._mark_accused()
        return [watched.finding(turn, seen) for turn in turns]

    def _warmth_k(self, seen: Seen) -> dict[Component, float]:
        deviations = self._rack.worst_of_modules(seen.heat.deviation)
        return dict(zip(self._rack.modules, deviations.tolist(), strict=True))

    def _mark_accused(self) -> None:
        seen, rack = self.seen, self._rack
        seen.shortened[:] = seen.accused[:] = False
        module_of = {
            Scope.CELL: rack.cell_module,
            Scope.SENSOR: rack.sensor_module,
            Scope.MODULE: np.arange(len(rack.modules)),
        }
        for watched in self._watched:
            of_scope = module_of.get(watched.detector.scope)
            if of_scope is None:
                continue
            active = watched.held.active
            seen.accused[of_scope[active]] = True
            if watched.detector.scope is Scope.CELL:
                seen.shortened |= active

    def _spared(self) -> np.ndarray:
        modules = np.zeros(len(self._rack.modules), dtype=bool)
        sensors = np.zeros(len(self._rack.sensors), dtype=bool)
        for watched in self._watched:
            if watched.detector.scope is Scope.SENSOR:
                sensors |= watched.held.pending
            elif watched.detector.scope is Scope.MODULE:
                modules |= watched.held.pending
            elif watched.detector.scope is not Scope.CELL and watched.held.active_places:
                sensors[:] = True  # the rack or the room is not as usual
        return sensors | modules[self._rack.sensor_module]


class _Watched:
    """One rule on one rack: its detector and the delays of its alarms."""

    def __init__(self, rule: Rule, rack: Rack, *, poll_s: Seconds) -> None:
        settings = cast(DetectorSettings, rule.settings)
        self.rule, self.settings = rule, settings
        self.detector: Detector = DETECTORS[rule.kind].make(settings, rack)
        self.rhythm = self.detector.RHYTHM
        self.held = Held(
            len(self.detector.places),
            # It is looked at once a poll, or a minute: it ends with the look that is nearest.
            on_delay_s=max(0.0, settings.on_delay_s - _late_s(self.rhythm, poll_s)),
            off_delay_s=settings.off_delay_s,
        )

    def finding(self, turn: Turn, seen: Seen) -> Finding:
        detector, place = self.detector, self.detector.places[turn.place]
        where = words.place(place, seen.rack.asset)
        said, why, evidence = NOTHING_MORE, "", NOTHING_MORE.evidence
        if turn.change is Change.RAISED:
            said = detector.say(turn.place, seen)
            said = said._replace(setpoint=said.setpoint_of(turn.step))
            why = said.why if detector.scope is Scope.ROOM else f"{where} {said.why}"
            evidence = evidence_of(
                self.rule,
                said,
                seen,
                scope=detector.scope,
                rhythm=self.rhythm,
                for_s=turn.for_s,
            )
        return Finding(
            rule=self.rule,
            component=place,
            scope=detector.scope,
            locates=detector.LOCATES,
            change=turn.change,
            priority=self.settings.priority_of(turn.step),
            quantity=said.quantity,
            value=said.value,
            setpoint=said.setpoint,
            why=why,
            action=self.settings.action,
            evidence=evidence,
        )

    def adopt(self, urgency: Mapping[Member, Priority], *, raised_at_s: Seconds) -> bool:
        """Take over what is of this rule, each at the step that was told of it."""
        found = False
        for index, place in enumerate(self.detector.places):
            priority = urgency.get((self.rule.name, str(place)))
            if priority is not None:
                step = 2 if priority > self.settings.priority_of(1) else 1
                self.held.adopt(index, step=step, raised_at_s=raised_at_s)
                found = True
        return found

    def restart(self) -> None:
        self.held.restart()
        self.detector.restart()


def _late_s(rhythm: Rhythm, poll_s: Seconds) -> Seconds:
    return {Rhythm.POLL: poll_s / 2, Rhythm.MINUTE: MINUTE_S / 2}.get(rhythm, 0.0)


def _has_places(rule: Rule, rack: Rack) -> bool:
    return bool(rack.cells if DETECTORS[rule.kind].needs_cells else rack.sensors)
