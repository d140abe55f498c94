"""rules.toml: layers of overrides, makers' limits, and every mistake in one go."""

import pytest

from batteryd.domain.alarm import Priority
from batteryd.domain.inventory import Chemistry
from batteryd.errors import ConfigError
from batteryd.rules.kind import Subject
from batteryd.rules.makers import NO_LIMITS
from tests.rulebooks import limit_of, rulebook, shipped_rulebook

HOT = """
[rule.module_temperature]
kind = "limit"
quantities = ["temperature_c"]
direction = "high"
setpoint = { medium = 40.0, critical = 50.0 }
deadband = 2.0
"""
LFP = (
    HOT + "[rule.module_temperature.chemistry.LFP]\nsetpoint = { medium = 45.0, critical = 55.0 }\n"
)
PROFILE = "[rule.module_temperature.profile.lr-17]\nsetpoint = { medium = 43.0 }\n"
SITE = "[rule.module_temperature.site.daejeon]\nsetpoint = { medium = 41.0 }\n"
BATTERY = "[rule.module_temperature.battery.rack-1]\nsetpoint = { medium = 38.0 }\n"
MAKER = {"lr-17": {"temperature_c": {"medium": 47.0, "critical": 57.0}}}
RACK = Subject("rack-1", "daejeon", Chemistry.LFP, "lr-17")


def setpoint_of(book, subject=RACK):
    (rule,) = book.effective(subject)
    return list(rule.settings.setpoint.by_priority.values()), rule.origin


@pytest.mark.parametrize(
    ("text", "maker", "setpoint", "origin"),
    [
        (HOT, {}, [40.0, 50.0], ""),
        (LFP, {}, [45.0, 55.0], "LFP"),
        (LFP, MAKER, [47.0, 57.0], "profile lr-17"),
        (LFP + PROFILE, MAKER, [43.0], "profile lr-17"),
        (LFP + PROFILE + SITE, MAKER, [41.0], "site daejeon"),
        (LFP + BATTERY + SITE + PROFILE, MAKER, [38.0], "this battery"),
    ],
)
def test_a_narrower_layer_replaces_a_wider_one(text, maker, setpoint, origin):
    book = rulebook(text, maker)

    assert setpoint_of(book) == (setpoint, origin)


def test_an_override_is_for_those_it_names_and_keeps_the_keys_it_does_not_say():
    book = rulebook(HOT + "[rule.module_temperature.battery.rack-1]\ndeadband = 5.0\n")

    deadbands = [
        limit_of(book.effective(Subject(asset_id, "daejeon"))[0]).deadband
        for asset_id in ("rack-1", "rack-2")
    ]

    assert deadbands == [5.0, 2.0]
    assert setpoint_of(book) == ([40.0, 50.0], "")


def test_a_rule_can_be_switched_off_for_one_battery():
    book = rulebook(HOT + "[rule.module_temperature.battery.rack-1]\nenabled = false\n")

    assert book.effective(RACK) == ()
    assert len(book.effective(Subject("rack-2", "daejeon"))) == 1


def test_subjects_that_no_override_tells_apart_share_their_rules():
    book = rulebook(LFP + BATTERY)

    assert book.effective(Subject("a", "x", Chemistry.NMC)) is book.effective(
        Subject("b", "y", Chemistry.NMC)
    )


@pytest.mark.parametrize(
    ("direction", "limits", "setpoint"),
    [
        ("high", {"medium": 43.0, "critical": 48.0}, [43.0, 48.0]),
        ("high", {"medium": 10.0, "critical": 0.0}, [40.0, 50.0]),
        ("high", {"critical": 48.0}, [48.0]),
    ],
)
def test_makers_limits_serve_the_rule_whose_direction_they_have(direction, limits, setpoint):
    book = rulebook(HOT, {"lr-17": {"temperature_c": limits}})

    assert setpoint_of(book)[0] == setpoint


