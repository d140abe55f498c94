"""While people work on a battery its limits tighten: the layer, its mistakes, and the engine."""

import pytest

from batteryd.domain.inventory import Chemistry
from batteryd.errors import ConfigError
from batteryd.rules.kind import Subject
from batteryd.rules.makers import NO_LIMITS
from batteryd.rules.silence import SilenceSettings
from tests.builders import NOON_S, make_snapshot
from tests.rulebooks import (
    alarms_of,
    limit_of,
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
setpoint = { medium = 40.0, critical = 50.0 }
deadband = 2.0
on_delay_s = { medium = 60.0 }
off_delay_s = 60.0
"""
LFP = "[rule.module_temperature.chemistry.LFP]\nsetpoint = { medium = 45.0, critical = 55.0 }\n"
STRICT_SITE = "[rule.module_temperature.site.daejeon]\nsetpoint = { medium = 33.0 }\n"
WORK = "[rule.module_temperature.work]\n"
TIGHTER = WORK + "tighten_by = 5.0\non_delay_s = { medium = 0.0 }\n"
COLD = HOT.replace('"high"', '"low"').replace("40.0", "18.0").replace("50.0", "10.0")
SILENCE = """
[rule.silence]
kind = "silence"
polls = 3
after_s = { medium = 0.0, high = 60.0 }
"""
HEALTH_OFF = """
[rule.door]
kind = "limit"
enabled = false
quantities = ["contactor_closed"]
direction = "high"
setpoint = { medium = 1.0 }
[rule.door.work]
enabled = true
"""
MAKER = {"lr-17": {"temperature_c": {"medium": 34.0, "critical": 44.0}}}


def limits_of(book, subject):
    (rule,) = book.effective(subject)
    return list(rule.settings.limits.values())


def rack(chemistry=Chemistry.NMC, *, at_work=True):
    return Subject("rack-1", "daejeon", chemistry, "lr-17", at_work=at_work)


@pytest.mark.parametrize(
    ("chemistry", "maker", "before", "at_work"),
    [
        (Chemistry.NMC, {}, [40.0, 50.0], [35.0, 45.0]),
        (Chemistry.LFP, {}, [45.0, 55.0], [40.0, 50.0]),
        (Chemistry.NMC, MAKER, [34.0, 44.0], [29.0, 39.0]),
    ],
)
def test_a_limit_tightens_from_wherever_another_layer_has_put_it(chemistry, maker, before, at_work):
    book = rulebook(HOT + LFP + TIGHTER, maker)

    assert limits_of(book, rack(chemistry, at_work=False)) == before
    assert limits_of(book, rack(chemistry)) == at_work


def test_a_low_limit_tightens_upwards():
    book = rulebook(COLD + TIGHTER)

    assert limits_of(book, rack()) == [23.0, 15.0]


def test_the_work_layer_wins_over_every_other_and_keeps_what_it_does_not_say():
    battery = "[rule.module_temperature.battery.rack-1]\noff_delay_s = 30.0\n"
    book = rulebook(HOT + battery + WORK + "off_delay_s = 90.0\n")

    (rule,) = book.effective(rack())

    assert limit_of(rule).off_delay_s == 90.0
    assert limit_of(rule).setpoint.medium == 40.0
    assert limit_of(book.effective(rack(at_work=False))[0]).off_delay_s == 30.0


def test_without_any_work_layer_nobody_at_work_is_told_apart():
    book = rulebook(HOT)

    assert book.effective(rack()) is book.effective(rack(at_work=False))


def test_the_work_layer_is_part_of_the_digest():
    assert rulebook(HOT).sha256 != rulebook(HOT + TIGHTER).sha256


def mistakes_in(text, limits=NO_LIMITS):
    with pytest.raises(ConfigError) as caught:
        rulebook(text, limits)
    found: dict[str, list[str]] = {}
    for mistake in caught.value.mistakes:
        found.setdefault(mistake.key.removeprefix("rule."), []).append(mistake.allowed)
    return {key: "; ".join(said) for key, said in found.items()}


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        (HOT + WORK + "enabled = false", "enabled", "true: work switches no rule off"),
        (
            HOT + WORK + "setpoint = { medium = 41.0, critical = 50.0 }",
            "setpoint",
            "a limit as strict as medium 40 (as [rule.module_temperature] has it)",
        ),
        (HOT + WORK + "setpoint = { medium = 30.0 }", "setpoint", "as strict as critical 50"),
        (COLD + WORK + "setpoint = { medium = 17.0, critical = 10.0 }", "setpoint", "medium 18"),
        (
            HOT + STRICT_SITE + WORK + "setpoint = { medium = 35.0, critical = 45.0 }",
            "setpoint",
            "a limit as strict as medium 33 (as site daejeon has it)",
        ),
        (HOT + WORK + "on_delay_s = { medium = 61.0 }", "on_delay_s", "at most 60 s for medium"),
        (HOT + WORK + "on_delay_s = { critical = 1.0 }", "on_delay_s", "at most 0 s for critical"),
        (
            HOT + WORK + "setpoint = { critical = 39.0 }\non_delay_s = { critical = 70.0 }",
            "on_delay_s",
            "at most 60 s for medium",
        ),
        (HOT + WORK + "off_delay_s = 59.0", "off_delay_s", "60 or more: an alarm ends no sooner"),
        (HOT + WORK + "deadband = 1.0", "deadband", "2 or more"),
        (HOT + WORK + "jump = 8.0", "jump", "0: no more readings are held back"),
        (
            HOT + "jump = 8.0\n" + WORK + "jump = 5.0",
            "jump",
            "8 or more, or 0: no more readings are held back",
        ),
        (HOT + WORK + "tighten_by = -5.0", "tighten_by", "0 or more"),
        (HOT + WORK + "tighten_by = 99.0", "", "temperature_c can reach"),
        (
            COLD
            + "[rule.module_temperature.site.daejeon]\nsetpoint = { medium = 140.0 }\n"
            + WORK
            + "tighten_by = 15.0",
            "",
            "temperature_c can reach: -40 to 150 °C (as site daejeon has it)",
        ),
        (HOT + WORK + "tighten = 5.0", "tighten", "did you mean tighten_by?"),
        (HOT + WORK + "protects_life = false", "protects_life", "not here"),
        (HOT + WORK + 'kind = "silence"', "kind", "not here"),
        (HOT + WORK + 'direction = "low"', "direction", "not here"),
        (HOT + "work = 3", "", "a table"),
        (SILENCE + "[rule.silence.work]\npolls = 4", "polls", "at most 3"),
        (SILENCE + "[rule.silence.work]\nafter_s = { high = 61.0 }", "after_s", "at most 0 s"),
        (SILENCE + "[rule.silence.work]\nafter_s = { medium = 0 }", "after_s", "60 s for high"),
    ],
)
def test_what_would_loosen_a_limit_is_refused(text, key, allowed):
    found = mistakes_in(text)

    name = "silence" if "rule.silence" in text else "module_temperature"
    assert allowed in found[f"{name}.work.{key}".rstrip(".")]


@pytest.mark.parametrize(
    "work",
    [
        "setpoint = { medium = 40.0, critical = 50.0 }",
        "setpoint = { critical = 40.0 }",
        "setpoint = { low = 30.0, medium = 35.0, critical = 50.0 }\non_delay_s = { low = 900.0 }",
        "on_delay_s = { medium = 0.0 }\noff_delay_s = 600.0\ndeadband = 5.0",
        "jump = 0.0",
        'action = "Come out."',
    ],
)
def test_what_is_as_strict_or_stricter_is_taken(work):
    assert rulebook(HOT + WORK + work).tables["module_temperature"].work


def test_every_loosening_is_named_at_once():
    text = HOT + STRICT_SITE + WORK + "setpoint = { medium = 41.0 }\noff_delay_s = 1.0\n"

    found = mistakes_in(text + SILENCE + "[rule.silence.work]\npolls = 9\nenabled = false\n")

    assert sorted(found) == [
        "module_temperature.work.off_delay_s",
        "module_temperature.work.setpoint",
        "silence.work.enabled",
        "silence.work.polls",
    ]


def test_what_is_wrong_without_the_work_layer_is_told_where_it_stands_and_once():
    broken = "[rule.module_temperature.site.daejeon]\noff_delay_s = -1.0\n"

    assert list(mistakes_in(HOT + broken + TIGHTER)) == [
        "module_temperature.site.daejeon.off_delay_s"
    ]


def test_a_setpoint_that_is_looser_than_a_makers_limit_is_refused_with_the_profile_named():
    found = mistakes_in(HOT + WORK + "setpoint = { medium = 34.0, critical = 48.0 }", MAKER)

    assert found == {
        "module_temperature.work.setpoint": (
            "a limit as strict as critical 44 (as profile lr-17's limits have it)"
        )
    }


def test_what_tightens_during_work_can_be_said_for_work_alone():
    found = mistakes_in(
        HOT + "tighten_by = 5.0\n[rule.module_temperature.site.daejeon]\ntighten_by = 5.0\n"
    )

    assert set(found) == {
        "module_temperature.tighten_by",
        "module_temperature.site.daejeon.tighten_by",
    }
    assert all("[rule.module_temperature.work]" in allowed for allowed in found.values())


def test_names_of_alarms_of_work_are_no_names_for_rules():
    assert "clearance_revoked" in mistakes_in(
        HOT.replace("module_temperature", "clearance_revoked")
    )


# ------------------------------------------------------------------------------- the engine


def show(engine, degrees, *, at_s=NOON_S):
    return engine.evaluate(make_snapshot(at_s=at_s, values={T1: degrees}), at_s)


def test_a_limit_that_is_reached_under_the_tightened_setpoint_raises_at_once():
    engine = make_engine(HOT + TIGHTER)
    assert show(engine, 46.0) == ()  # waits for its on-delay at 40 °C

    events = engine.set_at_work(["rack-1"], now_s=NOON_S + 3)

    assert told(events) == [("raised", "module_temperature", "s1/m02", "critical")]
    assert events[0].setpoint == 45.0
    assert "critical limit for the time of work" in events[0].why


def test_what_was_read_long_ago_is_not_judged_a_second_time():
    engine = make_engine(HOT + TIGHTER)
    show(engine, 36.0)

    assert engine.set_at_work(["rack-1"], now_s=NOON_S + 61) == ()


def test_alarms_that_stand_are_kept_when_work_begins_and_ends():
    engine = make_engine(HOT + TIGHTER)
    show(engine, 52.0)

    began = engine.set_at_work(["rack-1"], now_s=NOON_S + 1)
    ended = engine.set_at_work([], now_s=NOON_S + 2)

    assert (began, ended) == ((), ())
    assert show(engine, 52.0, at_s=NOON_S + 10) == ()


def test_after_the_work_a_value_between_the_two_limits_returns():
    engine = make_engine(HOT + TIGHTER)
    show(engine, 36.0)
    raised = engine.set_at_work(["rack-1"], now_s=NOON_S + 1)

    engine.set_at_work([], now_s=NOON_S + 2)
    events = [e for n in range(1, 9) for e in show(engine, 36.0, at_s=NOON_S + 10 * n)]

    assert told(raised) == [("raised", "module_temperature", "s1/m02", "medium")]
    assert told(events) == [("returned", "module_temperature", "s1/m02", "medium")]


def test_only_those_at_work_have_tighter_limits_and_a_reload_does_not_forget_them():
    racks = [make_asset(asset_id=f"rack-{n}") for n in (1, 2)]
    engine = make_engine(HOT + TIGHTER, racks[0])
    engine.set_at_work(["rack-1", "rack-9"], now_s=NOON_S)
    engine.reload(rulebook(HOT + TIGHTER), racks, now_s=NOON_S)

    raised = [
        event.key.asset_id
        for rack_id in ("rack-1", "rack-2")
        for event in engine.evaluate(make_snapshot(rack_id, values={T1: 36.0}), NOON_S)
    ]

    assert raised == ["rack-1"]


def test_one_whose_rules_stay_the_same_does_not_notice_and_its_delays_go_on():
    engine = make_engine(HOT)
    show(engine, 41.0)

    engine.set_at_work(["rack-1"], now_s=NOON_S + 30)

    assert told(show(engine, 41.0, at_s=NOON_S + 60)) == [
        ("raised", "module_temperature", "s1/m02", "medium")
    ]


def test_a_silence_that_has_begun_is_counted_from_the_last_answer():
    engine = make_engine(
        SILENCE + "[rule.silence.work]\npolls = 2\nafter_s = { medium = 0.0, high = 20.0 }"
    )
    show(engine, 24.0)
    engine.tick(NOON_S + 10)

    engine.set_at_work(["rack-1"], now_s=NOON_S + 15)

    assert told(engine.tick(NOON_S + 20)) == [("raised", "silence", "-", "high")]


def test_a_rule_that_is_for_work_alone_ends_with_it():
    engine = make_engine(HEALTH_OFF)
    show(engine, 24.0)

    began = engine.set_at_work(["rack-1"], now_s=NOON_S + 1)
    ended = engine.set_at_work([], now_s=NOON_S + 2)

    assert told(began) == [("raised", "door", "-", "medium")]
    assert told(ended) == [("returned", "door", "-", "medium")]


def test_work_that_is_known_before_the_restored_alarms_keeps_them():
    raised = show(make_engine(HOT + TIGHTER), 52.0)
    engine = make_engine(HOT + TIGHTER)

    engine.set_at_work(["rack-1"], now_s=NOON_S + 1)

    assert engine.restore(alarms_of(raised), now_s=NOON_S + 1) == ()
    assert show(engine, 46.0, at_s=NOON_S + 10) == ()


# ------------------------------------------------------------------------------- as it ships


@pytest.mark.parametrize("chemistry", [None, *Chemistry])
def test_as_it_ships_temperatures_are_five_kelvin_lower_during_work(chemistry):
    book = shipped_rulebook()

    def limits(*, at_work):
        rules = book.effective(Subject("rack-1", "daejeon", chemistry, at_work=at_work))
        return limit_of({r.name: r for r in rules}["module_temperature"]).limits

    before, during = limits(at_work=False), limits(at_work=True)
    assert {p: n - 5.0 for p, n in before.items()} == during


def test_as_it_ships_work_asks_for_no_more_patience_with_silence():
    rules = shipped_rulebook().effective(Subject("rack-1", "daejeon", at_work=True))

    (silence,) = [rule.settings for rule in rules if rule.name == "silence"]
    assert isinstance(silence, SilenceSettings)
    assert silence.polls == 2


@pytest.mark.parametrize("name", ["gas", "smoke", "module_temperature", "insulation"])
def test_as_it_ships_what_protects_life_says_so(name):
    book = shipped_rulebook()

    assert book.protects_life(name)
    assert book.protects_life("clearance_revoked")
    assert not any(map(book.protects_life, ("silence", "warranty", "unannounced_work", "gone")))
