"""What an agent's answer becomes: numbers where there are any, and why not where there are none."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.devices.link import SnmpValue
from batteryd.devices.snmp_compiler import compile_snmp, rows_of_geometry
from batteryd.devices.snmp_decode import SnmpDecoder
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.domain.inventory import Geometry
from batteryd.domain.quality import BAD_FROM, Quality
from tests.snmp_devices import make_profile, scalar

STATUS, VOLTAGE, CURRENT, OLD, OTHER = (f"1.3.6.1.4.1.59999.{n}.0" for n in range(1, 6))


def snmp_profile(*points: dict[str, Any], **said: Any) -> SnmpProfile:
    """Return a profile of these points, which are voltages unless they say otherwise."""
    return make_profile(*(scalar("voltage_v") | point for point in points), **said)


def compiled(profile: SnmpProfile) -> SnmpDecoder:
    return compile_snmp(profile, rows_of_geometry(profile, Geometry()))


def decoded(
    profile: SnmpProfile, answer: Mapping[str, SnmpValue]
) -> list[tuple[float | None, Quality]]:
    values, quality = compiled(profile).decode(answer).reading
    return [
        (None if math.isnan(value) else float(value), Quality(code))
        for value, code in zip(values, quality, strict=True)
    ]


def test_numbers_are_scaled_exactly():
    profile = snmp_profile(
        {"oid": VOLTAGE, "scale": 0.1},
        {"oid": OTHER, "quantity": "temperature_c", "scale": 0.1, "offset": -40},
    )

    assert decoded(profile, {VOLTAGE: 542, OTHER: 765}) == [
        (54.2, Quality.GOOD),
        (36.5, Quality.GOOD),
    ]


@pytest.mark.parametrize(("positive_while", "current"), [("charging", -2.1), ("discharging", 2.1)])
def test_current_is_positive_while_charging(positive_while, current):
    profile = snmp_profile(
        {"oid": CURRENT, "quantity": "current_a", "scale": 0.1},
        current_positive_while=positive_while,
    )

    assert decoded(profile, {CURRENT: -21}) == [(current, Quality.GOOD)]


@pytest.mark.parametrize(
    ("raw", "quality"),
    [
        (0, Quality.GOOD),
        (None, Quality.MISSING),
        (-1, Quality.SENTINEL),
        (65535, Quality.SENTINEL),
        (2147483647, Quality.SENTINEL),
        (-2147483648, Quality.SENTINEL),
        (4294967295, Quality.SENTINEL),
        (2_000_000_000, Quality.IMPLAUSIBLE),
        (10**400, Quality.UNDECODABLE),
        (math.inf, Quality.IMPLAUSIBLE),
        (math.nan, Quality.NOT_IMPLEMENTED),
        (b"45", Quality.UNDECODABLE),
        (b"54.2 V", Quality.UNDECODABLE),
        (b"", Quality.NOT_IMPLEMENTED),
        (b"  ", Quality.NOT_IMPLEMENTED),
        (b"\xff\x00", Quality.UNDECODABLE),
        ("1.3.6.1.4.1", Quality.UNDECODABLE),
        ("10.0.5.20", Quality.UNDECODABLE),
    ],
)
def test_what_is_no_value_says_why_and_costs_only_itself(raw, quality):
    profile = snmp_profile(
        {"oid": VOLTAGE, "sentinels": [-1, 65535]},
        {"oid": STATUS, "quantity": "battery_status"},
    )
    answer = {STATUS: 2} if raw is None else {STATUS: 2, VOLTAGE: raw}

    wrong, neighbour = decoded(profile, answer)

    assert wrong == (None if quality is not Quality.GOOD else 0.0, quality)
    assert neighbour == (2.0, Quality.GOOD)


def test_what_older_hardware_has_not_got_is_not_implemented():
    profile = snmp_profile(
        {"oid": VOLTAGE, "optional": True}, {"oid": STATUS, "quantity": "soc_pct"}
    )

    assert decoded(profile, {STATUS: 90})[0] == (None, Quality.NOT_IMPLEMENTED)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"54.2", 54.2),
        (b"54.2 V", 54.2),
        (b" 54.2VDC\0", 54.2),
        (b"+54", 54.0),
        (540, 540.0),
        (b"54,2", None),
        (b"54.2.1", None),
        (b"V 54.2", None),
        (b"54 V 3", None),
        (b"1e3", None),
        (b"nan", None),
        (b"0x36", None),
    ],
)
def test_a_number_in_text_is_read_where_the_profile_says_so(raw, value):
    profile = snmp_profile({"oid": VOLTAGE, "text": True})

    quality = Quality.UNDECODABLE if value is None else Quality.GOOD
    assert decoded(profile, {VOLTAGE: raw}) == [(value, quality)]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (1, (0.0, Quality.GOOD)),
        (2, (1.0, Quality.GOOD)),
        (7, (None, Quality.UNDECODABLE)),
        (b"2", (None, Quality.UNDECODABLE)),
        (None, (None, Quality.MISSING)),
    ],
)
def test_an_enumeration_translates_what_it_knows(raw, expected):
    profile = snmp_profile(
        {"oid": STATUS, "quantity": "replace_indicator", "enumeration": {1: 0, 2: 1}}
    )

    assert decoded(profile, {} if raw is None else {STATUS: raw}) == [expected]


@pytest.mark.parametrize(
    ("answer", "expected", "winner"),
    [
        ({VOLTAGE: 271, OLD: 27}, (27.1, Quality.GOOD), 0),
        ({OLD: 27}, (27.0, Quality.GOOD), 1),
        ({VOLTAGE: -1, OLD: 27}, (27.0, Quality.GOOD), 1),
        ({VOLTAGE: -1, OLD: 65535}, (None, Quality.SENTINEL), 0),
        ({OLD: 60000}, (None, Quality.IMPLAUSIBLE), 1),
        ({OLD: 65535}, (None, Quality.SENTINEL), 1),
        ({}, (None, Quality.MISSING), 0),
        ({VOLTAGE: b"?", OLD: b"?"}, (None, Quality.UNDECODABLE), 0),
    ],
)
def test_the_first_good_alternative_wins_and_a_reason_before_none(answer, expected, winner):
    profile = snmp_profile(
        {"oid": VOLTAGE, "scale": 0.1, "sentinels": [-1], "source": "precise"},
        {"oid": OLD, "source": "coarse"},
    )

    assert decoded(profile, answer) == [expected]
    assert list(compiled(profile).decode(answer).winners) == [winner]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({VOLTAGE: 30, OTHER: 4}, (None, Quality.NOT_IMPLEMENTED)),
        ({VOLTAGE: 30, OTHER: 1}, (30.0, Quality.GOOD)),
        ({VOLTAGE: 30, OTHER: b"on"}, (30.0, Quality.GOOD)),
        ({VOLTAGE: 30}, (None, Quality.NOT_IMPLEMENTED)),
    ],
)
def test_a_value_counts_only_while_its_condition_holds(answer, expected):
    profile = snmp_profile({"oid": VOLTAGE, "only_when": {"oid": OTHER, "equals": [1, 2, "on"]}})

    assert decoded(profile, answer) == [expected]


@pytest.mark.parametrize(
    ("runtime", "status", "expected"),
    [
        (0, 2, (0.0, Quality.CONTRADICTED)),
        (0, 4, (0.0, Quality.GOOD)),
        (0, None, (0.0, Quality.GOOD)),
        (5, 2, (300.0, Quality.GOOD)),
        (-1, 2, (None, Quality.IMPLAUSIBLE)),
    ],
)
def test_a_contradicted_number_is_shown_but_uncertain(runtime, status, expected):
    profile = snmp_profile(
        {
            "oid": VOLTAGE,
            "quantity": "runtime_remaining_s",
            "scale": 60,
            "contradicted_when": {"raw": [0], "oid": STATUS, "equals": [2]},
        }
    )
    answer = {VOLTAGE: runtime} | ({} if status is None else {STATUS: status})

    assert decoded(profile, answer) == [expected]


ANSWERS = st.dictionaries(
    st.sampled_from([STATUS, VOLTAGE, CURRENT, OLD, OTHER]),
    st.one_of(
        st.integers(),
        st.integers(-2, 300),
        st.floats(),
        st.binary(max_size=20),
        st.text(max_size=8),
    ),
)


@given(ANSWERS)
def test_any_answer_gives_numbers_where_quality_says_so_and_none_elsewhere(answer):
    profile = snmp_profile(
        {"oid": VOLTAGE, "scale": 0.1, "sentinels": [0]},
        {"oid": OLD},
        {"oid": CURRENT, "quantity": "current_a", "text": True},
        {"oid": STATUS, "quantity": "battery_status", "enumeration": {3: 2}},
        {"oid": OTHER, "quantity": "soc_pct", "only_when": {"oid": STATUS, "equals": [3]}},
    )

    values, quality = compiled(profile).decode(answer).reading

    assert np.array_equal(np.isnan(values), quality >= BAD_FROM)
    assert np.isfinite(values[quality < BAD_FROM]).all()


BITS = b"0010000000000001"


@pytest.mark.parametrize(
    ("said", "characters", "expected"),
    [
        (BITS, [2], (1.0, Quality.GOOD)),
        (BITS, [0, 1, 15], (1.0, Quality.GOOD)),
        (BITS, [0, 1], (0.0, Quality.GOOD)),
        (b"", [0], (None, Quality.NOT_IMPLEMENTED)),
        (None, [0], (None, Quality.MISSING)),
        (b"00", [2], (None, Quality.UNDECODABLE)),
        (b"0X1", [0], (None, Quality.UNDECODABLE)),
    ],
)
def test_a_flag_may_be_a_character_of_a_text(said, characters, expected):
    profile = snmp_profile(
        {"oid": STATUS, "quantity": "replace_indicator", "text_bits": characters}
    )

    assert decoded(profile, {} if said is None else {STATUS: said}) == [expected]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (4294967253, (-4.3, Quality.GOOD)),
        (215, (21.5, Quality.GOOD)),
        (4294967295, (None, Quality.SENTINEL)),
        (2**31, (None, Quality.IMPLAUSIBLE)),
    ],
)
def test_an_unsigned_number_may_carry_a_negative_one(raw, expected):
    profile = snmp_profile(
        {"oid": OTHER, "quantity": "temperature_c", "scale": 0.1, "signed": True}
    )

    assert decoded(profile, {OTHER: raw}) == [expected]


@pytest.mark.parametrize(
    ("answer", "expected", "winner"),
    [
        ({STATUS: 0, OTHER: 1}, (1.0, Quality.GOOD), 1),
        ({STATUS: 1, OTHER: 0}, (1.0, Quality.GOOD), 0),
        ({STATUS: 0, OTHER: 0}, (0.0, Quality.GOOD), 0),
        ({STATUS: 7, OTHER: 0}, (0.0, Quality.GOOD), 1),
    ],
)
def test_one_raised_flag_of_several_is_enough(answer, expected, winner):
    profile = snmp_profile(
        {"oid": STATUS, "quantity": "replace_indicator"},
        {"oid": OTHER, "quantity": "replace_indicator"},
    )

    assert decoded(profile, answer) == [expected]
    assert compiled(profile).decode(answer).winners.tolist() == [winner]


@pytest.mark.parametrize(
    ("kind", "is_there"), [(1, True), (4, False), (b"none", False), (None, False)]
)
def test_a_condition_may_say_what_must_not_be(kind, is_there):
    point = {"oid": VOLTAGE, "only_when": {"oid": STATUS, "unlike": [4, "none"]}}
    answer = {VOLTAGE: 54} | ({} if kind is None else {STATUS: kind})

    ((value, _),) = decoded(snmp_profile(point), answer)

    assert (value == 54) is is_there