def test_a_single_limit_of_a_maker_is_a_lower_one_where_only_lower_ones_are_watched():
    health = """
    [rule.state_of_health]
    kind = "limit"
    quantities = ["soh_pct"]
    direction = "low"
    setpoint = { medium = 80.0 }
    """
    book = rulebook(health, {"lr-17": {"soh_pct": {"high": 75.0}}})

    assert setpoint_of(book) == ([75.0], "profile lr-17")


def mistakes_in(text, limits=NO_LIMITS):
    """Return what is wrong as {(file, key, value): allowed}."""
    with pytest.raises(ConfigError) as caught:
        rulebook(text, limits)
    return {(m.file, m.key, m.value): m.allowed for m in caught.value.mistakes}


def changed(old, new):
    return HOT.replace(old, new)


@pytest.mark.parametrize(
    ("text", "key", "value", "allowed"),
    [
        ("", "rule", "", "at least one table [rule.NAME]"),
        ("rule = 3", "rule", "3", "at least one table [rule.NAME]"),
        ("[rule]\nhot = 3", "rule.hot", "3", "a table"),
        (HOT + "[rules.x]", "rules", "", "unknown key; did you mean rule?"),
        (changed("module_temp", "Module-temp"), "rule.Module-temperature", "", "a name of a-z"),
        (changed("module_temperature", "rule_failed"), "rule.rule_failed", "", "other than"),
        (changed('"limit"', '"limits"'), "kind", '"limits"', "did you mean limit?"),
        (changed('"limit"', "[1]"), "kind", "", "unknown kind"),
        (changed("deadband", "dedband"), "dedband", "2.0", "did you mean deadband?"),
        (changed("2.0", "-2.0"), "deadband", "-2.0", "0 or more"),
        (changed("2.0", '"2 K"'), "deadband", '"2 K"', "a number"),
        (changed("2.0", "nan"), "deadband", "nan", "a finite number"),
        (changed("2.0", "true"), "deadband", "true", "a number"),
        (changed('"high"', '"up"'), "direction", '"up"', "one of 'high' or 'low'"),
        (changed("temperature_c", "temprature_c"), "quantities.1", '"temprature_c"', "mean temp"),
        (changed("temperature_c", "bms_alarm_bits"), "quantities.1", None, "not a set of bits"),
        (changed('["temperature_c"]', "[]"), "quantities", "", "one or more quantities"),
        (changed('"temperature_c"', '"temperature_c", "soc_pct"'), "quantities", "", "same unit"),
        (changed("medium", "mediun"), "setpoint.mediun", "40.0", "did you mean medium?"),
        (changed("40.0", "50.0"), "", "", "rises from low over medium and high to critical"),
        (changed("40.0", "60.0"), "", "", "rises from low over medium and high to critical"),
        (changed('"high"', '"low"'), "", "", "falls from low over medium and high to critical"),
        (changed("50.0", "500.0"), "", "", "temperature_c can reach: -40 to 150 °C"),
        (HOT + "on_delay_s = { medium = -1.0 }", "on_delay_s", "", "numbers of 0 or more"),
        (HOT + "off_delay_s = -60.0", "off_delay_s", "-60.0", "0 or more"),
        (HOT + 'scope = "house"', "scope", '"house"', "one of"),
        (HOT + "chemistry = 3", "chemistry", "3", "a table of tables"),
        (HOT + "site.daejeon = 3", "site.daejeon", "3", "a table"),
        (LFP.replace("LFP", "LFX"), "chemistry.LFX", "", "did you mean LFP?"),
        (LFP.replace("45.0", "99.0"), "chemistry.LFP", "", "rises from low"),
        (LFP + "deadbnd = 1.0", "chemistry.LFP.deadbnd", "1.0", "did you mean deadband?"),
        (LFP + 'direction = "low"', "chemistry.LFP.direction", '"low"', "only be said in [rule"),
        (LFP + 'kind = "silence"', "chemistry.LFP.kind", '"silence"', "only be said in [rule"),
        (BATTERY.replace("38.0", "-99.0") + HOT, "battery.rack-1", "", "can reach"),
    ],
)
def test_a_mistake_names_file_key_value_and_what_is_allowed(text, key, value, allowed):
    whole_key = key if key.startswith("rule") else f"rule.module_temperature.{key}".rstrip(".")

    found = mistakes_in(text)

    (said,) = [a for (_, k, v), a in found.items() if k == whole_key and value in (v, None)]
    assert allowed in said
    assert {file for file, _, _ in found} == {"rules.toml"}


