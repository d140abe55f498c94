"""What counts for one battery, key by key, and whose word it is."""

import pytest

from batteryd.domain.inventory import Chemistry
from batteryd.rules.effective import effective_rules
from batteryd.rules.kind import Subject
from tests.rulebooks import rulebook

RULES = """
[rule.module_temperature]
kind = "limit"
quantities = ["temperature_c"]
direction = "high"
setpoint = { medium = 40.0, critical = 50.0 }
off_delay_s = 60.0
[rule.module_temperature.chemistry.LFP]
setpoint = { medium = 45.0, critical = 55.0 }
deadband = 3.0
[rule.module_temperature.site.daejeon]
deadband = 1.5
[rule.module_temperature.battery.rack-7]
off_delay_s = 300.0
[rule.module_temperature.work]
tighten_by = 5.0
[rule.silence]
kind = "silence"
polls = 3
after_s = { medium = 0.0 }
[rule.silence.battery.rack-7]
enabled = false
"""
LFP_RACK = Subject("rack-7", "daejeon", Chemistry.LFP)


def words(subject=LFP_RACK, rule="module_temperature", *, limits=None):
    book = rulebook(RULES, limits or {})
    (found,) = (r for r in effective_rules(book, subject) if r.name == rule)
    return {p.key: (p.value, p.origin) for p in found.parameters}


@pytest.mark.parametrize(
    ("key", "value", "origin"),
    [
        ("direction", "high", "the rule itself"),
        ("setpoint", {"medium": 45.0, "critical": 55.0}, "LFP"),
        ("deadband", 1.5, "site daejeon"),
        ("off_delay_s", 300.0, "this battery"),
        ("says", "", "default"),
    ],
)
def test_each_key_names_the_layer_whose_word_it_is(key, value, origin):
    assert words()[key] == (value, origin)


def test_another_battery_has_other_words():
    seoul = words(Subject("rack-1", "seoul", Chemistry.NMC))

    assert seoul["setpoint"] == ({"medium": 40.0, "critical": 50.0}, "the rule itself")
    assert seoul["deadband"] == (0.0, "default")


def test_the_makers_limits_are_named_by_their_profile():
    maker = {"lithium-rack": {"temperature_c": {"medium": 42.0, "critical": 52.0}}}
    subject = LFP_RACK._replace(profile="lithium-rack")

    found = words(subject, limits=maker)

    origin = "the maker's limits in profile lithium-rack"
    assert found["setpoint"] == ({"medium": 42.0, "critical": 52.0}, origin)


def test_what_work_tightens_stands_apart():
    (rule, _silence) = effective_rules(rulebook(RULES), LFP_RACK._replace(at_work=True))

    assert [(p.key, p.value) for p in rule.at_work] == [("tighten_by", 5.0)]
    assert "tighten_by" not in {p.key for p in rule.parameters}


def test_a_profiles_override_is_told_from_its_makers_limits():
    maker = {"lithium-rack": {"temperature_c": {"medium": 42.0, "critical": 52.0}}}
    override = "[rule.module_temperature.profile.lithium-rack]\noff_delay_s = 90.0\n"
    book = rulebook(RULES + override, maker)

    (rule, _) = effective_rules(book, Subject("rack-1", "seoul", profile="lithium-rack"))

    origin = {p.key: p.origin for p in rule.parameters}
    assert origin["setpoint"] == "the maker's limits in profile lithium-rack"
    assert origin["off_delay_s"] == "profile lithium-rack"


def test_where_tightened_setpoints_are_reached_is_said():
    (rule, silence) = effective_rules(rulebook(RULES), LFP_RACK)

    assert rule.remark_at_work == "reached at medium 40, critical 50"
    assert silence.remark_at_work == ""


def test_a_limit_that_nobody_has_given_a_setpoint_says_that_it_watches_nothing():
    book = rulebook(RULES.replace("setpoint = { medium = 40.0, critical = 50.0 }\n", ""))

    def remark(chemistry):
        subject = Subject("rack-1", "seoul", chemistry)
        return next(r.remark for r in effective_rules(book, subject))

    assert "watches nothing" in remark(None)
    assert remark(Chemistry.LFP) == ""


def test_a_rule_that_is_switched_off_says_by_whom():
    (_temperature, silence) = effective_rules(rulebook(RULES), LFP_RACK)

    assert silence.remark == "switched off"
    assert words(rule="silence")["enabled"] == (False, "this battery")
