"""Limits on a rack: which sensor decides, what unknown means, and what is said."""

from dataclasses import replace

import numpy as np
import pytest

from batteryd.domain.alarm import Priority
from batteryd.domain.component import Scope
from batteryd.domain.inventory import AssetKind, Chemistry
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import (
    EMPTY_LAYOUT,
    Layout,
    Snapshot,
    failed_snapshot,
    parse_column,
)
from batteryd.rules.limit import Limits
from batteryd.rules.watch import UNSEEN_S_MAX
from tests.builders import NOON_S, make_snapshot
from tests.rulebooks import alarms_of, make_asset, make_engine, rulebook, told

T1, T2 = "s1/m02/t1:temperature_c", "s1/m02/t2:temperature_c"
HOT = """
[rule.module_temperature]
kind = "limit"
quantities = ["temperature_c", "module_temperature_c_max"]
direction = "high"
setpoint = { medium = 40.0, critical = 50.0 }
deadband = 2.0
off_delay_s = 60.0
[rule.module_temperature.chemistry.LFP]
setpoint = { medium = 45.0, critical = 55.0 }
"""


def run(engine, *readings, from_s=NOON_S):
    """Evaluate one snapshot every 10 s; a reading maps columns to numbers."""
    return [
        event
        for number, values in enumerate(readings)
        for event in engine.evaluate(
            make_snapshot(at_s=from_s + 10 * number, values=values), from_s + 10 * number + 0.3
        )
    ]


def with_quality(snapshot: Snapshot, column: str, quality: Quality) -> Snapshot:
    codes = snapshot.quality.copy()
    codes[snapshot.layout.index[parse_column(column)]] = quality
    return replace(snapshot, quality=codes)


def snapshot_of(values: dict[str, float], *, at_s: float = NOON_S) -> Snapshot:
    layout = Layout.of(parse_column(text) for text in values)
    numbers = np.array(list(values.values()))
    return Snapshot("rack-1", at_s, layout, numbers, np.zeros(len(numbers), dtype=np.uint8))


def test_a_module_is_one_alarm_and_its_hottest_sensor_decides():
    engine = make_engine(HOT)

    events = run(engine, {T1: 41.0, T2: 43.5}, {T1: 50.6, T2: 43.5}, {T1: 37.0, T2: 51.0})

    assert told(events) == [
        ("raised", "module_temperature", "s1/m02", "medium"),
        ("raised", "module_temperature", "s1/m02", "critical"),
    ]
    assert [event.value for event in events] == [43.5, 50.6]
    assert events[0].scope is Scope.MODULE


def test_a_module_returns_only_when_all_its_sensors_are_back():
    engine = make_engine(HOT)

    first_back = run(engine, {T1: 51.0, T2: 45.0}, *[{T1: 30.0, T2: 45.0}] * 10)
    both_back = run(engine, *[{T1: 30.0, T2: 37.9}] * 10, from_s=NOON_S + 110)

    assert len(first_back) == 1
    assert told(both_back) == [("returned", "module_temperature", "s1/m02", "critical")]


def test_a_sensor_that_died_in_the_heat_does_not_end_the_alarm():
    engine = make_engine(HOT)

    dead = run(engine, {T1: 51.0, T2: 36.0}, *[{T1: None, T2: 36.0}] * 20)
    back = run(engine, *[{T1: 36.0, T2: 36.0}] * 10, from_s=NOON_S + 210)

    assert len(dead) == 1
    assert told(back) == [("returned", "module_temperature", "s1/m02", "critical")]


def test_after_a_restart_it_is_still_known_which_sensor_died():
    raised = run(make_engine(HOT), {T1: 51.0, T2: 36.0})
    restarted = make_engine(HOT)
    restarted.restore(alarms_of(raised), now_s=NOON_S + 60)

    assert run(restarted, *[{T1: None, T2: 36.0}] * 20, from_s=NOON_S + 60) == []


@pytest.mark.parametrize("quality", [Quality.MISSING, Quality.IMPLAUSIBLE, Quality.REJECTED])
def test_a_bad_value_neither_raises_nor_returns(quality):
    engine = make_engine(HOT)
    bad = with_quality(make_snapshot(values={T1: None}), T1, quality)

    assert engine.evaluate(bad, NOON_S) == ()
    assert len(run(engine, {T1: 51.0, T2: None})) == 1
    for number in range(20):
        later_s = NOON_S + 10 * number
        unknown = make_snapshot(at_s=later_s, values={T1: None, T2: None})
        assert engine.evaluate(unknown, later_s) == ()


