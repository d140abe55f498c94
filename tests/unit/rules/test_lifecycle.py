"""The two alarm machines: every row of their tables, every refusal, and what always holds."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.domain.alarm import (
    Alarm,
    AlarmEvent,
    Change,
    Condition,
    Priority,
    Suppression,
)
from batteryd.domain.component import Scope
from batteryd.rules import lifecycle
from batteryd.rules.lifecycle import SHELF_S_MAX
from batteryd.rules.lifecycle_table import REFUSALS, Reason
from tests.builders import NOON_S, make_alarm, make_key

NORMAL, UNACKNOWLEDGED = Condition.NORMAL, Condition.UNACKNOWLEDGED
ACKNOWLEDGED, RETURNED = Condition.ACKNOWLEDGED, Condition.RETURNED_UNACKNOWLEDGED
NONE, SHELVED = Suppression.NONE, Suppression.SHELVED
BY_DESIGN, OUT_OF_SERVICE = Suppression.BY_DESIGN, Suppression.OUT_OF_SERVICE


def make_event(
    change: Change = Change.RAISED,
    *,
    priority: Priority = Priority.HIGH,
    value: float = 46.2,
    setpoint: float = 40.0,
    at_s: float = NOON_S,
) -> AlarmEvent:
    return AlarmEvent(
        key=make_key(),
        change=change,
        at_s=at_s,
        scope=Scope.MODULE,
        priority=priority,
        quantity="temperature_c",
        value=value,
        setpoint=setpoint,
        why=f"module 2 of rack 1: {value} °C",
    )


def in_state(condition: Condition, suppression: Suppression = NONE) -> Alarm:
    until_s = NOON_S + 3600 if suppression is SHELVED else None
    return make_alarm(condition=condition, suppression=suppression, suppressed_until_s=until_s)


STEPS = {
    "raised": lambda alarm: lifecycle.advance(alarm, make_event()),
    "more seen": lambda alarm: lifecycle.advance(alarm, replace(make_event(), is_addition=True)),
    "worsened": lambda alarm: lifecycle.advance(alarm, make_event(priority=Priority.CRITICAL)),
    "returned": lambda alarm: lifecycle.advance(alarm, make_event(Change.RETURNED, value=37.0)),
    "acknowledged": lambda alarm: lifecycle.acknowledge(alarm, by="Kim", now_s=NOON_S),
    "shelved": lambda alarm: lifecycle.shelve(alarm, until_s=NOON_S + 60, now_s=NOON_S),
    "unshelved": lambda alarm: lifecycle.unshelve(alarm, now_s=NOON_S),
    "shelf time over": lambda alarm: lifecycle.expire_shelf(alarm, now_s=NOON_S + 3600),
    "suppressed": lambda alarm: lifecycle.suppress_by_design(alarm, now_s=NOON_S),
    "unsuppressed": lambda alarm: lifecycle.unsuppress(alarm, now_s=NOON_S),
    "taken out": lambda alarm: lifecycle.take_out_of_service(alarm, now_s=NOON_S),
    "put back": lambda alarm: lifecycle.put_back_in_service(alarm, now_s=NOON_S),
}


@pytest.mark.parametrize(
    ("before", "step", "after", "reason", "notify"),
    [
        (NORMAL, "raised", UNACKNOWLEDGED, Reason.RAISED, True),
        (NORMAL, "worsened", UNACKNOWLEDGED, Reason.RAISED, True),
        (UNACKNOWLEDGED, "worsened", UNACKNOWLEDGED, Reason.WORSENED, True),
        (UNACKNOWLEDGED, "returned", RETURNED, Reason.RETURNED, True),
        (UNACKNOWLEDGED, "acknowledged", ACKNOWLEDGED, Reason.ACKNOWLEDGED, False),
        (ACKNOWLEDGED, "worsened", UNACKNOWLEDGED, Reason.WORSENED, True),
        (ACKNOWLEDGED, "returned", NORMAL, Reason.RETURNED, True),
        (RETURNED, "raised", UNACKNOWLEDGED, Reason.RAISED_AGAIN, True),
        (RETURNED, "worsened", UNACKNOWLEDGED, Reason.RAISED_AGAIN, True),
        (RETURNED, "acknowledged", NORMAL, Reason.ACKNOWLEDGED, False),
    ],
)
def test_condition_and_acknowledgement_walk_their_table(before, step, after, reason, notify):
    transition = STEPS[step](in_state(before))

    assert (transition.alarm.condition, transition.reason) == (after, reason)
    assert transition.notify is notify
    assert not transition.is_refused


@pytest.mark.parametrize(
    ("before", "step", "after", "reason", "notify"),
    [
        (NONE, "shelved", SHELVED, Reason.SHELVED, False),
        (NONE, "suppressed", BY_DESIGN, Reason.SUPPRESSED_BY_DESIGN, False),
        (NONE, "taken out", OUT_OF_SERVICE, Reason.OUT_OF_SERVICE, False),
        (SHELVED, "shelved", SHELVED, Reason.SHELVED, False),
        (SHELVED, "unshelved", NONE, Reason.UNSHELVED, True),
        (SHELVED, "shelf time over", NONE, Reason.SHELF_TIME_OVER, True),
        (SHELVED, "taken out", OUT_OF_SERVICE, Reason.OUT_OF_SERVICE, False),
        (BY_DESIGN, "unsuppressed", NONE, Reason.UNSUPPRESSED, True),
        (BY_DESIGN, "taken out", OUT_OF_SERVICE, Reason.OUT_OF_SERVICE, False),
        (OUT_OF_SERVICE, "put back", NONE, Reason.BACK_IN_SERVICE, True),
    ],
)
def test_suppression_walks_its_table_and_leaves_the_condition_alone(
    before, step, after, reason, notify
):
    transition = STEPS[step](in_state(UNACKNOWLEDGED, before))

    assert (transition.alarm.suppression, transition.reason) == (after, reason)
    assert transition.alarm.condition is UNACKNOWLEDGED
    assert transition.notify is notify


@pytest.mark.parametrize(
    ("condition", "suppression", "step", "reason"),
    [
        (NORMAL, NONE, "returned", Reason.NOT_ACTIVE),
        (NORMAL, NONE, "acknowledged", Reason.NOTHING_TO_ACKNOWLEDGE),
        (UNACKNOWLEDGED, NONE, "raised", Reason.ALREADY_RAISED),
        (ACKNOWLEDGED, NONE, "raised", Reason.ALREADY_RAISED),
        (ACKNOWLEDGED, NONE, "acknowledged", Reason.ALREADY_ACKNOWLEDGED),
        (RETURNED, NONE, "returned", Reason.NOT_ACTIVE),
        (UNACKNOWLEDGED, NONE, "unshelved", Reason.NOT_SUPPRESSED),
        (UNACKNOWLEDGED, NONE, "shelf time over", Reason.NOT_SUPPRESSED),
        (UNACKNOWLEDGED, NONE, "unsuppressed", Reason.NOT_SUPPRESSED),
        (UNACKNOWLEDGED, NONE, "put back", Reason.NOT_SUPPRESSED),
        (UNACKNOWLEDGED, SHELVED, "suppressed", Reason.IS_SHELVED),
        (UNACKNOWLEDGED, SHELVED, "unsuppressed", Reason.IS_SHELVED),
        (UNACKNOWLEDGED, SHELVED, "put back", Reason.IS_SHELVED),
        (UNACKNOWLEDGED, BY_DESIGN, "shelved", Reason.IS_SUPPRESSED_BY_DESIGN),
        (UNACKNOWLEDGED, BY_DESIGN, "unshelved", Reason.IS_SUPPRESSED_BY_DESIGN),
        (UNACKNOWLEDGED, BY_DESIGN, "shelf time over", Reason.IS_SUPPRESSED_BY_DESIGN),
        (UNACKNOWLEDGED, BY_DESIGN, "suppressed", Reason.IS_SUPPRESSED_BY_DESIGN),
        (UNACKNOWLEDGED, BY_DESIGN, "put back", Reason.IS_SUPPRESSED_BY_DESIGN),
        (UNACKNOWLEDGED, OUT_OF_SERVICE, "shelved", Reason.IS_OUT_OF_SERVICE),
        (UNACKNOWLEDGED, OUT_OF_SERVICE, "unshelved", Reason.IS_OUT_OF_SERVICE),
        (UNACKNOWLEDGED, OUT_OF_SERVICE, "shelf time over", Reason.IS_OUT_OF_SERVICE),
        (UNACKNOWLEDGED, OUT_OF_SERVICE, "suppressed", Reason.IS_OUT_OF_SERVICE),
        (UNACKNOWLEDGED, OUT_OF_SERVICE, "unsuppressed", Reason.IS_OUT_OF_SERVICE),
        (UNACKNOWLEDGED, OUT_OF_SERVICE, "taken out", Reason.IS_OUT_OF_SERVICE),
    ],
)
def test_an_illegal_step_is_refused_with_a_reason_and_changes_nothing(
    condition, suppression, step, reason
):
    before = in_state(condition, suppression)

    transition = STEPS[step](before)

    assert transition.is_refused
    assert transition == (before, reason, False)


def test_a_new_alarm_carries_what_its_event_says():
    event = make_event(value=51.2, setpoint=50.0, priority=Priority.CRITICAL)

    alarm, reason, notify = lifecycle.advance(None, event)

    assert (reason, notify) == (Reason.RAISED, True)
    assert alarm.condition is UNACKNOWLEDGED
    assert alarm.suppression is NONE
    assert (alarm.key, alarm.scope, alarm.quantity) == (event.key, event.scope, event.quantity)
    assert (alarm.value, alarm.setpoint, alarm.why) == (51.2, 50.0, event.why)
    assert alarm.raised_at_s == alarm.changed_at_s == event.at_s


def test_the_end_of_an_alarm_that_nobody_knows_is_refused():
    alarm, reason, notify = lifecycle.advance(None, make_event(Change.RETURNED))

    assert (alarm.condition, reason, notify) == (NORMAL, Reason.NOT_ACTIVE, False)


def test_a_growing_alarm_has_to_be_acknowledged_again_and_keeps_its_beginning():
    seen = lifecycle.acknowledge(make_alarm(), by="Kim", now_s=NOON_S - 30).alarm

    grown = lifecycle.advance(seen, make_event(value=51.2, priority=Priority.CRITICAL)).alarm

    assert (grown.condition, grown.priority) == (UNACKNOWLEDGED, Priority.CRITICAL)
    assert (grown.acknowledged_by, grown.acknowledged_at_s) == (None, None)
    assert (grown.raised_at_s, grown.changed_at_s) == (NOON_S - 60, NOON_S)
    assert grown.value == 51.2


def test_a_further_setpoint_of_the_same_priority_is_told_again_and_a_repetition_is_not():
    seen = lifecycle.acknowledge(make_alarm(setpoint=365.0), by="Kim", now_s=NOON_S).alarm

    repeated = lifecycle.advance(seen, make_event(setpoint=365.0))
    further = lifecycle.advance(seen, make_event(setpoint=180.0))

    assert (repeated.reason, repeated.alarm) == (Reason.ALREADY_RAISED, seen)
    assert (further.reason, further.notify) == (Reason.WORSENED, True)
    assert further.alarm.condition is UNACKNOWLEDGED


def test_a_priority_never_falls_while_the_alarm_is_active():
    critical = make_alarm(priority=Priority.CRITICAL, setpoint=50.0)

    transition = lifecycle.advance(critical, make_event(priority=Priority.MEDIUM, setpoint=40.0))

    assert (transition.alarm, transition.is_refused) == (critical, True)


def test_an_alarm_that_comes_again_begins_anew():
    over = replace(in_state(RETURNED), priority=Priority.CRITICAL, returned_at_s=NOON_S - 10)

    again = lifecycle.advance(over, make_event(priority=Priority.MEDIUM)).alarm

    assert (again.raised_at_s, again.returned_at_s) == (NOON_S, None)
    assert again.priority is Priority.MEDIUM


def test_a_return_says_when_and_keeps_how_bad_it_was():
    over = lifecycle.advance(make_alarm(), make_event(Change.RETURNED, value=37.4)).alarm

    assert (over.returned_at_s, over.value) == (NOON_S, 37.4)
    assert (over.priority, over.setpoint) == (Priority.HIGH, 40.0)


def test_auto_acknowledge_lets_a_return_reach_normal_by_itself():
    over = lifecycle.advance(make_alarm(), make_event(Change.RETURNED), auto_acknowledge=True)

    assert (over.alarm.condition, over.notify) == (NORMAL, True)


def test_while_shelved_the_condition_is_followed_and_nobody_is_told():
    shelved = in_state(ACKNOWLEDGED, SHELVED)

    over = lifecycle.advance(in_state(UNACKNOWLEDGED, SHELVED), make_event(Change.RETURNED))
    again = lifecycle.advance(over.alarm, make_event())

    assert (over.alarm.condition, over.notify) == (RETURNED, False)
    assert (again.alarm.condition, again.notify) == (UNACKNOWLEDGED, False)
    assert again.alarm.suppression is SHELVED
    assert again.alarm.suppressed_until_s == shelved.suppressed_until_s


@pytest.mark.parametrize(
    ("condition", "told"),
    [(NORMAL, False), (UNACKNOWLEDGED, True), (ACKNOWLEDGED, True), (RETURNED, True)],
)
def test_what_comes_off_the_shelf_is_told_unless_it_is_normal(condition, told):
    before = in_state(condition, SHELVED)

    by_hand = lifecycle.unshelve(before, now_s=NOON_S)
    by_time = lifecycle.expire_shelf(before, now_s=NOON_S + 3600)

    assert by_hand.notify is by_time.notify is told
    assert by_hand.alarm.suppressed_until_s is None


@pytest.mark.parametrize(
    ("suppression", "after", "told"),
    [(SHELVED, NONE, True), (BY_DESIGN, NONE, True), (OUT_OF_SERVICE, OUT_OF_SERVICE, False)],
)
def test_what_grows_beyond_its_priority_is_not_missed_for_being_shelved(suppression, after, told):
    before = in_state(UNACKNOWLEDGED, suppression)

    transition = lifecycle.advance(before, make_event(priority=Priority.CRITICAL))

    assert (transition.alarm.suppression, transition.notify) == (after, told)
    assert transition.alarm.suppressed_until_s is None


def test_a_further_step_of_the_same_priority_stays_on_the_shelf():
    before = in_state(UNACKNOWLEDGED, SHELVED)

    transition = lifecycle.advance(before, make_event(setpoint=45.0))

    assert (transition.alarm.suppression, transition.notify) == (SHELVED, False)


def test_the_end_of_an_acknowledged_alarm_closes_the_page_even_while_shelved():
    over = lifecycle.advance(in_state(ACKNOWLEDGED, SHELVED), make_event(Change.RETURNED))

    assert (over.alarm.condition, over.notify) == (NORMAL, True)


@pytest.mark.parametrize(
    ("until_s", "reason"),
    [
        (NOON_S, Reason.SHELF_TIME_PAST),
        (NOON_S - 1, Reason.SHELF_TIME_PAST),
        (NOON_S + SHELF_S_MAX, Reason.SHELVED),
        (NOON_S + SHELF_S_MAX + 1, Reason.SHELF_TIME_TOO_LONG),
    ],
)
def test_shelf_time_is_in_the_future_and_limited(until_s, reason):
    before = make_alarm()

    transition = lifecycle.shelve(before, until_s=until_s, now_s=NOON_S)

    assert transition.reason is reason
    assert transition.is_refused == (transition.alarm == before)


def test_an_alarm_stays_shelved_until_the_second_its_time_is_over():
    shelved = in_state(UNACKNOWLEDGED, SHELVED)

    early = lifecycle.expire_shelf(shelved, now_s=NOON_S + 3599)
    due = lifecycle.expire_shelf(shelved, now_s=NOON_S + 3600)

    assert early == (shelved, Reason.SHELF_TIME_NOT_OVER, False)
    assert due.alarm.suppression is NONE


@given(steps=st.lists(st.sampled_from(sorted(STEPS)), max_size=40))
def test_only_a_person_takes_an_alarm_to_normal(steps):
    alarm = lifecycle.advance(None, make_event()).alarm
    somebody_saw_it = False

    for step in steps:
        before = alarm
        alarm, reason, notify = STEPS[step](alarm)
        if reason is Reason.ACKNOWLEDGED:
            somebody_saw_it = True
        if reason in (Reason.RAISED, Reason.RAISED_AGAIN, Reason.WORSENED):
            somebody_saw_it = False

        assert alarm.condition is not NORMAL or somebody_saw_it
        assert reason not in REFUSALS or (alarm, notify) == (before, False)
        assert not before.is_active or not alarm.is_active or alarm.priority >= before.priority


@given(steps=st.lists(st.sampled_from(sorted(STEPS)), max_size=40))
def test_whatever_becomes_visible_while_active_is_told(steps):
    alarm = lifecycle.advance(None, make_event()).alarm

    for step in steps:
        was_visible = alarm.is_active and alarm.suppression is NONE
        alarm, _, notify = STEPS[step](alarm)
        is_visible = alarm.is_active and alarm.suppression is NONE

        assert notify or was_visible or not is_visible


# ------------------------------------------------------------------------------- protects life

CRITICAL = Priority.CRITICAL
KEPT_FROM_PEOPLE = {
    "shelved": lambda alarm: lifecycle.shelve(
        alarm, until_s=NOON_S + 60, now_s=NOON_S, protects_life=True
    ),
    "suppressed": lambda alarm: lifecycle.suppress_by_design(
        alarm, now_s=NOON_S, protects_life=True
    ),
    "taken out": lambda alarm: lifecycle.take_out_of_service(
        alarm, now_s=NOON_S, protects_life=True
    ),
}


@pytest.mark.parametrize("step", KEPT_FROM_PEOPLE)
@pytest.mark.parametrize("condition", Condition)
def test_a_critical_alarm_that_protects_life_is_kept_from_nobody(condition, step):
    before = replace(in_state(condition), priority=CRITICAL)

    transition = KEPT_FROM_PEOPLE[step](before)

    assert transition == (before, Reason.PROTECTS_LIFE, False)
    assert transition.is_refused


@pytest.mark.parametrize("step", KEPT_FROM_PEOPLE)
def test_one_that_is_not_critical_yet_may_be_kept_from_people(step):
    assert not KEPT_FROM_PEOPLE[step](in_state(UNACKNOWLEDGED)).is_refused


@pytest.mark.parametrize("suppression", [SHELVED, BY_DESIGN, OUT_OF_SERVICE])
@pytest.mark.parametrize("priority", [Priority.MEDIUM, CRITICAL])
def test_one_that_becomes_critical_is_told_however_it_was_kept_from_people(suppression, priority):
    before = replace(in_state(NORMAL, suppression), priority=priority)

    transition = lifecycle.advance(before, make_event(priority=CRITICAL), protects_life=True)

    assert (transition.alarm.suppression, transition.notify) == (NONE, True)
    assert transition.alarm.suppressed_until_s is None


# ------------------------------------------------------------------------------- more is seen


def addition(**changes):
    event = make_event()
    return replace(event, is_addition=True, why="door open as well", **changes)


def test_what_is_seen_besides_is_recorded_with_the_alarm_and_told_to_nobody():
    seen = lifecycle.acknowledge(make_alarm(), by="Kim", now_s=NOON_S - 30).alarm

    transition = lifecycle.advance(seen, addition(evidence={"signs": 2}))

    assert (transition.reason, transition.notify) == (Reason.MORE_SEEN, False)
    assert (transition.alarm.condition, transition.alarm.acknowledged_by) == (ACKNOWLEDGED, "Kim")
    assert transition.alarm.why == "door open as well"
    assert transition.alarm.evidence == {"signs": 2}
    assert transition.alarm.raised_at_s == seen.raised_at_s


@pytest.mark.parametrize("condition", [NORMAL, RETURNED])
def test_an_addition_to_what_is_over_is_a_beginning(condition):
    transition = lifecycle.advance(in_state(condition), addition())

    assert transition.reason in (Reason.RAISED, Reason.RAISED_AGAIN)
    assert transition.notify


def test_an_addition_of_a_higher_priority_is_told():
    transition = lifecycle.advance(make_alarm(), addition(priority=CRITICAL))

    assert (transition.reason, transition.notify) == (Reason.WORSENED, True)
