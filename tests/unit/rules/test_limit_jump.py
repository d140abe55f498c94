"""Readings that come out of nowhere: how long a limit doubts them, and what it never doubts."""

from dataclasses import replace

import pytest

from batteryd.domain.quality import Quality
from tests.builders import NOON_S, make_snapshot
from tests.rulebooks import make_asset, make_engine, rulebook, shipped_rulebook, told

T1, T2 = "s1/m02/t1:temperature_c", "s1/m02/t2:temperature_c"
CELL = "s1/m03/c02:cell_voltage_v"
HOT = """
[rule.module_temperature]
kind = "limit"
quantities = ["temperature_c"]
direction = "high"
setpoint = { medium = 40.0, critical = 50.0 }
deadband = 2.0
on_delay_s = { medium = 60.0 }
off_delay_s = 60.0
jump = 8.0
[rule.module_temperature.work]
jump = 0.0
"""


def run(engine, *readings, every_s=10.0, from_s=NOON_S):
    """Show one poll after the other; a number is what sensor 1 of module 2 reads."""
    events = []
    for number, reading in enumerate(readings):
        values = reading if isinstance(reading, dict) else {T1: reading}
        at_s = from_s + number * every_s
        events += engine.evaluate(make_snapshot(at_s=at_s, values=values), at_s)
    return events


def seconds(events):
    return [(event.at_s - NOON_S, event.priority.text) for event in events]


@pytest.mark.parametrize("ghost", [(99.9,), (99.9, 99.9), (99.9, 24.0, 99.9), (61.0, 99.9)])
def test_a_ghost_of_one_or_two_readings_raises_nothing(ghost):
    assert run(make_engine(HOT), 24.0, 24.0, 24.0, *ghost, 24.0, 24.0) == []


def test_what_stays_is_told_at_its_third_reading():
    events = run(make_engine(HOT), 24.0, 24.0, 61.0, 60.0, 60.5, 60.5)

    assert seconds(events) == [(40, "critical")]


def test_what_heats_by_steps_that_a_battery_can_make_is_told_at_once():
    events = run(make_engine(HOT), 24.0, 32.0, 39.9, 47.0, 52.0)

    assert seconds(events) == [(40, "critical")]


def test_a_runaway_that_jumps_at_every_poll_is_not_doubted_for_ever():
    events = run(make_engine(HOT), 24.0, 45.0, 80.0, 140.0)

    assert seconds(events) == [(30, "critical")]


def test_what_nothing_was_read_before_is_doubted_as_well():
    assert run(make_engine(HOT), 61.0, 24.0, 24.0) == []
    assert seconds(run(make_engine(HOT), 61.0, 61.0, 61.0)) == [(20, "critical")]


def test_after_a_gap_a_reading_is_as_good_as_a_first_one():
    engine = make_engine(HOT)
    run(engine, 24.0, 24.0)

    assert run(engine, 99.0, 24.0, 24.0, from_s=NOON_S + 600) == []


def test_a_number_that_is_none_neither_counts_nor_breaks_the_rule():
    events = run(make_engine(HOT), 24.0, float("inf"), float("inf"), float("-inf"), 24.0)

    assert events == []


def test_two_readings_a_minute_apart_have_to_agree():
    polled = make_asset(poll_interval_s=60.0)

    events = run(make_engine(HOT, polled), 24.0, 24.0, 61.0, 99.0, every_s=60.0)

    assert seconds(events) == [(180, "medium")]


def test_a_delay_runs_from_the_first_reading_on():
    events = run(make_engine(HOT), 24.0, *[44.0] * 8)

    assert seconds(events) == [(70, "medium")]


def test_a_sensor_that_shows_nonsense_does_not_hold_its_neighbour_back():
    heating = [{T1: 44.0, T2: 24.0}, {T1: 47.0, T2: 99.0}, {T1: 51.0, T2: 24.0}]

    at_the_ghost = run(make_engine(HOT), *heating[:2], {T1: 50.4, T2: 99.0})

    assert [(e.at_s - NOON_S, e.value) for e in at_the_ghost] == [(20, 50.4)]
    assert at_the_ghost[0].evidence["column"] == T1


