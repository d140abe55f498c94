"""One cause, one alarm, on one battery: a rack without cooling, and crowds beyond one limit."""

from dataclasses import replace

import pytest

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import Scope, parse_component
from batteryd.rules.folding import CROWD, GRACE_S, LISTED_MAX
from batteryd.rules.found import OVER_MAX, Found
from tests.folded import Desk
from tests.listed import listed
from tests.rulebooks import rulebook

RULES = rulebook(
    """
    [rule.rack_cooling]
    kind = "heat_cooling"
    [rule.module_temperature]
    kind = "limit"
    quantities = ["temperature_c", "module_temperature_c_max"]
    direction = "high"
    setpoint = { medium = 40.0, critical = 50.0 }
    [rule.cell_voltage_high]
    kind = "limit"
    quantities = ["cell_voltage_v"]
    direction = "high"
    setpoint = { medium = 4.2, critical = 4.25 }
    [rule.module_warmer]
    kind = "heat_peer"
    [rule.module_cold]
    kind = "limit"
    quantities = ["temperature_c"]
    direction = "low"
    setpoint = { medium = 5.0 }
    """
)
SETPOINT_C = {Priority.MEDIUM: 40.0, Priority.CRITICAL: 50.0}
CRITICAL = Priority.CRITICAL


def event(
    rule,
    component,
    *,
    at_s,
    quantity,
    priority=Priority.MEDIUM,
    change=Change.RAISED,
    column="",
):
    place = parse_component(component)
    return AlarmEvent(
        key=AlarmKey("daejeon", "rack-4", place, rule),
        change=change,
        at_s=at_s,
        scope=Scope.RACK if place.module is None else Scope.MODULE,
        priority=priority,
        quantity=quantity,
        value=41.2,
        setpoint=SETPOINT_C[priority],
        why=f"{component}: {rule}, {priority.text}",
        evidence={"column": column} if column else {},
    )


def cooling_lost(component="s1", *, at_s=0.0, change=Change.RAISED):
    return event("rack_cooling", component, at_s=at_s, quantity="temperature_c", change=change)


def hot(component, *, at_s, **more):
    quantity = "temperature_c" if "m" in component else "module_temperature_c_max"
    return event("module_temperature", component, at_s=at_s, quantity=quantity, **more)


def charged(cell, *, at_s, priority=CRITICAL, change=Change.RAISED):
    return event(
        "cell_voltage_high",
        f"s1/m{1 + cell // 14:02d}/c{1 + cell % 14:02d}",
        at_s=at_s,
        quantity="cell_voltage_v",
        priority=priority,
        change=change,
    )


def short(events):
    """Return rule and component of each, and whether it is an addition."""
    return [(one.key.rule, str(one.key.component), one.is_addition) for one in events]


@pytest.fixture
def desk():
    return Desk(RULES)


@pytest.fixture
def told(desk):
    """What is told of events, in short."""
    return lambda *events, now_s=None: short(desk.fold(*events, now_s=now_s))


@pytest.mark.parametrize("component", ["s1/m01", "s1/m17", "s1", "-"])
def test_what_is_hot_in_a_rack_without_cooling_belongs_to_the_racks_alarm(told, component):
    told(cooling_lost())

    assert told(hot(component, at_s=600.0)) == [("rack_cooling", "s1", True)]


def test_modules_that_are_hot_in_the_same_poll_belong_to_it_too(told):
    said = told(hot("s1/m03", at_s=0.0), cooling_lost(), hot("s1/m04", at_s=0.0))

    assert said == [
        ("rack_cooling", "s1", False),
        ("rack_cooling", "s1", True),
        ("rack_cooling", "s1", True),
    ]


def test_a_critical_limit_is_told_by_itself_at_once_and_after_it_was_added(told):
    told(cooling_lost())
    told(hot("s1/m02", at_s=600.0))

    grown = told(hot("s1/m02", at_s=900.0, priority=Priority.CRITICAL))
    other = told(hot("s1/m05", at_s=900.0, priority=Priority.CRITICAL))

    assert grown == [("module_temperature", "s1/m02", False)]
    assert other == [("module_temperature", "s1/m05", False)]


def test_the_module_of_another_string_and_a_cold_one_have_causes_of_their_own(told):
    told(cooling_lost())

    assert told(hot("s2/m02", at_s=600.0)) == [("module_temperature", "s2/m02", False)]
    cold = event("module_cold", "s1/m02", at_s=600.0, quantity="temperature_c")
    assert told(cold) == [("module_cold", "s1/m02", False)]


def test_a_module_that_was_told_before_keeps_its_alarm(told):
    told(hot("s1/m02", at_s=0.0))

    assert told(cooling_lost(at_s=300.0)) == [("rack_cooling", "s1", False)]
    assert told(hot("s1/m02", at_s=600.0)) == [("module_temperature", "s1/m02", False)]


def test_a_module_that_is_still_hot_half_an_hour_after_the_racks_alarm_ended_has_its_own(told):
    told(cooling_lost())
    told(hot("s1/m02", at_s=600.0), hot("s1/m03", at_s=600.0))
    told(cooling_lost(at_s=900.0, change=Change.RETURNED))
    told(hot("s1/m03", at_s=1000.0, change=Change.RETURNED))

    before = told(now_s=900.0 + GRACE_S - 1.0)
    after = told(now_s=900.0 + GRACE_S)

    assert before == []
    assert after == [("module_temperature", "s1/m02", False)]


