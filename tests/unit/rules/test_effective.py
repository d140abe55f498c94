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

    assert found["setpoint"] == ({"medium": 42.0, "critical": 52.0}, "profile lithium-rack")


def test_what_work_tightens_stands_apart():
    (rule, _silence) = effective_rules(rulebook(RULES), LFP_RACK._replace(at_work=True))

    assert [(p.key, p.value) for p in rule.at_work] == [("tighten_by", 5.0)]
    assert "tighten_by" not in {p.key for p in rule.parameters}


def test_a_rule_that_is_switched_off_says_by_whom():
    (_temperature, silence) = effective_rules(rulebook(RULES), LFP_RACK)

    assert not silence.is_enabled
    assert words(rule="silence")["enabled"] == (False, "this battery")
