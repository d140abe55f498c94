"""What load, sun and other people's heat do to a rack is no fault of its modules."""

import numpy as np
import pytest

from batteryd.domain.alarm import Change, Priority
from batteryd.rules.heat_peer import is_crowd
from tests.racks import CAPACITY_AH, Rack, discharge, watched


def loud(events):
    return [
        (e.key.rule, str(e.key.component))
        for e in events
        if e.change is Change.RAISED and e.priority > Priority.LOW
    ]


def raised(events, rule):
    return [e for e in events if e.key.rule == rule and e.change is Change.RAISED]


# ------------------------------------------------------------------------------- places


def at_a_busbar(load):
    def change(at_h, heat, volts):
        heat[:, 1] += 9.0 * (load(at_h - 0.1) != 0.0)

    return change


def test_sensors_at_busbars_that_a_load_heats_are_no_hot_modules():
    load = discharge(1.0, 4.0)

    assert loud(watched(Rack(current_a=load), 5.0, at_a_busbar(load))) == []


def test_one_busbar_that_heats_more_than_the_others_is_told():
    load = discharge(1.0, 4.0)

    def change(at_h, heat, volts):
        at_a_busbar(load)(at_h, heat, volts)
        heat[5, 1] += 9.0 * (at_h > 4.1)

    events = watched(Rack(current_a=load), 4.6, change)

    assert {place for _, place in loud(events)} == {"s1/m06"}


def warmed_by_a_discharge(share, *, start_h):
    """Let all warm by 7 K, and an aged module that reads 2 K more by that share more."""

    def change(at_h, heat, volts):
        risen_k = 28.0 * min(0.25, max(0.0, at_h - start_h))
        heat[:] = 23.5 + risen_k
        heat[4] = 25.7 + risen_k * (1.0 + share)

    return change


@pytest.mark.parametrize(("share", "told"), [(0.35, set()), (0.6, {("module_warmer", "s1/m05")})])
def test_an_aged_module_that_coarse_sensors_round_up_is_none_that_lost_its_air(share, told):
    rack = Rack(shape=(10, 1, 4), poll_s=30.0, quantum_c=1.0, current_a=discharge(4.0))

    assert set(loud(watched(rack, 4.6, warmed_by_a_discharge(share, start_h=4.0)))) == told


@pytest.mark.parametrize(
    ("deviations", "is_one"),
    [
        ([6.0, 5.0, 5.0, 4.0, 0.0, 0.0], True),
        ([9.0, 5.0, 5.0, 4.0, 0.0, 0.0], False),  # one stands out
        ([6.0, 5.0, 5.0, 0.0, 0.0, 0.0], False),  # three are no crowd
        ([0.7, 0.6, 0.6, 0.6, 0.0, 0.0], False),  # too little to be anything
        ([6.0, 5.0, 5.0, 4.0], False),  # all of a small rack
        ([np.nan, 6.0, 5.0, 5.0, 4.0, 0.0], True),
    ],
)
def test_a_crowd_is_four_that_deviate_alike(deviations, is_one):
    assert is_crowd(np.array(deviations), limit_k=1.5) is is_one


# ------------------------------------------------------------------------------- joints


def joint_of(mohm, load, *, from_h):
    def change(at_h, heat, volts):
        volts[2, 1] += mohm / 1000.0 * load(at_h) * (at_h >= from_h)

    return change


def test_a_cell_that_is_weak_and_not_loose_is_no_joint():
    load = discharge(1.0, 6.0, recharged=True)

    def change(at_h, heat, volts):
        under_load_h = at_h - 6.0
        if 0 <= under_load_h < 0.25:  # it bends down in the course of the load
            volts[2, 1] -= 0.08 * under_load_h / 0.045

    assert loud(watched(Rack(current_a=load), 6.5, change)) == []


@pytest.mark.parametrize("poll_s", [10.0, 30.0, 60.0])
def test_a_joint_is_found_at_any_pace_of_polls(poll_s):
    load = discharge(1.0, 6.0, recharged=True)
    rack = Rack(current_a=load, poll_s=poll_s)

    events = watched(rack, 6.5, joint_of(0.4, load, from_h=3.0))

    assert loud(events) == [("loose_joint", "s1/m03")]


def unread_when_a_load_begins(change, start_h):
    def unread(at_h, heat, volts):
        change(at_h, heat, volts)
        if 0 <= at_h - start_h < 70.0 / 3600.0:
            volts[2] = np.nan

    return unread


@pytest.mark.parametrize("poll_s", [10.0, 60.0])
def test_a_long_bar_that_could_not_be_read_when_its_first_load_began_is_no_joint_later(poll_s):
    load = discharge(1.0, 6.0, recharged=True)
    bar = unread_when_a_load_begins(joint_of(0.6, load, from_h=0.0), start_h=1.0)

    assert loud(watched(Rack(current_a=load, poll_s=poll_s), 6.5, bar)) == []


@pytest.mark.parametrize("poll_s", [10.0, 60.0])
def test_a_joint_that_cannot_be_read_when_the_load_begins_is_found_in_the_same_load(poll_s):
    load = discharge(1.0, 6.0, recharged=True)
    joint = unread_when_a_load_begins(joint_of(0.4, load, from_h=3.0), start_h=6.0)

    events = watched(Rack(current_a=load, poll_s=poll_s), 6.2, joint)

    assert loud(events) == [("loose_joint", "s1/m03")]


