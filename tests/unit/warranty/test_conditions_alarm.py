"""The alarm about a contract's conditions: raised once, told again where another one joins."""

from dataclasses import replace

from batteryd.domain.alarm import Alarm, AlarmEvent, AlarmKey, Change, Condition, Priority
from batteryd.domain.component import WHOLE_BATTERY
from batteryd.domain.conditions import ConditionFinding, ConditionStanding, ContractCondition
from batteryd.warranty.condition_alarm import RULE, condition_events
from tests.builders import NOON_S, make_alarm
from tests.listed import listed

TOO_HOT = ConditionFinding(
    asset_id="rack-1",
    condition=ContractCondition.TEMPERATURE,
    standing=ConditionStanding.EXCEEDED,
    limit=10.0,
    observed=12.0,
    observed_max=12.5,
    unit="h above 35 °C",
    since_s=NOON_S - 86_400,
    unobserved_share=0.1,
    source="journal roll-ups",
    text="12.0 h above 35 °C, the contract allows 10.0 h",
    evidence={"above_h_min": 12.0},
)
TOO_MANY_CYCLES = replace(
    TOO_HOT, condition=ContractCondition.CYCLES, text="6001 cycles as the BMS counts them"
)


def events(*findings: ConditionFinding, standing: Alarm | None = None) -> tuple[AlarmEvent, ...]:
    return condition_events(
        findings, site_id="daejeon", asset_id="rack-1", standing=standing, at_s=NOON_S
    )


def standing_after(event: AlarmEvent, condition: Condition = Condition.ACKNOWLEDGED) -> Alarm:
    return make_alarm(event.key, condition=condition, evidence=event.evidence, why=event.why)


def test_a_condition_that_threatens_a_claim_is_raised_with_its_evidence() -> None:
    (event,) = events(TOO_HOT)

    assert event.key == AlarmKey("daejeon", "rack-1", WHOLE_BATTERY, RULE)
    assert (event.change, event.priority) == (Change.RAISED, Priority.MEDIUM)
    assert event.why == TOO_HOT.text
    assert event.evidence["conditions"] == ["temperature"]
    assert listed(event.evidence["findings"])[0]["above_h_min"] == 12.0


def test_the_same_conditions_are_told_once() -> None:
    (event,) = events(TOO_HOT)

    hotter = replace(TOO_HOT, observed=13.0, text="13.0 h above 35 °C")

    assert events(hotter, standing=standing_after(event)) == ()


def test_another_condition_is_told_again() -> None:
    (event,) = events(TOO_HOT)

    changes = events(TOO_HOT, TOO_MANY_CYCLES, standing=standing_after(event))

    assert [e.change for e in changes] == [Change.RETURNED, Change.RAISED]
    assert changes[1].why == f"{TOO_HOT.text}; {TOO_MANY_CYCLES.text}"


def test_an_alarm_returns_when_nothing_threatens_any_more() -> None:
    (event,) = events(TOO_HOT)

    (end,) = events(standing=standing_after(event))

    assert (end.key, end.change) == (event.key, Change.RETURNED)


def test_what_returned_is_raised_anew() -> None:
    (event,) = events(TOO_HOT)

    (again,) = events(TOO_HOT, standing=standing_after(event, Condition.RETURNED_UNACKNOWLEDGED))

    assert again.change is Change.RAISED


def test_what_is_unknown_wakes_nobody() -> None:
    unknown = replace(TOO_HOT, standing=ConditionStanding.UNKNOWN)

    assert events(unknown, replace(unknown, standing=ConditionStanding.NOT_EXCEEDED)) == ()
