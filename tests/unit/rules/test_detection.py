"""What the detectors find in a rack, where they put it, and what they keep still about."""

import numpy as np
import pytest

from batteryd.domain.alarm import Change, Priority
from batteryd.domain.component import Scope
from tests.racks import Rack, judged, watched

LEARN_H = 4.0  # offsets, baselines and the step from air to rack are known by then


def raised(events):
    return [e for e in events if e.change is Change.RAISED and not e.is_addition]


def alarms(events):
    return [(e.key.rule, str(e.key.component)) for e in raised(events) if e.priority > Priority.LOW]


def after(hours, at_h):
    return max(0.0, at_h - hours)


def test_a_rack_that_idles_raises_nothing():
    assert watched(Rack(), 8.0) == []


def test_a_module_that_warms_is_told_with_its_peers_and_its_own_normal():
    def change(at_h, heat, volts):
        heat[2] += min(3.0, 6.0 * after(LEARN_H, at_h))

    (event,) = raised(watched(Rack(), LEARN_H + 1.5, change))

    assert (event.key.rule, str(event.key.component)) == ("module_warmer", "s1/m03")
    assert event.scope is Scope.MODULE
    assert "its 7 peers" in event.why
    assert "above its own normal), both sensors, no load" in event.why
    assert event.evidence["peer_count"] == 7


def test_neighbours_that_a_burning_module_warms_are_added_to_its_alarm():
    def change(at_h, heat, volts):
        rise = min(20.0, 30.0 * after(LEARN_H, at_h))
        heat[3] += rise
        heat[2] += 0.3 * after(LEARN_H + 0.3, at_h) * rise
        heat[4] += 0.3 * after(LEARN_H + 0.3, at_h) * rise

    events = watched(Rack(shape=(10, 2, 4)), LEARN_H + 2.0, change)

    assert {place for rule, place in alarms(events) if rule != "module_temperature"} == {"s1/m04"}
    added = [e for e in events if e.is_addition]
    assert any("module 3" in e.why or "module 5" in e.why for e in added)


def test_slow_heat_adds_up():
    def change(at_h, heat, volts):
        heat[5, 1] += min(1.2, 0.6 * after(LEARN_H, at_h))

    (event,) = raised(watched(Rack(), LEARN_H + 8.0, change))

    assert (event.key.rule, str(event.key.component)) == ("module_drifting", "s1/m06")


def test_a_leaking_cell_is_told_by_its_name():
    def change(at_h, heat, volts):
        volts[1, 2] -= 0.006 * after(LEARN_H, at_h)

    (event,) = raised(watched(Rack(), LEARN_H + 2.5, change))

    assert (event.key.rule, str(event.key.component)) == ("cell_leaking", "s1/m02/c03")
    assert event.scope is Scope.CELL
    assert "against its 31 peers" in event.why


def test_a_hard_short_is_told_at_the_third_reading():
    def change(at_h, heat, volts):
        if at_h >= LEARN_H:
            volts[1, 2] -= 0.08

    rack = Rack()
    (event,) = raised(watched(rack, LEARN_H + 0.1, change))

    first = next(rack.snapshots(0.1)).observed_at_s + LEARN_H * 3600
    assert event.key.rule == "cell_shorted"
    assert event.at_s - first == pytest.approx(20.0, abs=1.0)


def discharge(*starts_h):
    return lambda at_h: -134.0 if any(0 <= at_h - start < 0.25 for start in starts_h) else 0.0


def test_a_joint_is_told_at_the_next_discharge_and_by_its_module():
    rack = Rack(current_a=discharge(1.0, 6.0))

    def change(at_h, heat, volts):
        if at_h > 3.0:
            volts[4, 1] += 0.0004 * rack.current_a(at_h)

    events = watched(rack, 6.3, change)

    assert alarms(events) == [("loose_joint", "s1/m05")]
    assert "cell 2" in raised(events)[0].why


def test_a_joint_that_was_always_there_is_no_alarm():
    rack = Rack(current_a=discharge(1.0, 6.0))

    def change(at_h, heat, volts):
        volts[4, 1] += 0.0004 * rack.current_a(at_h)

    assert alarms(watched(rack, 6.3, change)) == []


def test_cooling_that_fails_is_the_room_and_not_its_modules():
    rack = Rack(ambient_c=lambda at_h: 22.0 + min(9.0, 6.0 * after(LEARN_H, at_h)))

    events = raised(watched(rack, LEARN_H + 3.0))

    assert {e.scope for e in events} == {Scope.ROOM}
    assert "room_warming" in {e.key.rule for e in events}


def test_a_rack_that_warms_in_cool_air_has_lost_its_cooling():
    def change(at_h, heat, volts):
        heat += min(3.0, 1.0 * after(LEARN_H + 1, at_h))

    events = watched(Rack(), LEARN_H + 6.0, change)

    assert alarms(events) == [("rack_cooling", "s1")]


def test_a_sensor_that_freezes_is_told_once_the_rack_moves():
    rack = Rack(ambient_c=lambda at_h: 22.0 + 1.5 * after(LEARN_H, at_h))
    frozen: dict[str, float] = {}

    def change(at_h, heat, volts):
        frozen.setdefault("c", heat[6, 0])
        heat[6, 0] = frozen["c"]

    events = raised(watched(rack, LEARN_H + 2.5, change))

    assert ("sensor_stuck", "s1/m07/t1") in [(e.key.rule, str(e.key.component)) for e in events]
    assert alarms(events) == []


def test_modules_that_deviate_together_are_one_message_of_low_priority():
    def change(at_h, heat, volts):
        heat[:4] += min(2.5, 2.0 * after(LEARN_H, at_h))

    events = watched(Rack(shape=(12, 2, 4)), LEARN_H + 4.0, change)

    assert alarms(events) == []
    assert [e.key.rule for e in raised(events)] == ["modules_together"]


def test_spikes_and_gaps_and_missing_values_raise_nothing_above_low_priority():
    rack, chance = Rack(), np.random.default_rng(3)

    def change(at_h, heat, volts):
        for readings, wild in ((heat, (100.0, -20.0)), (volts, (0.0, 5.0))):
            spikes = chance.random(readings.shape) < 0.01
            readings[spikes] = chance.choice(wild, spikes.sum())
            readings[chance.random(readings.shape) < 0.05] = np.nan

    gaps = ((2.0, 2.03), (5.0, 5.2), (6.5, 7.0))
    polls = (
        snapshot
        for number, snapshot in enumerate(rack.snapshots(10.0, change))
        if not any(start <= number * rack.poll_s / 3600 < end for start, end in gaps)
    )

    about_gaps = {"silence"}
    assert [a for a in alarms(judged(rack, polls)) if a[0] not in about_gaps] == []


@pytest.mark.parametrize("step_s", [3600.0, -3600.0])
def test_a_clock_that_steps_by_an_hour_raises_nothing(step_s):
    from dataclasses import replace

    rack = Rack()
    polls = (
        replace(s, observed_at_s=s.observed_at_s + (step_s if number > 2000 else 0.0))
        for number, s in enumerate(rack.snapshots(9.0))
    )

    assert [a for a in alarms(judged(rack, polls)) if a[0] != "silence"] == []
