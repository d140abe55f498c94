"""What counts as found, and what as a false alarm.

An alarm is a raised event of medium priority or above; additions to an alarm count as it does.

- **Found**: the first raised event at or after the onset that names what is wrong. A short, heat, a
  joint and the lost airflow of a module are named by an alarm of scope cell, module or sensor in
  that module; the lost airflow of a rack by an alarm of scope rack; a failed cooling of the room by
  any event of scope room, as long as no module or cell is accused from then to two hours after it
  works again; a sensor by any event of scope sensor about it (or all sensors of its module) or of
  scope module.
- **False**: an alarm of scope cell, module or rack before the onset, or at any time on a rack
  without a fault, an aged module included. What is raised in one module (or of the rack) with less
  than an hour in between is one false alarm.
- **Elsewhere**: the same after the onset, in another module than the faulted one. A neighbour
  counts only before the fault was named. Where the whole rack or room is at fault, every accused
  module or cell is elsewhere.
- **Log of a cluster**: every alarm is false, whatever its scope, unless it is about an altered
  sensor or its module.
- **Unexplained**, shown beside: on racks without a fault, room events outside of every failure of
  the cooling (up to four hours after its end), and alarms of scope sensor or battery. That polls
  stayed away is not among them: they did.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from batteryd.domain.alarm import AlarmEvent, Change, Priority
from batteryd.domain.component import Scope
from simulators.traces.faults import Family
from simulators.traces.program import HOUR_S, Spell
from simulators.traces.trace import BEGIN_S, Trace, Truth

MERGE_S = HOUR_S
SILENCE = "silence"
COOLED_AGAIN_S = 2 * HOUR_S
ROOM_CALM_S = 4 * HOUR_S
PLACES = (Scope.CELL, Scope.MODULE, Scope.RACK)
ACCUSED = (Scope.CELL, Scope.MODULE)


@dataclass(frozen=True, slots=True)
class Said:
    """One raised event, as far as scoring goes; times count from the trace's beginning."""

    at_s: float
    rule: str
    scope: Scope
    component: str
    module: int | None
    sensor: int | None
    priority: Priority
    why: str

    @property
    def is_alarm(self) -> bool:
        return self.priority >= Priority.MEDIUM


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one trace."""

    name: str
    rack: str
    truth: Truth
    seconds: float
    polls: int
    replay_s: float
    hit: Said | None
    false: tuple[Said, ...]
    elsewhere: tuple[Said, ...]
    unexplained: tuple[Said, ...]
    rooms: tuple[bool, ...]  # of each failure of the cooling: told as the room and nothing else

    @property
    def minutes(self) -> float | None:
        """From the onset to the alarm."""
        if self.hit is None or self.truth.onset_s is None:
            return None
        return (self.hit.at_s - self.truth.onset_s) / 60.0

    @property
    def counted_s(self) -> float:
        """How long a false alarm could have been raised."""
        if self.truth.family is Family.CLUSTER or self.truth.onset_s is None:
            return self.seconds
        return self.truth.onset_s


def said_of(events: Iterable[AlarmEvent]) -> list[Said]:
    """Return what was raised, in the order of time."""
    return sorted(
        (
            Said(
                at_s=event.at_s - BEGIN_S,
                rule=event.key.rule,
                scope=event.scope,
                component=str(event.key.component),
                module=event.key.component.module,
                sensor=event.key.component.sensor,
                priority=event.priority,
                why=event.why,
            )
            for event in events
            if event.change is Change.RAISED
        ),
        key=lambda said: said.at_s,
    )


def outcome_of(trace: Trace, said: list[Said], *, replay_s: float) -> Outcome:
    """Judge what was said of a trace."""
    truth = trace.truth
    rooms = tuple(_is_room(said, spell) for spell in truth.hvac)
    hit = _hit(truth, said)
    if truth.family is Family.HVAC and not all(rooms):
        hit = None
    return Outcome(
        name=trace.name,
        rack=trace.rack.name,
        truth=truth,
        seconds=trace.seconds,
        polls=len(trace.readings.at_s),
        replay_s=replay_s,
        hit=hit,
        false=merged(_false(truth, said)),
        elsewhere=merged(_elsewhere(truth, said, hit)),
        unexplained=tuple(_unexplained(truth, said)),
        rooms=rooms,
    )


def merged(said: Iterable[Said]) -> tuple[Said, ...]:
    """Return the first of what was said in one module without an hour of silence."""
    last_s: dict[int | None, float] = {}
    firsts = []
    for one in said:
        if one.at_s - last_s.get(one.module, -MERGE_S - 1.0) > MERGE_S:
            firsts.append(one)
        last_s[one.module] = one.at_s
    return tuple(firsts)


def _hit(truth: Truth, said: list[Said]) -> Said | None:
    if truth.onset_s is None:
        return None
    after = (one for one in said if one.at_s >= truth.onset_s)
    return next((one for one in after if _names(truth, one)), None)


def _names(truth: Truth, one: Said) -> bool:
    match truth.family:
        case Family.HVAC:
            return one.scope is Scope.ROOM
        case Family.AIRFLOW_RACK:
            return one.is_alarm and one.scope is Scope.RACK
        case Family.SENSOR:
            is_it = one.scope is Scope.SENSOR and one.sensor in (None, truth.sensor)
            return one.module == truth.module and (is_it or one.scope is Scope.MODULE)
        case Family.CLUSTER:
            return any(_is_about(one, module, sensor) for module, sensor in truth.altered)
        case Family.NORMAL:
            return False
        case Family.SHORT | Family.HEAT | Family.JOINT | Family.AIRFLOW_MODULE:
            local = (Scope.CELL, Scope.MODULE, Scope.SENSOR)
            return one.is_alarm and one.scope in local and one.module == truth.module


def _is_about(one: Said, module: int, sensor: int) -> bool:
    if one.module != module:
        return False
    return one.scope is Scope.MODULE or (one.scope is Scope.SENSOR and one.sensor == sensor)


def _false(truth: Truth, said: list[Said]) -> Iterator[Said]:
    for one in said:
        if not one.is_alarm or one.rule == SILENCE:
            continue
        if truth.family is Family.CLUSTER:
            is_late = truth.onset_s is not None and one.at_s >= truth.onset_s
            if not (is_late and _names(truth, one)):
                yield one
        elif one.scope in PLACES and (truth.onset_s is None or one.at_s < truth.onset_s):
            yield one


def _elsewhere(truth: Truth, said: list[Said], hit: Said | None) -> Iterator[Said]:
    if truth.onset_s is None or truth.family is Family.CLUSTER:
        return
    for one in said:
        if one.is_alarm and one.at_s >= truth.onset_s and one.scope in PLACES:
            if truth.module is None:
                if one.scope in ACCUSED:
                    yield one
            elif not _is_near(truth.module, one, hit):
                yield one


def _is_near(module: int, one: Said, hit: Said | None) -> bool:
    if one.module == module:
        return True
    beside = one.module is not None and abs(one.module - module) == 1
    return beside and hit is not None and one.at_s >= hit.at_s


def _unexplained(truth: Truth, said: list[Said]) -> Iterator[Said]:
    if truth.family is not Family.NORMAL:
        return
    for one in said:
        if one.rule == SILENCE:
            continue
        if one.scope is Scope.ROOM:
            if not any(s.begin_s <= one.at_s <= s.end_s + ROOM_CALM_S for s in truth.hvac):
                yield one
        elif one.is_alarm and one.scope in (Scope.SENSOR, Scope.BATTERY):
            yield one


def _is_room(said: list[Said], spell: Spell) -> bool:
    inside = [s for s in said if spell.begin_s <= s.at_s <= spell.end_s + COOLED_AGAIN_S]
    accused = any(one.is_alarm and one.scope in ACCUSED for one in inside)
    return any(one.scope is Scope.ROOM for one in inside) and not accused
