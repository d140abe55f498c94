"""What must hold of the detectors whatever a rack looks like.

Moving modules about moves what is found in them, exactly. Which findings are one alarm depends on
who stands beside whom (heat spreads), so of several faults the findings are compared, and of one
fault the alarms.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from batteryd.domain.alarm import AlarmEvent, Change, Priority
from batteryd.domain.component import Component, Scope, parse_component
from batteryd.domain.snapshot import Layout, Snapshot
from tests.listed import listed
from tests.racks import OF_ALL, Rack, judged, watched
from tests.racks import Change as Changes

ONSET_H = 3.6
COARSE_S = 30.0  # between polls, where many racks are looked at
LIMIT = "module_temperature"

few = settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.generate],  # an example of hours is not worth shrinking
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def told(events: Iterable[AlarmEvent]) -> list[tuple[str, str, float]]:
    """Return what was raised about modules and cells: rule, place, instant."""
    return [
        (e.key.rule, str(e.key.component), e.at_s)
        for e in events
        if e.change is Change.RAISED and e.scope in (Scope.MODULE, Scope.CELL)
    ]


def first_s(events: Iterable[AlarmEvent], module: int) -> float:
    """Return when a module (its number, from 1) was first told of, in hours; inf where never."""
    found = [
        (e.at_s, e.priority)
        for e in events
        if e.change is Change.RAISED and e.key.component.module == module
    ]
    return min((at_s for at_s, priority in found if priority > Priority.LOW), default=np.inf)


def grown(at_h: float, per_h: float, most: float = np.inf) -> float:
    return min(most, per_h * max(0.0, at_h - ONSET_H))


def warming(module: int, k_per_h: float, most_k: float = 3.0) -> Changes:
    def change(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat[module] += grown(at_h, k_per_h, most_k)

    return change


def leaking(cell: tuple[int, int], v_per_h: float) -> Changes:
    def change(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        volts[cell] -= grown(at_h, v_per_h)

    return change


# ---- the same temperature on every sensor

SHAPES = {20.0: (8, 2, 4), 30.0: (10, 1, 4), 15.0: (17, 2, 2)}
COURSES: dict[str, Callable[[float], float]] = {
    "cold from the beginning": lambda at_h: -9.0,
    "warm from the beginning": lambda at_h: 12.0,
    "a step down": lambda at_h: -6.0 * (at_h > ONSET_H),
    "a step up": lambda at_h: 12.0 * (at_h > ONSET_H),
    "a slow ramp": lambda at_h: 2.0 * at_h,
    "a steep ramp": lambda at_h: grown(at_h, 30.0, 14.0),
    "steps to and fro": lambda at_h: 5.0 * (int(at_h * 2) % 2),
    "waves": lambda at_h: 6.0 * np.sin(at_h * 4),
}


def added(course: Callable[[float], float]) -> Changes:
    def change(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat += course(at_h)

    return change


@pytest.mark.parametrize("quantum_c", [0.1, 1.0])
@pytest.mark.parametrize(("poll_s", "shape"), SHAPES.items())
@pytest.mark.parametrize("course", COURSES.values(), ids=COURSES.keys())
def test_the_same_temperature_on_every_sensor_raises_no_module_alarm(
    course: Callable[[float], float],
    poll_s: float,
    shape: tuple[int, int, int],
    quantum_c: float,
) -> None:
    rack = Rack(shape, poll_s, quantum_c)

    assert told(watched(rack, ONSET_H + 1.5, added(course))) == []


@few
@given(
    knots=st.lists(st.floats(-14.0, 14.0), min_size=4, max_size=9),
    seed=st.integers(0, 10_000),
    quantum_c=st.sampled_from([0.1, 0.5, 1.0]),
)
def test_neither_does_any_course_of_it(knots: list[float], seed: int, quantum_c: float) -> None:
    hours = np.linspace(0.0, ONSET_H + 2.0, len(knots))
    rack = Rack((9, 2, 2), COARSE_S, quantum_c, seed=seed)

    events = watched(rack, hours[-1], added(lambda at_h: float(np.interp(at_h, hours, knots))))

    assert told(events) == []


# ---- modules in other places, columns in another order


def moved(polls: Iterable[Snapshot], rack: Rack, order: np.ndarray) -> list[Snapshot]:
    """Put the module that was number `order[i]` (from 0) at place i."""
    modules, sensors, cells = rack.shape
    first = len(OF_ALL)
    columns = np.concatenate(
        (
            np.arange(first),
            first + (order[:, None] * sensors + np.arange(sensors)).ravel(),
            first + modules * sensors + (order[:, None] * cells + np.arange(cells)).ravel(),
        )
    )
    return [replace(p, values=p.values[columns], quality=p.quality[columns]) for p in polls]


def found(events: Iterable[AlarmEvent]) -> set[tuple[str, Component, float]]:
    """Return all findings in modules, whether they were an alarm or added to one."""
    return {
        (entry["rule"], parse_component(entry["component"]), entry["at_s"])
        for event in events
        if event.scope in (Scope.MODULE, Scope.CELL)
        for entry in listed(event.evidence.get("found", ()))
    }


def put(place: Component, order: np.ndarray) -> Component:
    assert place.module is not None
    return replace(place, module=int(np.flatnonzero(order == place.module - 1)[0]) + 1)


@few
@given(order=st.permutations(range(8)), faulty=st.integers(0, 7))
def test_moving_modules_moves_the_alarms_of_a_faulty_one(order: list[int], faulty: int) -> None:
    rack, at = Rack(poll_s=COARSE_S), np.array(order)
    polls = list(rack.snapshots(ONSET_H + 1.0, warming(faulty, 6.0, 4.0)))

    before, after = judged(rack, polls), judged(rack, moved(polls, rack, at))

    expected = [(r, str(put(parse_component(c), at)), at_s) for r, c, at_s in told(before)]
    assert expected
    assert told(after) == expected


@few
@given(order=st.permutations(range(8)))
def test_moving_modules_moves_what_is_found_in_several_faulty_ones(order: list[int]) -> None:
    def change(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        warming(1, 30.0, 9.0)(at_h, heat, volts)
        warming(2, 8.0, 5.0)(at_h, heat, volts)
        leaking((6, 1), 0.05)(at_h, heat, volts)

    rack, at = Rack(poll_s=COARSE_S), np.array(order)
    polls = list(rack.snapshots(ONSET_H + 1.0, change))

    before, after = judged(rack, polls), judged(rack, moved(polls, rack, at))

    expected = {(rule, put(place, at), at_s) for rule, place, at_s in found(before)}
    assert {place.module for _, place, _ in expected} == {
        int(np.flatnonzero(at == n)[0]) + 1 for n in (1, 2, 6)
    }
    assert found(after) == expected


@few
@given(seed=st.integers(0, 10_000))
def test_the_order_of_columns_changes_nothing(seed: int) -> None:
    def change(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        warming(1, 6.0)(at_h, heat, volts)
        leaking((6, 1), 0.05)(at_h, heat, volts)

    rack = Rack(poll_s=COARSE_S)
    order = np.random.default_rng(seed).permutation(len(rack.layout))
    shuffled = Layout.of(rack.layout.columns[i] for i in order)
    polls = list(rack.snapshots(ONSET_H + 1.0, change))
    again = [
        replace(p, layout=shuffled, values=p.values[order], quality=p.quality[order]) for p in polls
    ]

    before, after = judged(rack, polls), judged(rack, again)

    assert {rule for rule, _, _ in told(before)} >= {"module_warmer", "cell_leaking"}
    assert told(after) == told(before)
    assert [e.why for e in after] == [e.why for e in before]


# ---- a hotter copy, a leakier copy

HEAT = {  # K per hour, most K, hours to wait
    "slow heat": (0.5, 1.2, 8.0),
    "warm": (1.5, 3.0, 3.0),
    "warmer": (6.0, 4.0, 2.0),
    "a heater": (60.0, 12.0, 1.0),
}


@pytest.mark.parametrize("quantum_c", [0.1, 1.0])
@pytest.mark.parametrize("scale", [1.1, 2.0, 5.0])
@pytest.mark.parametrize(("k_per_h", "most_k", "hours"), HEAT.values(), ids=HEAT.keys())
def test_a_hotter_copy_of_a_faulty_module_alarms_no_later(
    k_per_h: float, most_k: float, hours: float, scale: float, quantum_c: float
) -> None:
    rack = Rack((10, 2, 2), COARSE_S, quantum_c)
    same = Rack((10, 2, 2), COARSE_S, quantum_c)
    hours += ONSET_H

    milder = first_s(watched(rack, hours, warming(5, k_per_h, most_k)), 6)
    hotter = first_s(watched(same, hours, warming(5, scale * k_per_h, scale * most_k)), 6)

    assert milder < np.inf or quantum_c == 1.0
    assert hotter <= milder


@few
@given(
    shown=st.sampled_from(sorted(HEAT)),
    scale=st.floats(1.0, 8.0),
    only_one=st.booleans(),
    seed=st.integers(0, 10_000),
)
def test_nor_does_one_of_any_other_rack(
    shown: str,
    scale: float,
    only_one: bool,
    seed: int,
) -> None:
    k_per_h, most_k, hours = HEAT[shown]

    def told_s(by: float) -> float:
        def change(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
            heat[3, 0] += grown(at_h, by * k_per_h, by * most_k)
            if not only_one:
                heat[3, 1] += grown(at_h, by * k_per_h, by * most_k)

        return first_s(watched(Rack((8, 2, 2), COARSE_S, seed=seed), ONSET_H + hours, change), 4)

    assert told_s(scale) <= told_s(1.0)


@pytest.mark.parametrize("scale", [1.1, 2.0, 10.0, 50.0])
@pytest.mark.parametrize("mv_per_h", [4.0, 12.0, 60.0])
def test_a_leakier_cell_alarms_no_later(mv_per_h: float, scale: float) -> None:
    def told_s(v_per_h: float) -> float:
        events = watched(Rack((8, 1, 6), COARSE_S), ONSET_H + 3.0, leaking((2, 4), v_per_h))
        return first_s(events, 3)

    milder, leakier = told_s(0.001 * mv_per_h), told_s(0.001 * mv_per_h * scale)

    assert milder < np.inf
    assert leakier <= milder


# ---- what goes with every alarm


def test_every_alarm_carries_its_sentence_and_evidence_that_can_be_stored() -> None:
    events = watched(Rack(), ONSET_H + 1.0, warming(5, 20.0, most_k=9.0))

    assert any(e.priority is Priority.CRITICAL for e in events)
    for event in events:
        assert event.why.startswith("module 6 of Rack 1")
        assert json.loads(json.dumps(event.evidence))["found"]