def test_a_charger_that_does_not_stop_is_told_three_times_and_not_for_each_of_238_cells(desk):
    out = [short(desk.fold(charged(cell, at_s=cell))) for cell in range(238)]

    alone = [one for said in out for one in said if not one[2]]
    assert alone == [
        ("cell_voltage_high", "s1/m01/c01", False),
        ("cell_voltage_high", "s1/m01/c02", False),
        ("cell_voltage_high", "s1/m01/c03", False),
    ]
    first = next(iter(desk.standing.values()))
    assert len(listed(first.evidence["found"])) == LISTED_MAX


def test_a_cell_that_is_more_urgent_than_the_crowd_is_told_by_itself(desk):
    for cell in range(CROWD):
        desk.fold(charged(cell, at_s=cell, priority=Priority.MEDIUM))

    assert short(desk.fold(charged(CROWD - 1, at_s=60.0))) == [
        ("cell_voltage_high", "s1/m01/c04", False)
    ]


def test_a_hot_discharge_is_told_three_times_but_each_critical_temperature_by_itself(told):
    said = [told(hot(f"s1/m{m:02d}", at_s=m))[0] for m in range(1, 18)]
    critical = told(hot("s1/m09", at_s=60.0, priority=CRITICAL))

    assert [is_addition for _, _, is_addition in said] == [False] * 3 + [True] * 14
    assert critical == [("module_temperature", "s1/m09", False)]


def test_a_crowd_whose_first_alarm_ended_is_told_three_times_again_at_most(desk):
    for cell in range(20):
        desk.fold(charged(cell, at_s=cell))
    for cell in range(3):
        desk.fold(charged(cell, at_s=100.0, change=Change.RETURNED))

    after = short(desk.fold(now_s=100.0 + GRACE_S))

    assert [is_addition for _, _, is_addition in after] == [False] * 3 + [True] * 14


def test_what_was_added_and_is_over_is_listed_as_over_with_what_the_alarm_says_next(desk):
    desk.fold(cooling_lost())
    desk.fold(hot("s1/m02", at_s=600.0), hot("s1/m03", at_s=600.0))

    silent = desk.fold(hot("s1/m02", at_s=900.0, change=Change.RETURNED))
    (more,) = desk.fold(hot("s1/m04", at_s=950.0))
    (end,) = desk.fold(cooling_lost(at_s=1000.0, change=Change.RETURNED))

    assert silent == []
    over = {e["component"]: e.get("over_at_s") for e in listed(more.evidence["found"])}
    assert over == {"s1": None, "s1/m02": 900.0, "s1/m03": None, "s1/m04": None}
    over = {e["component"]: e.get("over_at_s") for e in listed(end.evidence["found"])}
    assert over == {"s1": 1000.0, "s1/m02": 900.0, "s1/m03": None, "s1/m04": None}
    assert [place for _, place, _ in short(desk.fold(now_s=1000.0 + GRACE_S))] == [
        "s1/m03",
        "s1/m04",
    ]


def test_what_is_found_again_after_it_was_over_is_not_over(desk):
    desk.fold(cooling_lost())
    desk.fold(hot("s1/m02", at_s=600.0))
    desk.fold(hot("s1/m02", at_s=900.0, change=Change.RETURNED))
    desk.fold(hot("s1/m02", at_s=1200.0))

    (more,) = desk.fold(hot("s1/m03", at_s=1300.0))

    assert [
        (e["component"], e["at_s"], e.get("over_at_s")) for e in listed(more.evidence["found"])
    ] == [
        ("s1", 0.0, None),
        ("s1/m02", 600.0, 900.0),
        ("s1/m02", 1200.0, None),
        ("s1/m03", 1300.0, None),
    ]


def test_a_detector_that_flaps_in_a_hot_module_for_days_makes_no_endless_list(desk):
    desk.fold(hot("s1/m02", at_s=0.0))
    for hour in range(200):
        for minute, change in ((0, Change.RAISED), (30, Change.RETURNED)):
            at_s = 3600.0 * hour + 60.0 * minute
            said = event(
                "module_warmer", "s1/m02", at_s=at_s, quantity="temperature_c", change=change
            )
            desk.fold(said)

    (stands,) = desk.standing.values()
    assert len(listed(stands.evidence["found"])) <= OVER_MAX + 3


def test_an_alarm_with_a_list_of_its_own_keeps_what_was_added_to_it(desk):
    own = Found()
    own.add("rack_cooling", parse_component("s1"), at_s=0.0, priority=Priority.MEDIUM, why="lost")
    desk.fold(replace(cooling_lost(), evidence={"found": own.written()}))
    desk.fold(hot("s1/m02", at_s=600.0))
    own.end(("rack_cooling", "s1"), at_s=900.0)

    (end,) = desk.fold(
        replace(cooling_lost(at_s=900.0, change=Change.RETURNED), evidence={"found": own.written()})
    )

    assert [(e["component"], e.get("over_at_s")) for e in listed(end.evidence["found"])] == [
        ("s1", 900.0),
        ("s1/m02", None),
    ]


def test_a_limit_that_a_detector_made_grow_still_names_the_reading_that_raised_it(desk):
    column = "s1/m02/t1:temperature_c"
    desk.fold(
        event(
            "module_temperature",
            "s1/m02",
            at_s=0.0,
            quantity="temperature_c",
            column=column,
        )
    )

    (grown,) = desk.fold(
        event("module_warmer", "s1/m02", at_s=60.0, quantity="temperature_c", priority=CRITICAL)
    )

    assert (grown.key.rule, grown.is_addition) == ("module_temperature", False)
    assert grown.evidence["column"] == column