def test_a_reading_that_is_missing_neither_confirms_nor_refutes():
    events = run(make_engine(HOT), 24.0, 61.0, None, 61.0, 61.0)

    assert seconds(events) == [(40, "critical")]


def test_what_a_device_doubts_counts_towards_what_stays():
    engine = make_engine(HOT)
    run(engine, 24.0)
    doubted = make_snapshot(at_s=NOON_S + 10, values={T1: 61.0})
    quality = doubted.quality.copy()
    quality[doubted.values == 61.0] = Quality.UNCONFIRMED_JUMP

    at_first = engine.evaluate(replace(doubted, quality=quality), NOON_S + 10)
    later = run(engine, 61.0, 61.0, from_s=NOON_S + 20)

    assert (at_first, seconds(later)) == ((), [(30, "critical")])


@pytest.mark.parametrize(
    ("every_s", "told_at_s"), [(5, 20), (10, 40), (20, 80), (30, 120), (60, 180), (70, 140)]
)
def test_slow_polls_are_doubted_for_a_minute_at_most(every_s, told_at_s):
    asset = make_asset(poll_interval_s=float(every_s))

    events = run(make_engine(HOT, asset), 24.0, 24.0, *[61.0] * 6, every_s=every_s)

    assert seconds(events)[0] == (told_at_s, "critical")


def test_a_cell_is_doubted_downwards_too():
    engine = make_engine(
        """
        [rule.cell_voltage_low]
        kind = "limit"
        quantities = ["cell_voltage_v"]
        direction = "low"
        setpoint = { critical = 2.7 }
        jump = 0.3
        """
    )

    events = run(engine, {CELL: 3.61}, {CELL: 0.4}, {CELL: 3.61}, *[{CELL: 1.9}] * 3)

    assert [(e.at_s - NOON_S, e.value) for e in events] == [(50, 1.9)]


# ------------------------------------------------------------------------------- at work


def test_while_people_work_there_a_reading_out_of_nowhere_counts_at_once():
    engine = make_engine(HOT)
    engine.set_at_work(["rack-1"], now_s=NOON_S)

    assert seconds(run(engine, 24.0, 24.0, 61.0)) == [(20, "critical")]


def test_what_is_in_doubt_when_work_begins_is_believed_at_that_moment():
    engine = make_engine(HOT)
    assert run(engine, 24.0, 61.0) == []

    events = engine.set_at_work(["rack-1"], now_s=NOON_S + 13)

    assert told(events) == [("raised", "module_temperature", "s1/m02", "critical")]


@pytest.mark.parametrize("column", [T1, CELL])
def test_as_it_ships_nothing_is_doubted_at_work(column):
    beyond = {T1: 99.0, CELL: 4.6}[column]
    tame, at_work = (make_engine(shipped_rulebook()) for _ in range(2))
    at_work.set_at_work(["rack-1"], now_s=NOON_S)

    alone = run(tame, {}, {}, {column: beyond}, {})
    watched = run(at_work, {}, {}, {column: beyond})

    assert alone == []
    assert [event.priority.text for event in watched] == ["critical"]


def test_no_rule_that_ships_has_a_jump_that_could_do_nothing():
    for table in shipped_rulebook().tables.values():
        layers = (table.settings, *(s for named in table.layers.values() for s in named.values()))
        delays = [layer["on_delay_s"] for layer in layers if "on_delay_s" in layer]
        if table.settings.get("jump"):
            assert not delays or 0.0 in delays[0].values(), table.name
            assert table.work["jump"] == 0.0, table.name


def test_a_rule_book_may_doubt_more_with_nobody_there():
    assert rulebook(HOT.replace("jump = 0.0", "jump = 20.0")).tables["module_temperature"].work