@pytest.mark.parametrize("quality", [Quality.UNCONFIRMED_JUMP, Quality.FROZEN])
def test_an_uncertain_value_decides_nothing(quality):
    engine = make_engine(HOT)
    hot = with_quality(make_snapshot(values={T1: 99.0}), T1, quality)
    cool = make_snapshot(values={T1: 24.0, T2: None})

    assert engine.evaluate(hot, NOON_S) == ()
    assert len(run(engine, {T1: 51.0, T2: None})) == 1
    for number in range(20):
        later_s = NOON_S + 10 * number
        at_a_later_time = replace(with_quality(cool, T1, quality), observed_at_s=later_s)
        assert engine.evaluate(at_a_later_time, later_s) == ()


def test_a_failed_poll_and_the_mere_passing_of_time_decide_nothing():
    engine = make_engine(HOT)
    run(engine, {T1: 51.0})

    for number in range(1, 30):
        later_s = NOON_S + 10 * number
        poll = failed_snapshot("rack-1", EMPTY_LAYOUT, at_s=later_s, failure="timeout")
        assert engine.tick(later_s) == engine.evaluate(poll, later_s) == ()


def test_a_short_gap_in_the_values_does_not_stop_an_on_delay():
    engine = make_engine(HOT.replace("deadband", "on_delay_s = { medium = 60.0 }\ndeadband"))

    events = run(engine, *[{T1: 42.0}] * 3, {T1: None, T2: None}, *[{T1: 42.0}] * 5)

    assert [event.at_s - NOON_S for event in events] == [60]


def test_two_modules_are_two_alarms():
    engine = make_engine(HOT)

    events = run(engine, {T1: 44.0, "s1/m03/t2:temperature_c": 51.0})

    assert told(events) == [
        ("raised", "module_temperature", "s1/m02", "medium"),
        ("raised", "module_temperature", "s1/m03", "critical"),
    ]


@pytest.mark.parametrize(
    ("chemistry", "priority"),
    [(Chemistry.NMC, Priority.CRITICAL), (Chemistry.LFP, Priority.MEDIUM)],
)
def test_the_setpoint_is_that_of_the_chemistry(chemistry, priority):
    engine = make_engine(HOT, make_asset(chemistry))

    assert [event.priority for event in run(engine, {T1: 51.2})] == [priority]


@pytest.mark.parametrize(
    ("value", "raised"),
    [(39.9, False), (40.0, True), (40.1, True)],
)
def test_a_value_at_the_setpoint_has_reached_it(value, raised):
    assert bool(run(make_engine(HOT), {T1: value})) is raised


@pytest.mark.parametrize(("value", "returned"), [(38.0, False), (37.9, True)])
def test_a_value_at_the_end_of_the_deadband_is_not_back_yet(value, returned):
    engine = make_engine(HOT)
    run(engine, {T1: 41.0})

    events = run(engine, *[{T1: value}] * 10, from_s=NOON_S + 10)

    assert bool(events) is returned


def test_the_sentence_names_module_sensor_value_limit_and_how_long():
    rules = HOT.replace("deadband", "on_delay_s = { medium = 300.0 }\ndeadband")
    engine = make_engine(rules, make_asset(Chemistry.LFP))

    medium = run(engine, *[{T2: 46.24}] * 31)
    critical = run(engine, {T2: 55.0}, from_s=NOON_S + 310)
    over = run(engine, *[{T2: 40.0}] * 7, from_s=NOON_S + 320)

    assert [event.why for event in (*medium, *critical, *over)] == [
        "module 2 of Rack 1 (sensor 2): 46.2 °C, above 45.0 °C "
        "(module temperature, medium limit for LFP) for 5 min",
        "module 2 of Rack 1 (sensor 2): 55.0 °C, at 55.0 °C "
        "(module temperature, critical limit for LFP)",
        "module 2 of Rack 1 (sensor 2): 40.0 °C, back below 43.0 °C "
        "(module temperature) after 80 s",
    ]


def test_the_evidence_has_what_decided_and_how_old_it_was():
    (event,) = run(make_engine(HOT), {T1: 51.2})

    assert event.evidence == {
        "column": T1,
        "setpoints": {"medium": 40.0, "critical": 50.0},
        "deadband": 2.0,
        "on_delay_s": {"medium": 0.0, "critical": 0.0},
        "off_delay_s": 60.0,
        "data_age_s": 0.3,
    }
    assert (event.quantity, event.value, event.setpoint) == ("temperature_c", 51.2, 50.0)


def test_too_little_is_an_alarm_for_a_low_limit():
    engine = make_engine(
        """
        [rule.insulation]
        kind = "limit"
        quantities = ["insulation_kohm"]
        direction = "low"
        setpoint = { high = 500.0, critical = 200.0 }
        deadband = 50.0
        """
    )

    events = [
        event
        for number, kohm in enumerate([900.0, 420.0, 180.0, 540.0, 560.0])
        for event in engine.evaluate(
            snapshot_of({"s1:insulation_kohm": kohm}, at_s=NOON_S + number), NOON_S
        )
    ]

    assert [event.why for event in events] == [
        "Rack 1: 420 kΩ, below 500 kΩ (insulation, high limit)",
        "Rack 1: 180 kΩ, below 200 kΩ (insulation, critical limit)",
        "Rack 1: 560 kΩ, back above 550 kΩ (insulation) after 3 s",
    ]
    assert events[0].scope is Scope.RACK


