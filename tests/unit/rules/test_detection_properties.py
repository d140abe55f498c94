"""What must hold of the detectors whatever a rack looks like."""

import numpy as np
import pytest

from batteryd.domain.alarm import Change, Priority
from batteryd.domain.component import Scope
from tests.racks import Rack, engine_for, judged, watched

LEARN_H = 3.6


def told(events):
    return [
        (e.key.rule, e.key.component.module, e.at_s)
        for e in events
        if e.change is Change.RAISED and e.scope in (Scope.MODULE, Scope.CELL)
    ]


def warming(module, k_per_h, most_k=3.0):
    def change(at_h, heat, volts):
        heat[module] += min(most_k, k_per_h * max(0.0, at_h - LEARN_H))

    return change


@pytest.mark.parametrize("shape", [(8, 2, 4), (10, 1, 4), (17, 2, 2)])
@pytest.mark.parametrize("added_k", [-6.0, 3.0, 12.0])
def test_the_same_temperature_on_every_sensor_raises_no_module_alarm(shape, added_k):
    def change(at_h, heat, volts):
        if at_h > LEARN_H:
            heat += added_k

    assert told(watched(Rack(shape=shape), LEARN_H + 1.0, change)) == []


@pytest.mark.parametrize("shift", [1, 3])
def test_moving_modules_to_other_places_moves_their_alarms(shift):
    here, there = Rack(), Rack()
    there.offsets = np.roll(here.offsets, shift, axis=0)
    there.differences = np.roll(here.differences, shift, axis=0)
    polls = list(here.snapshots(LEARN_H + 1.0, warming(2, 4.0)))
    modules, sensors, cells = here.shape
    order = np.roll(np.arange(modules), shift)
    columns = np.concatenate(
        (
            np.arange(3),
            3 + (order[:, None] * sensors + np.arange(sensors)).ravel(),
            3 + modules * sensors + (order[:, None] * cells + np.arange(cells)).ravel(),
        )
    )
    moved = [
        type(poll)(
            poll.asset_id, poll.observed_at_s, poll.layout, poll.values[columns], poll.quality
        )
        for poll in polls
    ]

    before, after = told(judged(here, iter(polls))), told(judged(there, iter(moved)))

    assert before
    assert [
        (rule, (module - 1 + shift) % modules + 1, at_s) for rule, module, at_s in before
    ] == after


@pytest.mark.parametrize("k_per_h", [1.0, 4.0, 20.0])
def test_a_hotter_copy_of_a_faulty_module_alarms_no_later(k_per_h):
    milder = told(watched(Rack(), LEARN_H + 4.0, warming(5, k_per_h)))
    hotter = told(watched(Rack(), LEARN_H + 4.0, warming(5, 1.5 * k_per_h, most_k=4.5)))

    assert hotter[0][2] <= milder[0][2]


def test_what_was_learned_goes_on_in_another_engine():
    rack = Rack()
    polls = list(rack.snapshots(LEARN_H + 1.0, warming(5, 4.0)))
    half = int((LEARN_H + 0.3) * 3600 / rack.poll_s)
    whole = judged(rack, iter(polls))

    first, second = engine_for(rack), engine_for(rack)
    judged(rack, iter(polls[:half]), first)
    second._watches["rack-1"].learn_from(first._watches["rack-1"].learned())
    again = judged(rack, iter(polls[half:]), second)

    assert [(e.key, e.at_s) for e in again] == [(e.key, e.at_s) for e in whole]


def test_nothing_is_learned_while_people_work_there():
    rack = Rack()
    engine = engine_for(rack)
    engine.set_at_work({"rack-1"}, now_s=0.0)

    judged(rack, rack.snapshots(LEARN_H), engine)

    learned = engine._watches["rack-1"].learned()["detection"]
    assert not learned["s1.heat.calm_s"].any()
    assert not learned["s1.cell_leaking.means"].any()


def test_every_alarm_carries_its_sentence_and_evidence_that_can_be_stored():
    import json

    events = watched(Rack(), LEARN_H + 1.0, warming(5, 20.0, most_k=9.0))

    assert any(e.priority is Priority.CRITICAL for e in events)
    for event in events:
        assert event.why.startswith("module 6 of Rack 1")
        assert json.loads(json.dumps(event.evidence))["found"]
