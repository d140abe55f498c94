"""Silence: counted from the last good poll, with polls that fail and with none at all."""

import pytest

from batteryd.domain.alarm import Priority
from batteryd.domain.snapshot import EMPTY_LAYOUT, failed_snapshot
from batteryd.rules.silence import SilenceSettings
from tests.builders import NOON_S, make_snapshot
from tests.rulebooks import alarms_of, make_asset, make_engine, rulebook, shipped_rulebook, told

SILENCE = """
[rule.silence]
kind = "silence"
polls = 3
after_s = { medium = 0.0, high = 60.0 }
"""


def good(engine, at_s):
    return engine.evaluate(make_snapshot(at_s=at_s), at_s)


def failed(engine, at_s, failure="timeout: no answer from 10.0.5.11:502 in 1.0 s"):
    snapshot = failed_snapshot("rack-1", EMPTY_LAYOUT, at_s=at_s, failure=failure)
    return engine.evaluate(snapshot, at_s)


def ticked(engine, from_s, to_s, step_s=1.0):
    events, at_s = [], from_s
    while at_s <= to_s:
        events += engine.tick(at_s)
        at_s += step_s
    return events


def test_failed_polls_raise_and_grow_and_the_first_good_one_returns():
    engine = make_engine(SILENCE)
    good(engine, NOON_S)

    events = [event for n in range(1, 9) for event in failed(engine, NOON_S + 10 * n)]
    events += good(engine, NOON_S + 90)
    events += good(engine, NOON_S + 100)

    assert [(event.at_s - NOON_S, event.change, event.priority) for event in events] == [
        (30, "raised", Priority.MEDIUM),
        (60, "raised", Priority.HIGH),
        (90, "returned", Priority.HIGH),
    ]
    assert [event.why for event in events] == [
        "Rack 1: no answer for 30 s, since 2025-11-25T12:00:00Z "
        "(timeout: no answer from 10.0.5.11:502 in 1.0 s)",
        "Rack 1: no answer for 60 s, since 2025-11-25T12:00:00Z "
        "(timeout: no answer from 10.0.5.11:502 in 1.0 s)",
        "Rack 1: answers again after 90 s",
    ]


def test_no_poll_at_all_is_silence_too():
    engine = make_engine(SILENCE)
    good(engine, NOON_S)

    events = ticked(engine, NOON_S, NOON_S + 120)

    assert [(event.at_s - NOON_S, event.priority) for event in events] == [
        (30, Priority.MEDIUM),
        (60, Priority.HIGH),
    ]
    assert events[0].evidence == {"heard_at_s": NOON_S, "failure": ""}
    assert (events[0].value, events[0].setpoint) == (30.0, 30.0)


def test_an_asset_that_never_answered_is_silent_from_the_first_question_on():
    engine = make_engine(SILENCE)

    events = ticked(engine, NOON_S, NOON_S + 40)

    assert [event.at_s - NOON_S for event in events] == [30]
    assert "since batteryd began to ask at 2025-11-25T12:00:00Z" in events[0].why


def test_a_single_failed_poll_is_nothing():
    engine = make_engine(SILENCE)

    events = []
    for number in range(60):
        poll = good if number % 3 == 0 else failed
        events += poll(engine, NOON_S + 10 * number)

    assert events == []


@pytest.mark.parametrize(
    ("interval_s", "raised_after_s"),
    [(1.0, [3, 60]), (10.0, [30, 60]), (30.0, [90]), (300.0, [900])],
)
def test_no_priority_comes_before_the_polls_are_missed(interval_s, raised_after_s):
    engine = make_engine(SILENCE, make_asset(poll_interval_s=interval_s))
    good(engine, NOON_S)

    events = ticked(engine, NOON_S, NOON_S + 1000)

    assert [event.at_s - NOON_S for event in events] == raised_after_s
    assert events[-1].priority is Priority.HIGH


def test_a_daemon_that_slept_does_not_blame_the_devices():
    engine = make_engine(SILENCE)
    good(engine, NOON_S)
    ticked(engine, NOON_S, NOON_S + 5)

    at_waking = ticked(engine, NOON_S + 7200, NOON_S + 7229)
    later = ticked(engine, NOON_S + 7230, NOON_S + 7240)

    assert at_waking == []
    assert [event.at_s - NOON_S for event in later] == [7230]


def test_a_clock_that_runs_back_starts_the_count_anew():
    engine = make_engine(SILENCE)
    good(engine, NOON_S)
    ticked(engine, NOON_S, NOON_S + 20)

    events = ticked(engine, NOON_S - 3600, NOON_S - 3560)

    assert [event.at_s - NOON_S for event in events] == [-3570]


def test_after_a_restart_it_is_still_known_since_when():
    engine = make_engine(SILENCE)
    good(engine, NOON_S)
    raised = ticked(engine, NOON_S, NOON_S + 40)

    restarted = make_engine(SILENCE)
    restarted.restore(alarms_of(raised), now_s=NOON_S + 50)
    events = [*ticked(restarted, NOON_S + 50, NOON_S + 80), *good(restarted, NOON_S + 85)]

    assert told(events) == [
        ("raised", "silence", "-", "high"),
        ("returned", "silence", "-", "high"),
    ]
    assert events[0].at_s == NOON_S + 60
    assert events[1].why == "Rack 1: answers again after 85 s"


def test_two_silence_rules_speak_for_themselves():
    engine = make_engine(
        SILENCE
        + """
        [rule.long_silence]
        kind = "silence"
        polls = 2
        after_s = { critical = 300.0 }
        """
    )
    good(engine, NOON_S)

    events = [*ticked(engine, NOON_S, NOON_S + 400), *good(engine, NOON_S + 401)]

    assert told(events) == [
        ("raised", "silence", "-", "medium"),
        ("raised", "silence", "-", "high"),
        ("raised", "long_silence", "-", "critical"),
        ("returned", "silence", "-", "high"),
        ("returned", "long_silence", "-", "critical"),
    ]


def test_a_silence_rule_without_any_priority_watches_nothing():
    engine = make_engine(SILENCE.replace("medium = 0.0, high = 60.0", ""))
    good(engine, NOON_S)

    assert ticked(engine, NOON_S, NOON_S + 300) == []


def test_a_tick_costs_nothing_while_no_silence_is_due():
    engine = make_engine(SILENCE)
    good(engine, NOON_S)
    engine.tick(NOON_S)

    assert engine._watches["rack-1"].due_at_s == NOON_S + 30


def test_ten_thousand_assets_that_fall_silent_are_each_told_once():
    assets = [make_asset(asset_id=f"rack-{n}") for n in range(10_000)]
    engine = make_engine(SILENCE)
    engine.reload(rulebook(SILENCE), assets, now_s=NOON_S)

    events = ticked(engine, NOON_S, NOON_S + 70, step_s=10)

    assert len(events) == 20_000
    assert len({event.key for event in events}) == 10_000


def test_one_poll_is_too_few_to_be_silence():
    with pytest.raises(ValueError, match="greater than or equal to 2"):
        SilenceSettings.model_validate({"polls": 1, "after_s": {"medium": 0.0}})


def test_the_shipped_rule_says_medium_after_three_polls_and_high_after_a_minute():
    engine = make_engine(shipped_rulebook())
    good(engine, NOON_S)

    events = ticked(engine, NOON_S, NOON_S + 90)

    assert [(event.at_s - NOON_S, event.priority) for event in events] == [
        (30, Priority.MEDIUM),
        (60, Priority.HIGH),
    ]