def test_a_flag_and_a_named_value_say_what_they_mean():
    engine = make_engine(
        """
        [rule.gas]
        kind = "limit"
        quantities = ["gas_alarm"]
        direction = "high"
        setpoint = { critical = 1.0 }
        says = "the off-gas detector has tripped"
        [rule.smoke]
        kind = "limit"
        quantities = ["smoke_alarm"]
        direction = "high"
        setpoint = { critical = 1.0 }
        [rule.battery_status]
        kind = "limit"
        quantities = ["battery_status"]
        direction = "high"
        setpoint = { high = 3.0 }
        says = "the device calls its battery low or depleted"
        """,
        make_asset(kind=AssetKind.UPS),
    )
    on = {"s1:gas_alarm": 1.0, "-:smoke_alarm": 1.0, "-:battery_status": 3.0}

    raised = engine.evaluate(snapshot_of(on), NOON_S)
    over = engine.evaluate(
        snapshot_of(dict.fromkeys(on, 0.0) | {"-:battery_status": 2.0}, at_s=NOON_S + 30), NOON_S
    )

    assert [event.why for event in raised] == [
        "Rack 1: the off-gas detector has tripped",
        "Rack 1: smoke detector",
        "Rack 1: the device calls its battery low or depleted (battery_status = 3)",
    ]
    assert over[0].why == "Rack 1: over after 30 s: the off-gas detector has tripped"


def test_a_limit_on_the_air_is_about_the_room():
    engine = make_engine(
        """
        [rule.ambient_high]
        kind = "limit"
        quantities = ["ambient_temperature_c"]
        direction = "high"
        setpoint = { medium = 28.0 }
        scope = "room"
        """
    )

    (event,) = engine.evaluate(snapshot_of({"s1:ambient_temperature_c": 30.2}), NOON_S)

    assert event.scope is Scope.ROOM
    assert event.why == "the room: 30.2 °C, above 28.0 °C (ambient high, medium limit)"


def test_a_value_may_have_an_upper_and_a_lower_limit():
    limits = {"too_high": ("high", 4.25), "too_low": ("low", 2.7)}
    engine = make_engine(
        "".join(
            f"""
            [rule.{name}]
            kind = "limit"
            quantities = ["cell_voltage_v"]
            direction = "{direction}"
            setpoint = {{ critical = {setpoint} }}
            """
            for name, (direction, setpoint) in limits.items()
        )
    )

    events = run(engine, {"s1/m01/c01:cell_voltage_v": 4.267, "s1/m03/c02:cell_voltage_v": 2.1})

    assert [event.why for event in events] == [
        "cell 1 of module 1 of Rack 1: 4.267 V, above 4.250 V (too high, critical limit)",
        "cell 2 of module 3 of Rack 1: 2.100 V, below 2.700 V (too low, critical limit)",
    ]


def test_an_alarm_ends_a_day_after_a_new_layout_no_longer_has_its_columns():
    engine = make_engine(HOT)
    raised = run(engine, {T1: 51.0})

    gone_s, day_later_s = NOON_S + 60, NOON_S + 60 + UNSEEN_S_MAX
    stands = engine.evaluate(snapshot_of({"-:soc_pct": 80.0}, at_s=gone_s), gone_s)
    events = engine.evaluate(snapshot_of({"-:soc_pct": 80.0}, at_s=day_later_s), day_later_s)

    assert stands == ()
    assert [(e.change.value, e.key) for e in events] == [("returned", raised[0].key)]
    assert events[0].why.startswith("no longer watched")


def test_an_equal_layout_of_another_reader_changes_nothing():
    engine = make_engine(HOT)
    run(engine, {T1: 51.0})
    values = {str(c): 51.0 if str(c) == T1 else 24.0 for c in make_snapshot().layout.columns}

    assert engine.evaluate(snapshot_of(values, at_s=NOON_S + 10), NOON_S + 10) == ()


def test_assets_with_the_same_rules_and_layout_share_one_program():
    racks = [make_asset(asset_id=f"rack-{n}") for n in (1, 2)]
    engine = make_engine(rulebook(HOT))
    engine.reload(rulebook(HOT), racks, now_s=NOON_S)

    for rack in racks:
        engine.evaluate(make_snapshot(rack.asset_id), NOON_S)

    one, other = (engine._watches[rack.asset_id]._evaluators["limit"] for rack in racks)
    assert isinstance(one, Limits)
    assert isinstance(other, Limits)
    assert one._program is other._program
