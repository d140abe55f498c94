from dataclasses import replace
from pathlib import Path

import pytest

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import Scope, parse_component
from batteryd.domain.inventory import Chemistry
from batteryd.replay.run import recorded, replayed
from simulators.traces.faults import Family
from simulators.traces.geometry import TraceRack
from simulators.traces.kinds import make_trace, plan_trace
from simulators.traces.program import HOUR_S, Spell
from simulators.traces.trace import BEGIN_S, Trace, Truth
from tests.bench.detection import Job, jobs_of, playback_of, trace_of
from tests.bench.detection_score import Outcome, outcome_of, said_of
from tests.rulebooks import shipped_rulebook

SMALL = TraceRack(module_count=4, cell_count=3, sensor_count=2, poll_s=60.0)
HEALTHY = make_trace(plan_trace("normal", SMALL, 1, days=0.5))
SHORT = Truth(
    kind="short_2ohm", family=Family.SHORT, onset_s=3 * HOUR_S, module=3, cell=2, sensor=None
)


def raised(
    component: str, *, at_h: float, rule: str = "cell_leaking", priority: Priority = Priority.HIGH
) -> AlarmEvent:
    place = parse_component(component)
    return AlarmEvent(
        key=AlarmKey("replay", HEALTHY.name, place, rule),
        change=Change.RAISED,
        at_s=BEGIN_S + at_h * HOUR_S,
        scope=place.scope,
        priority=priority,
        quantity="cell_voltage_v",
        value=None,
        setpoint=None,
        why="cell 2 lost 12 mV against 11 peers in 2 h",
    )


def judged(truth: Truth, *events: AlarmEvent) -> Outcome:
    trace = Trace(HEALTHY.name, HEALTHY.rack, truth, HEALTHY.readings)
    return outcome_of(trace, said_of(events), replay_s=1.0)


def test_the_first_alarm_in_the_faulted_module_finds_a_short() -> None:
    outcome = judged(SHORT, raised("s1/m03", at_h=4.0), raised("s1/m03/c02", at_h=5.0))

    assert outcome.minutes == pytest.approx(60.0)
    assert outcome.false == outcome.elsewhere == ()


@pytest.mark.parametrize(
    "event",
    [
        raised("s1/m01/c02", at_h=4.0),
        raised("s1/m03/c02", at_h=4.0, priority=Priority.LOW),
        raised("s1", at_h=4.0),
        raised("s1/m03/c02", at_h=2.9),
    ],
    ids=["elsewhere", "too low", "the rack", "too early"],
)
def test_nothing_else_finds_it(event: AlarmEvent) -> None:
    assert judged(SHORT, event).hit is None


def test_what_is_accused_before_the_onset_is_false_once_an_hour() -> None:
    times_h = (0.1, 0.9, 1.7, 2.8)

    outcome = judged(SHORT, *(raised("s1/m03/c02", at_h=at_h) for at_h in times_h))

    assert [one.at_s / HOUR_S for one in outcome.false] == pytest.approx([0.1, 2.8])


def test_a_neighbour_counts_as_elsewhere_until_the_fault_is_named() -> None:
    early, late = raised("s1/m02", at_h=3.5), raised("s1/m04", at_h=5.0)

    outcome = judged(SHORT, early, raised("s1/m03", at_h=4.0), late, raised("s1/m01", at_h=6.0))

    assert [one.component for one in outcome.elsewhere] == ["s1/m02", "s1/m01"]


def test_an_alarm_on_a_rack_without_a_fault_is_false() -> None:
    normal = Truth(kind="normal", family=Family.NORMAL, aged_module=2)

    outcome = judged(normal, raised("s1/m02", at_h=8.0), raised("s1/m02/t1", at_h=9.0))

    assert [one.component for one in outcome.false] == ["s1/m02"]
    assert [one.component for one in outcome.unexplained] == ["s1/m02/t1"]


def test_a_failed_cooling_is_told_as_the_room_only_if_no_module_is_accused() -> None:
    hvac = Truth(
        kind="hvac",
        family=Family.HVAC,
        onset_s=3 * HOUR_S,
        hvac=(Spell(3 * HOUR_S, 6 * HOUR_S, 12.0),),
    )
    room = replace(raised("-", at_h=3.5, priority=Priority.LOW), scope=Scope.ROOM)

    assert judged(hvac, room).rooms == (True,)
    accused = judged(hvac, room, raised("s1/m01", at_h=7.5))
    assert accused.rooms == (False,)
    assert accused.hit is None


def test_an_altered_sensor_is_named_by_itself_or_its_module_alone() -> None:
    stuck = Truth(kind="sensor_stuck", family=Family.SENSOR, onset_s=3 * HOUR_S, module=3, sensor=2)
    low = Priority.LOW

    assert judged(stuck, raised("s1/m03/t1", at_h=4.0, priority=low)).hit is None
    assert judged(stuck, raised("s1/m03/t2", at_h=4.0, priority=low)).hit is not None


def test_in_a_log_of_a_cluster_only_altered_sensors_may_be_told() -> None:
    log = Truth(
        kind="cluster_step", family=Family.CLUSTER, onset_s=3 * HOUR_S, altered=((3, 2), (4, 1))
    )

    outcome = judged(
        log,
        raised("s1/m03", at_h=2.0),
        raised("s1/m04/t1", at_h=4.0),
        raised("s1/m01/t1", at_h=5.0),
    )

    assert outcome.hit is not None
    assert outcome.hit.component == "s1/m04/t1"
    assert [one.component for one in outcome.false] == ["s1/m03", "s1/m01/t1"]


def test_what_the_bench_replays_is_what_the_command_would_replay(tmp_path: Path) -> None:
    trace = make_trace(plan_trace("short_hard", SMALL, 1, days=0.75))
    recording, battery = trace.write(tmp_path)

    in_process = list(playback_of(trace).all_of(trace.snapshots()))
    by_file = list(replayed(recorded(recording, battery=battery), rulebook=shipped_rulebook()))

    told = [(e.at_s, str(e.key.component), e.key.rule, e.change, e.priority) for e in in_process]
    assert told == [
        (e.at_s, str(e.key.component), e.key.rule, e.change, e.priority) for e in by_file
    ]
    assert any(e.key.rule == "cell_shorted" for e in in_process)


def test_a_kind_of_lfp_is_not_made_twice_of_an_lfp_rack() -> None:
    nmc, lfp = SMALL, replace(SMALL, chemistry=Chemistry.LFP)

    jobs = list(jobs_of([nmc, lfp], kinds=["lfp", "cluster_plain"], seeds=range(1, 3)))

    assert [(job.kind, job.rack, job.seed) for job in jobs] == [
        ("short_lfp_5ohm", nmc, 1),
        ("short_lfp_5ohm", nmc, 2),
        ("short_lfp_1ohm", nmc, 1),
        ("short_lfp_1ohm", nmc, 2),
        ("cluster_plain", None, 1),
        ("cluster_plain", None, 2),
    ]


def test_a_job_without_a_rack_is_a_log_of_a_cluster() -> None:
    assert trace_of(Job("cluster_plain", None, 5)).truth.family is Family.CLUSTER
