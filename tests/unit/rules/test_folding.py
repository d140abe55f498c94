"""A rack that lost its cooling warms all its modules: one alarm, with the modules in its list."""

import pytest

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import Scope, parse_component
from batteryd.rules.folding import GRACE_S, Folding
from batteryd.rules.kind import Standing, Subject
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
    [rule.module_cold]
    kind = "limit"
    quantities = ["temperature_c"]
    direction = "low"
    setpoint = { medium = 5.0 }
    """
)
SETPOINT_C = {Priority.MEDIUM: 40.0, Priority.CRITICAL: 50.0}


def event(rule, component, *, at_s, quantity, priority=Priority.MEDIUM, change=Change.RAISED):
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
    )


def cooling_lost(component="s1", *, at_s=0.0, change=Change.RAISED):
    return event("rack_cooling", component, at_s=at_s, quantity="temperature_c", change=change)


def hot(component, *, at_s, **more):
    quantity = "temperature_c" if "m" in component else "module_temperature_c_max"
    return event("module_temperature", component, at_s=at_s, quantity=quantity, **more)


@pytest.fixture
def told():
    """Lead events past what belongs together on one battery; return what is told of them."""
    folding = Folding(RULES.effective(Subject("rack-4", "daejeon")))
    standing: dict[AlarmKey, Standing] = {}

    def lead(*events, now_s=None):
        now_s = events[0].at_s if now_s is None else now_s
        out = folding.fold(events, standing, now_s=now_s)
        for one in out:
            if one.change is Change.RAISED:
                standing[one.key] = Standing.of(one, raised_at_s=one.at_s)
            else:
                standing.pop(one.key, None)
        return [(one.key.rule, str(one.key.component), one.is_addition) for one in out]

    return lead


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
