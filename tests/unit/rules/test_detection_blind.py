"""Detectors whose sensors go silent: what cannot be read ends no alarm, and somebody is told."""

import numpy as np
import pytest

from batteryd.domain.alarm import Change, Priority
from tests.builders import NOON_S
from tests.racks import HOUR_S, Rack, engine_for, judged, watched
from tests.rulebooks import alarms_of

LEARN_H = 4.0  # offsets are known by then
DIES_H = 5.5
DIED = 0  # sensor 1


def since(at_h: float, from_h: float) -> float:
    return max(0.0, at_h - from_h)


def warmed_until_it_dies(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
    heat[2, DIED] += min(9.0, 30.0 * since(at_h, LEARN_H))
    if at_h > DIES_H:
        heat[2, DIED] = np.nan


def drifting_until_it_dies(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
    heat[2, DIED] += 1.2 * (at_h > LEARN_H)
    if at_h > LEARN_H + 5.0:
        heat[2, DIED] = np.nan


@pytest.mark.parametrize(
    ("rule", "change"),
    [("module_warmer", warmed_until_it_dies), ("module_drifting", drifting_until_it_dies)],
)
def test_a_sensor_that_dies_in_the_heat_ends_no_alarm(rule, change):
    events = [e for e in watched(Rack(), LEARN_H + 8.0, change) if e.key.rule == rule]

    assert next(e.change for e in events if not e.is_addition) is Change.RAISED
    assert Change.RETURNED not in {e.change for e in events}


def test_it_ends_once_the_sensor_is_read_again_and_is_cool():
    def change(at_h, heat, volts):
        if at_h < 8.0:
            warmed_until_it_dies(at_h, heat, volts)

    ends = [e for e in watched(Rack(), 12.0, change) if e.change is Change.RETURNED]

    (end,) = [e for e in ends if e.key.rule == "module_warmer"]
    assert str(end.key.component) == "s1/m03"
    assert end.at_s > NOON_S + 8.0 * HOUR_S


def test_a_sensor_that_died_before_the_heat_keeps_no_alarm_standing():
    def change(at_h, heat, volts):
        heat[2, DIED] += 1.3 * (LEARN_H < at_h < LEARN_H + 0.1)  # near its limit when it dies
        if at_h > LEARN_H + 0.1:
            heat[2, DIED] = np.nan
        heat[2, 1] += 4.0 * (5.0 < at_h < 6.0)

    events = [e for e in watched(Rack(), 7.5, change) if e.key.rule == "module_warmer"]

    assert events[-1].change is Change.RETURNED


def test_a_restart_does_not_forget_which_sensor_died_in_the_heat():
    rack = Rack()
    polls = list(rack.snapshots(DIES_H + 2.0, warmed_until_it_dies))
    cut = next(i for i, p in enumerate(polls) if p.observed_at_s > NOON_S + (DIES_H + 0.1) * HOUR_S)
    before, after = engine_for(rack), engine_for(rack)
    told = judged(rack, iter(polls[:cut]), before)
    after.learn_from("rack-1", before.learned("rack-1"))
    after.restore(alarms_of(told), now_s=polls[cut].observed_at_s)

    events = judged(rack, iter(polls[cut:]), after)

    assert {e.priority for e in told if e.key.rule == "module_warmer"} >= {Priority.CRITICAL}
    assert [e for e in events if e.change is Change.RETURNED] == []


@pytest.mark.parametrize("first", [0, 1], ids=["the first among them", "not the first"])
def test_one_of_the_sensors_that_are_missing_tells_of_all(first):
    def change(at_h, heat, volts):
        if at_h > 1.0:
            heat.ravel()[first : first + 12] = np.nan  # of 16

    (event,) = watched(Rack(), 6.0, change)

    assert (event.change, event.key.rule) == (Change.RAISED, "sensor_invalid")
    assert str(event.key.component) == ["s1/m01/t1", "s1/m01/t2"][first]
    assert "as 11 other sensors of this rack" in event.why
