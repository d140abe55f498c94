"""The engine as a whole: who is watched, restarts, reloads, and a rule that breaks."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from batteryd.domain.alarm import AlarmKey, Change, Priority
from batteryd.domain.component import WHOLE_BATTERY
from batteryd.rules.engine import Engine
from batteryd.rules.kind import Subject
from batteryd.rules.watch import UNSEEN_S_MAX
from tests.builders import NOON_S, make_alarm, make_key, make_snapshot
from tests.rulebooks import (
    SHIPPED,
    alarms_of,
    make_asset,
    make_engine,
    rulebook,
    shipped_rulebook,
    told,
)

T1 = "s1/m02/t1:temperature_c"
HOT = """
[rule.module_temperature]
kind = "limit"
quantities = ["temperature_c"]
direction = "high"
setpoint = { critical = 50.0 }
"""
SLOW = HOT + "on_delay_s = { critical = 60.0 }\n"
SILENCE = """
[rule.silence]
kind = "silence"
polls = 3
after_s = { medium = 0.0 }
"""


def show(engine, degrees, *, at_s=NOON_S, asset_id="rack-1"):
    return engine.evaluate(make_snapshot(asset_id, at_s=at_s, values={T1: degrees}), at_s)


def show_nonsense(engine, *, at_s=NOON_S):
    """Evaluate a snapshot that has fewer values than its layout has columns."""
    snapshot = make_snapshot(at_s=at_s)
    return engine.evaluate(replace(snapshot, values=snapshot.values[:-1]), at_s)


def test_nobody_watches_an_asset_that_the_engine_was_not_told_of():
    assert show(make_engine(HOT), 99.0, asset_id="rack-2") == ()


def test_assets_do_not_influence_each_other():
    book = rulebook(HOT)
    engine = Engine(book, [make_asset(asset_id="rack-1"), make_asset(asset_id="rack-2")])

    first = show(engine, 51.0, asset_id="rack-1")
    second = show(engine, 24.0, asset_id="rack-2")

    assert [event.key.asset_id for event in first] == ["rack-1"]
    assert second == ()


def test_the_shipped_rules_are_silent_on_a_normal_rack():
    engine = make_engine(shipped_rulebook())

    assert [show(engine, 24.5, at_s=NOON_S + 10 * n) for n in range(100)] == [()] * 100


def test_restoring_ends_what_nobody_watches_any_more():
    engine = make_engine(HOT)
    alarms = [
        make_alarm(),
        make_alarm(make_key(asset_id="rack-9")),
        make_alarm(AlarmKey("daejeon", "rack-1", WHOLE_BATTERY, "gone_rule")),
        make_alarm(AlarmKey("seoul", "rack-1", WHOLE_BATTERY, "module_temperature")),
    ]

    ended = engine.restore(alarms, now_s=NOON_S)

    assert {str(event.key) for event in ended} == {
        "daejeon/rack-9/s1/m02/module_temperature",
        "daejeon/rack-1/-/gone_rule",
        "seoul/rack-1/-/module_temperature",
    }
    assert {event.change for event in ended} == {Change.RETURNED}


def test_what_was_restored_waits_for_the_first_good_poll_to_be_judged():
    engine = make_engine(HOT)

    engine.restore(alarms_of(show(make_engine(HOT), 51.0)), now_s=NOON_S)

    assert engine.tick(NOON_S) == ()
    assert told(show(engine, 24.0)) == [("returned", "module_temperature", "s1/m02", "critical")]


def test_a_restored_alarm_of_an_older_profile_stands_for_a_day_as_nobody_knows_what_became_of_it():
    engine = make_engine(HOT)
    engine.restore([make_alarm(make_key("s1/m09"))], now_s=NOON_S)

    assert told(show(engine, 24.0)) == []
    assert told(show(engine, 24.0, at_s=NOON_S + UNSEEN_S_MAX)) == [
        ("returned", "module_temperature", "s1/m09", "high")
    ]


def test_a_reload_does_not_stop_delays_of_what_has_not_changed():
    engine = make_engine(SLOW)
    show(engine, 51.0)

    engine.reload(rulebook(SLOW), [make_asset()], now_s=NOON_S + 30)

    assert len(show(engine, 51.0, at_s=NOON_S + 60)) == 1


def test_a_reload_with_other_setpoints_keeps_what_is_active_and_judges_it_by_the_new_ones():
    engine = make_engine(HOT)
    show(engine, 51.0)

    changed = rulebook(HOT.replace("50.0", "45.0"))
    reloaded = engine.reload(changed, [make_asset()], now_s=NOON_S + 10)
    still = show(engine, 47.0, at_s=NOON_S + 20)
    over = show(engine, 44.0, at_s=NOON_S + 30)

    assert (reloaded, still) == ((), ())
    assert [event.change for event in over] == [Change.RETURNED]


def test_a_reload_ends_the_alarms_of_assets_that_are_gone_and_watches_new_ones():
    engine = make_engine(HOT)
    show(engine, 51.0)

    ended = engine.reload(rulebook(HOT), [make_asset(asset_id="rack-2")], now_s=NOON_S + 10)

    assert told(ended) == [("returned", "module_temperature", "s1/m02", "critical")]
    assert show(engine, 51.0) == ()
    assert len(show(engine, 51.0, asset_id="rack-2")) == 1


def test_a_battery_that_is_no_longer_polled_keeps_no_alarm_about_its_readings():
    engine = make_engine(HOT)
    show(engine, 51.0)

    ended = engine.reload(
        rulebook(HOT), [], unpolled=[Subject("rack-1", "daejeon")], now_s=NOON_S + 10
    )

    assert told(ended) == [("returned", "module_temperature", "s1/m02", "critical")]


def test_a_rule_that_breaks_is_an_alarm_and_costs_the_other_rules_nothing():
    engine = make_engine(HOT + SILENCE)
    show(engine, 24.0)
    engine.tick(NOON_S + 29)
    silent = engine.tick(NOON_S + 40)

    broken = show_nonsense(engine, at_s=NOON_S + 50)

    assert told(silent) == [("raised", "silence", "-", "medium")]
    assert told(broken) == [
        ("raised", "rule_failed", "-", "high"),
        ("returned", "silence", "-", "medium"),
    ]
    assert "rules of kind limit could not be evaluated" in broken[0].why
    assert "Traceback" in str(broken[0].evidence["traceback"])


def test_a_broken_rule_starts_anew_and_still_knows_what_it_had_raised():
    engine = make_engine(HOT)
    show(engine, 51.0)
    show_nonsense(engine, at_s=NOON_S + 10)

    still = show(engine, 51.0, at_s=NOON_S + 20)
    over = show(engine, 24.0, at_s=NOON_S + 30)

    assert still == ()
    assert told(over) == [("returned", "module_temperature", "s1/m02", "critical")]


def test_a_rule_that_stays_broken_is_told_once_and_until_the_rules_are_loaded_again():
    engine = make_engine(HOT)

    told_once = [event for n in range(20) for event in show_nonsense(engine, at_s=NOON_S + n)]
    healed = show(engine, 24.0, at_s=NOON_S + 30)
    reloaded = engine.reload(rulebook(HOT), [make_asset()], now_s=NOON_S + 40)

    assert [event.priority for event in told_once] == [Priority.HIGH]
    assert healed == ()
    assert told(reloaded) == [("returned", "rule_failed", "-", "high")]


@pytest.mark.parametrize("pause_s", [1.0, 30.0])
def test_ticks_may_be_up_to_half_a_minute_apart(pause_s):
    engine = make_engine(SILENCE)
    show(engine, 24.0)

    events = [event for n in range(200) for event in engine.tick(NOON_S + n * pause_s)]

    assert [event.at_s - NOON_S for event in events] == [30]


def test_a_clock_that_runs_faster_may_have_longer_pauses():
    engine = Engine(rulebook(SILENCE), [make_asset()], tick_gap_s=3600.0)
    show(engine, 24.0)

    events = [event for n in range(3) for event in engine.tick(NOON_S + n * 600.0)]

    assert [event.at_s - NOON_S for event in events] == [600]


def test_an_alarm_that_grew_still_knows_when_it_began_after_its_rule_started_anew():
    engine = make_engine(HOT.replace("{ critical", "{ medium = 40.0, critical"))
    show(engine, 42.0)
    show(engine, 51.0, at_s=NOON_S + 600)
    show_nonsense(engine, at_s=NOON_S + 610)

    (over,) = show(engine, 24.0, at_s=NOON_S + 900)

    assert over.why.endswith("after 15 min")


OFFSETS = "detection"


def test_a_reload_with_other_settings_hands_on_what_was_learned():
    engine = make_engine(shipped_rulebook())
    for n in range(200):
        show(engine, 24.5, at_s=NOON_S + 10 * n)
    before: Mapping[str, Any] = engine.learned("rack-1")[OFFSETS]

    stricter = SHIPPED.read_text().replace("deadband = 2.0 ", "deadband = 3.0 ", 1)
    engine.reload(rulebook(stricter), [make_asset()], now_s=NOON_S + 2000)
    show(engine, 24.5, at_s=NOON_S + 2010)
    after: Mapping[str, Any] = engine.learned("rack-1")[OFFSETS]

    assert after["s1.heat.believed.polls"] > before["s1.heat.believed.polls"]


def test_what_was_learned_is_kept_while_nothing_is_read():
    engine = make_engine(shipped_rulebook())
    learned = {OFFSETS: {"version": 1, "layout_id": "0123456789abcdef"}}

    engine.learn_from("rack-1", learned)
    engine.tick(NOON_S)

    assert engine.learned("rack-1") == learned


def test_what_is_forgotten_is_learned_anew_and_the_alarms_of_limits_stand():
    engine = make_engine(shipped_rulebook())
    for n in range(100):
        show(engine, 52.0, at_s=NOON_S + 10 * n)
    standing = engine.restore([], now_s=NOON_S + 1000)

    ended = engine.forget("rack-1", "judged anew", now_s=NOON_S + 1000)
    forgotten = engine.learned("rack-1")
    events = show(engine, 52.0, at_s=NOON_S + 1010)
    anew: Mapping[str, Any] = engine.learned("rack-1")[OFFSETS]

    assert standing == ended == ()
    assert forgotten == {}
    assert events == ()
    assert anew["s1.heat.believed.polls"].tolist() == [1.0]


def test_of_an_asset_that_nobody_watches_nothing_is_learned():
    engine = make_engine(shipped_rulebook())
    engine.learn_from("rack-9", {OFFSETS: {}})
    assert engine.forget("rack-9", "judged anew", now_s=NOON_S) == ()

    assert engine.learned("rack-9") == {}
