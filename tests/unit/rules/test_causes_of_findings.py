"""One cause, one alarm: what is the alarm, what is added to it, and when it ends."""

from dataclasses import replace

import pytest

from batteryd.domain.alarm import AlarmEvent, Change, Priority
from batteryd.domain.component import Component, parse_component
from batteryd.rules.causes import Causes, Finding, Warmth
from batteryd.rules.kind import Rule, Standing
from batteryd.rules.parameters import RuleSettings
from batteryd.rules.rack import racks_of
from tests.builders import NOON_S
from tests.listed import listed
from tests.racks import Rack, asset_of

SHOWN = Rack((8, 2, 4))
(RACK,) = racks_of(asset_of(SHOWN), SHOWN.layout)
HEAT, VOLTAGE = "temperature_c", "cell_voltage_v"


def finding(
    rule: str,
    place: str,
    change: Change = Change.RAISED,
    *,
    priority: Priority = Priority.MEDIUM,
    quantity: str = HEAT,
    locates: bool = True,
) -> Finding:
    component = parse_component(place)
    return Finding(
        rule=Rule(rule, "heat_peer", RuleSettings()),
        component=component,
        scope=component.scope,
        locates=locates,
        change=change,
        priority=priority,
        quantity=quantity,
        value=4.2,
        setpoint=1.5,
        why=f"{place} {rule}",
        action="look",
        evidence={"deviation_k": 4.2},
    )


def over(rule: str, place: str, *, quantity: str = HEAT) -> Finding:
    return finding(rule, place, Change.RETURNED, quantity=quantity)


def say(
    causes: Causes, *findings: Finding, minute: int = 0, warmth_k: Warmth | None = None
) -> list[AlarmEvent]:
    at_s = NOON_S + 60.0 * minute
    return causes.events(findings, RACK, at_s=at_s, warmth_k=warmth_k or {})


def short(events: list[AlarmEvent]) -> list[tuple[str, str, str, bool]]:
    return [(e.key.rule, str(e.key.component), e.change.value, e.is_addition) for e in events]


def module(number: int) -> Component:
    return parse_component(f"s1/m{number:02d}")


def test_the_first_finding_of_a_module_is_the_alarm_and_others_are_added() -> None:
    causes = Causes()

    first = say(causes, finding("warmer", "s1/m03"))
    later = say(causes, finding("leaking", "s1/m03/c02", quantity=VOLTAGE), minute=5)

    assert short(first) == [("warmer", "s1/m03", "raised", False)]
    assert short(later) == [("warmer", "s1/m03", "raised", True)]
    assert [(e["rule"], e["at_s"]) for e in listed(later[0].evidence["found"])] == [
        ("warmer", NOON_S),
        ("leaking", NOON_S + 300),
    ]


def test_what_is_more_urgent_is_told_and_the_alarm_grows() -> None:
    causes = Causes()
    say(causes, finding("warmer", "s1/m03"))

    (event,) = say(causes, finding("heating", "s1/m03", priority=Priority.CRITICAL), minute=1)

    assert (event.key.rule, event.priority, event.is_addition) == (
        "warmer", Priority.CRITICAL, False,
    )  # fmt: skip
    assert event.why == "s1/m03 heating"


@pytest.mark.parametrize(
    ("place", "quantity", "is_own"),
    [
        ("s1/m04", HEAT, False),
        ("s1/m01", HEAT, False),
        ("s1/m06", HEAT, True),  # heat of module 3 does not reach so far
        ("s1/m04/c01", VOLTAGE, True),  # heat of a neighbour discharges no cell
        ("s2/m04", HEAT, True),
    ],
)
def test_heat_spreads_two_modules_far_and_nothing_else_does(
    place: str, quantity: str, *, is_own: bool
) -> None:
    causes = Causes()
    say(causes, finding("warmer", "s1/m03"))

    (event,) = say(causes, finding("warmer", place, quantity=quantity), minute=9)

    assert event.is_addition is not is_own


def test_a_neighbour_that_is_warmer_has_a_cause_of_its_own() -> None:
    causes = Causes()
    say(causes, finding("warmer", "s1/m03"))

    warmth_k = {module(3): 2.0, module(4): 5.0}
    (event,) = say(causes, finding("warmer", "s1/m04"), minute=9, warmth_k=warmth_k)

    assert short([event]) == [("warmer", "s1/m04", "raised", False)]


def test_of_several_at_once_the_most_urgent_is_the_alarm_then_the_warmest() -> None:
    warmth_k = {module(3): 2.0, module(4): 5.0}
    both = finding("warmer", "s1/m03"), finding("warmer", "s1/m04")

    (event,) = say(Causes(), *both, warmth_k=warmth_k)

    assert str(event.key.component) == "s1/m04"
    assert {e["component"] for e in listed(event.evidence["found"])} == {"s1/m03", "s1/m04"}


def test_an_alarm_ends_when_all_that_belongs_to_it_is_over() -> None:
    causes = Causes()
    say(causes, finding("warmer", "s1/m03"))
    say(causes, finding("warmer", "s1/m04"), minute=5)

    assert say(causes, over("warmer", "s1/m03"), minute=30) == []
    (event,) = say(causes, over("warmer", "s1/m04"), minute=60)

    assert short([event]) == [("warmer", "s1/m03", "returned", False)]
    assert "back to normal after 60 min" in event.why


def test_an_end_that_belongs_to_nothing_is_none() -> None:
    assert say(Causes(), over("warmer", "s1/m03")) == []


@pytest.mark.parametrize("place", ["s1/m03/t1", "s1", "-"])
def test_what_does_not_locate_a_cause_is_told_by_itself(place: str) -> None:
    causes = Causes()
    say(causes, finding("warmer", "s1/m03"))

    (event,) = say(causes, finding("stuck", place, locates=False), minute=5)

    assert short([event]) == [("stuck", place, "raised", False)]


def test_a_restarted_daemon_knows_what_belongs_together() -> None:
    before, after = Causes(), Causes()
    say(before, finding("warmer", "s1/m03"))
    (told,) = say(before, finding("warmer", "s1/m04"), minute=5)

    members = after.adopt(told.key, Standing.of(told, raised_at_s=NOON_S))

    assert set(members) == {("warmer", "s1/m03"), ("warmer", "s1/m04")}
    assert say(after, over("warmer", "s1/m04"), minute=9) == []
    assert short(say(after, over("warmer", "s1/m03"), minute=10)) == [
        ("warmer", "s1/m03", "returned", False)
    ]


def test_an_alarm_of_before_the_list_was_kept_belongs_to_its_own_rule_and_place() -> None:
    causes = Causes()
    (told,) = say(Causes(), finding("warmer", "s1/m03"))
    standing = Standing.of(told, raised_at_s=NOON_S)

    members = causes.adopt(told.key, replace(standing, evidence={}))

    assert set(members) == {("warmer", "s1/m03")}


def test_an_alarm_that_was_forgotten_takes_nothing_in() -> None:
    causes = Causes()
    (told,) = say(causes, finding("warmer", "s1/m03"))

    causes.forget(told.key)

    assert short(say(causes, finding("warmer", "s1/m04"), minute=3)) == [
        ("warmer", "s1/m04", "raised", False)
    ]