def test_a_load_that_never_rests_says_nothing_of_joints():
    def wild(at_h):
        return -CAPACITY_AH * (1.2 if round(at_h * 60) % 3 else 0.2)

    events = watched(Rack(current_a=wild), 0.6, joint_of(0.4, wild, from_h=0.3))

    assert raised(events, "loose_joint") == []


@pytest.mark.parametrize(("mohm", "priority"), [(1.5, Priority.LOW), (4.0, Priority.MEDIUM)])
def test_before_a_joint_is_learned_only_what_no_bar_can_be_is_more_than_low(mohm, priority):
    load = discharge(1.0)

    events = watched(Rack(current_a=load), 1.3, joint_of(mohm, load, from_h=0.0))

    assert [e.priority for e in raised(events, "loose_joint")] == [priority]


# ------------------------------------------------------------------------------- rack and room


def test_a_rack_that_is_still_cooling_down_has_not_lost_its_cooling():
    load = discharge(6.0)

    def change(at_h, heat, volts):  # large cells: 8 K, and they take hours to lose it
        heat += 8.0 * np.exp(-(at_h - 6.25) / 3.0) * (at_h > 6.25)

    assert raised(watched(Rack(current_a=load), 11.0, change), "rack_cooling") == []


def failed_cooling(at_h):
    return 22.0 + 11.0 * min(1.0, max(0.0, at_h - 4.0)) * (at_h < 12.0)


def test_a_room_that_stays_hot_stands_until_it_is_back():
    events = watched(Rack(ambient_c=failed_cooling), 14.0)

    told = [(e.change, round((e.at_s - events[0].at_s) / 3600)) for e in events
            if e.key.rule == "room_warming" and not e.is_addition]  # fmt: skip
    assert told == [(Change.RAISED, 0), (Change.RETURNED, 8)]


def test_after_the_room_has_cooled_its_rack_is_no_fault():
    def slow(at_h, heat, volts):  # the rack follows its air by two hours
        lag_h = max(0.0, at_h - 12.0)
        heat += 11.0 * np.exp(-lag_h / 2.0) * (at_h >= 12.0)

    events = watched(Rack(ambient_c=failed_cooling), 18.0, slow)

    assert raised(events, "rack_cooling") == []


# ------------------------------------------------------------------------------- charge


RECHARGED = discharge(4.0, recharged=True)  # from 4.5 to 6.5 h


def test_modules_that_part_on_charge_are_the_racks():
    def change(at_h, heat, volts):
        heat[::2] += 8.0 * (at_h > 4.5)

    events = watched(Rack(current_a=RECHARGED), 6.0, change)

    assert ("charge_spread", "s1") in loud(events)


def test_a_module_that_has_its_own_alarm_parts_no_rack():
    def change(at_h, heat, volts):
        heat[3] += 12.0 * (at_h > 3.5)

    events = watched(Rack(current_a=RECHARGED), 6.0, change)

    assert {place for _, place in loud(events)} == {"s1/m04"}


# ------------------------------------------------------------------------------- causes


def test_of_neighbours_that_warm_together_the_warmest_is_the_cause():
    def change(at_h, heat, volts):
        spread = np.array([0.2, 0.5, 1.0, 0.5, 0.2])[:, np.newaxis]
        heat[2:7] += spread * min(8.0, 60.0 * max(0.0, at_h - 4.0))

    events = watched(Rack(shape=(12, 2, 2)), 5.0, change)

    assert loud(events)[0] == ("module_warmer", "s1/m05")
    assert {place for _, place in loud(events)} == {"s1/m05"}


def test_a_neighbour_that_is_warmer_has_a_cause_of_its_own():
    def change(at_h, heat, volts):
        heat[2] += 3.0 * (at_h > 4.0)
        heat[3] += 9.0 * (at_h > 5.0)

    events = watched(Rack(shape=(12, 2, 2)), 6.0, change)

    assert {place for _, place in loud(events)} == {"s1/m03", "s1/m04"}


def test_what_is_critical_is_told_with_the_limit_that_it_exceeded():
    def change(at_h, heat, volts):
        heat[2] += 2.2 * (at_h > 4.0) + 3.0 * (at_h > 4.5)

    events = raised(watched(Rack(), 5.0, change), "module_warmer")

    assert [(e.priority, e.setpoint) for e in events if not e.is_addition] == [
        (Priority.MEDIUM, pytest.approx(1.5)),
        (Priority.CRITICAL, pytest.approx(4.0)),
    ]
    assert all(e.value > e.setpoint for e in events)


def test_before_its_normal_is_known_a_module_far_above_its_peers_is_critical():
    def change(at_h, heat, volts):
        heat[2] += 16.0 * (at_h > 0.2)

    events = raised(watched(Rack(), 0.5, change), "module_warmer")

    assert events[-1].priority is Priority.CRITICAL
    assert events[-1].setpoint == pytest.approx(8.0, abs=0.5)