def test_all_mistakes_are_found_in_one_go_and_each_is_said_once():
    found = mistakes_in(
        changed("2.0", "-2.0")
        + "[rule.module_temperature.site.daejeon]\noff_delay_s = -1.0\n"
        + "[rule.module_temperature.battery.rack-1]\nenabled = 1\n"
        + "[rule.other]\nkind = 'silence'\npolls = 1\n"
    )

    assert sorted(key for _, key, _ in found) == [
        "rule.module_temperature.battery.rack-1.enabled",
        "rule.module_temperature.deadband",
        "rule.module_temperature.site.daejeon.off_delay_s",
        "rule.other.after_s",
        "rule.other.polls",
    ]


def test_a_makers_limit_that_cannot_serve_names_the_profile():
    found = mistakes_in(HOT, {"lr-17": {"temperature_c": {"medium": 45.0, "critical": 500.0}}})

    assert list(found) == [("profile lr-17", "limits.temperature_c", "")]


def test_overrides_for_nobody_are_found_when_the_names_are_known():
    book = rulebook(HOT + PROFILE + SITE + BATTERY)

    known = book.unknown_names(profiles=["lr-17"], sites=["daejeon"], batteries=["rack-1"])
    found = book.unknown_names(profiles=["lr-71"], sites=["seoul"], batteries=["rack-7"])

    assert known == ()
    assert [mistake.key for mistake in found] == [
        "rule.module_temperature.profile.lr-17",
        "rule.module_temperature.site.daejeon",
        "rule.module_temperature.battery.rack-1",
    ]
    assert found[0].allowed == "unknown profile; did you mean lr-71? known: lr-71"


def test_the_digest_is_of_what_is_said_and_not_of_how():
    book = rulebook(HOT)
    commented = rulebook("# mine\n" + HOT.replace("deadband = 2.0", "deadband   =   2.0  # K"))

    assert book.sha256 == commented.sha256
    assert book.sha256 != rulebook(changed("2.0", "2.5")).sha256
    assert book.sha256 != rulebook(LFP).sha256
    assert book.sha256 != rulebook(HOT, MAKER).sha256


def test_auto_acknowledge_is_known_by_rule():
    book = rulebook(
        HOT + "auto_acknowledge = true\n" + "[rule.b]\nkind = 'silence'\npolls = 3\nafter_s = {}"
    )

    assert [book.auto_acknowledges(name) for name in ("module_temperature", "b", "gone")] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("chemistry", [None, *Chemistry])
def test_the_shipped_rules_have_an_action_and_a_setpoint_that_can_be_reached(chemistry):
    rules = shipped_rulebook().effective(Subject("rack-1", "daejeon", chemistry))

    assert len(rules) > 10
    assert all(rule.settings.action for rule in rules)


def test_the_shipped_rules_carry_the_documented_temperatures():
    def temperatures(chemistry):
        rules = shipped_rulebook().effective(Subject("rack-1", "daejeon", chemistry))
        (rule,) = [rule for rule in rules if rule.name == "module_temperature"]
        return limit_of(rule).setpoint.by_priority

    assert temperatures(Chemistry.NMC) == temperatures(None)
    assert temperatures(None) == {Priority.MEDIUM: 40.0, Priority.CRITICAL: 50.0}
    assert temperatures(Chemistry.LFP) == {Priority.MEDIUM: 45.0, Priority.CRITICAL: 55.0}
