"""A profile takes from others what it does not know itself."""

from datetime import date
from typing import Any

import pytest

from batteryd.devices.link import SnmpValue
from batteryd.devices.profile import parse_profiles
from batteryd.devices.snmp_compiler import compile_snmp, rows_of_geometry
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.domain.inventory import Geometry
from batteryd.errors import ConfigError
from tests.modbus_maps import profile_data as modbus_data
from tests.snmp_devices import CHARGE, STATUS, profile_data, scalar

STANDARD_CHARGE = "1.3.6.1.2.1.33.1.2.4.0"
STANDARD_CURRENT = "1.3.6.1.2.1.33.1.2.6.0"
SERIAL, STANDARD_SERIAL = "1.3.6.1.4.1.59999.1.9.0", "1.3.6.1.2.1.33.1.1.9.0"


def family(*profiles: dict[str, Any]) -> dict[str, SnmpProfile]:
    parsed = parse_profiles({f"{data['name']}.toml": data for data in profiles})
    return {name: profile for name, profile in parsed.items() if isinstance(profile, SnmpProfile)}


def standard(**said: Any) -> dict[str, Any]:
    points = [
        scalar(oid=STANDARD_CHARGE),
        scalar("current_a", oid=STANDARD_CURRENT, scale=0.1, sentinels=[-1]),
    ]
    return profile_data(*points, name="standard", **said)


def maker(*points: dict[str, Any], **said: Any) -> dict[str, Any]:
    data = profile_data(name="maker", extends=["standard"], **said)
    return data | {"points": list(points)}


def read(profile: SnmpProfile, answer: dict[str, SnmpValue]) -> dict[str, float]:
    decoder = compile_snmp(profile, rows_of_geometry(profile, Geometry()))
    values = decoder.decode(answer).reading.values.tolist()
    return dict(zip((column.quantity for column in decoder.layout.columns), values, strict=True))


def test_what_the_maker_says_comes_first_and_the_standard_fills_the_gaps():
    card = family(standard(), maker(scalar(oid=CHARGE)))["maker"]

    assert read(card, {CHARGE: 97, STANDARD_CHARGE: 90, STANDARD_CURRENT: 12}) == {
        "soc_pct": 97, "current_a": 1.2
    }  # fmt: skip
    assert read(card, {STANDARD_CHARGE: 90, STANDARD_CURRENT: 0})["soc_pct"] == 90


def test_a_point_that_a_profile_has_itself_replaces_the_one_it_would_take_over():
    corrected = scalar("current_a", oid=STANDARD_CURRENT, scale=0.01)

    card = family(standard(), maker(corrected))["maker"]

    assert read(card, {STANDARD_CURRENT: 1234})["current_a"] == 12.34
    assert [p.oid for p in card.points] == [STANDARD_CURRENT, STANDARD_CHARGE]


def test_nothing_that_was_taken_over_has_to_be_there():
    card = family(standard(), maker(scalar(oid=CHARGE)))["maker"]

    assert [point.optional for point in card.points] == [False, True, True]


@pytest.mark.parametrize(
    ("own", "expected"), [("charging", 1.2), ("discharging", 1.2), (None, 1.2)]
)
def test_the_sign_of_a_current_stays_that_of_the_profile_it_comes_from(own, expected):
    card = family(standard(), maker(scalar(oid=CHARGE), current_positive_while=own))["maker"]

    assert read(card, {STANDARD_CURRENT: 12})["current_a"] == expected
    assert read(card, {STANDARD_CURRENT: -120})["current_a"] == -12.0


def test_the_maker_is_asked_first_who_the_device_is_and_how_it_writes_dates():
    base = standard(
        nameplate={"serial": [STANDARD_SERIAL], "model": [STATUS]},
        date_formats=["%Y-%m-%d", "DateAndTime"],
        unset_dates=[date(2001, 1, 1)],
    )
    own = maker(nameplate={"serial": [SERIAL]}, date_formats=["%m/%d/%Y", "%Y-%m-%d"])

    card = family(base, own)["maker"]

    assert card.nameplate.oids["serial"] == (SERIAL, STANDARD_SERIAL)
    assert card.nameplate.oids["model"] == (STATUS,)
    assert card.date_formats == ("%m/%d/%Y", "%Y-%m-%d", "DateAndTime")
    assert card.unset_dates == (date(2001, 1, 1),)


def test_how_a_device_is_recognised_is_never_taken_over():
    base = standard(match={"generic": True, "answers": [STANDARD_CHARGE]})

    card = family(base, maker(scalar(), match={"sys_object_id": ["1.3.6.1.4.1.59999"]}))["maker"]

    assert not card.match.generic
    assert card.match.answers == ()


def test_families_may_be_deep():
    model = profile_data(name="model", extends=["maker"]) | {"points": []}

    found = family(standard(), maker(scalar(oid=CHARGE)), model)["model"]

    assert [point.oid for point in found.points] == [CHARGE, STANDARD_CHARGE, STANDARD_CURRENT]


@pytest.mark.parametrize(
    ("others", "allowed"),
    [
        ([profile_data(name="standart")], "did you mean standart?"),
        ([modbus_data(name="standard")], "a profile of an SNMP device"),
        ([standard(extends=["maker"])], "does not extend this one"),
    ],
)
def test_a_profile_that_cannot_be_extended_is_named(others, allowed):
    with pytest.raises(ConfigError) as caught:
        family(maker(scalar()), *others)

    (mistake,) = caught.value.mistakes
    assert (mistake.key, allowed in mistake.allowed) == ("extends.1", True)


def test_what_is_wrong_with_a_base_is_told_of_its_own_file_only():
    base = standard(extends=["standard", "nobody"])

    with pytest.raises(ConfigError) as caught:
        family(maker(scalar()), base)

    assert [(m.file, m.key) for m in caught.value.mistakes] == [
        ("standard.toml", "extends.1"),
        ("standard.toml", "extends.2"),
    ]


def test_one_name_needs_no_list_and_what_is_not_trusted_is_left_out():
    base = profile_data(
        scalar(oid=STANDARD_CHARGE, source="upsEstimatedChargeRemaining"),
        scalar("voltage_v", oid=STATUS, source="upsBatteryVoltage"),
        name="standard",
    )
    own = maker(without=["upsBatteryVoltage"]) | {"extends": "standard"}

    card = family(base, own)["maker"]

    assert [point.source for point in card.points] == ["upsEstimatedChargeRemaining"]


def test_what_is_left_out_must_have_been_there():
    with pytest.raises(ConfigError, match=r"without\.1.*did you mean as tested"):
        family(standard(), maker(scalar(), without=["as testet"]))
