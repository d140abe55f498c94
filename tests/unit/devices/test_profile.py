from typing import Any

import pytest

from batteryd.devices.profile import parse_profile
from batteryd.devices.profile_base import GeometryDefaults, Match
from batteryd.domain.inventory import Geometry
from batteryd.domain.nameplate import Nameplate
from batteryd.errors import ConfigError
from tests.modbus_maps import make_profile, point, profile_data

CELLS = "s{string}/m{module}/c{cell}"


def mistakes(data: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        parse_profile(data, file="profiles/tested.toml")
    assert {m.file for m in caught.value.mistakes} == {"profiles/tested.toml"}
    return {m.key: m.allowed for m in caught.value.mistakes}


def test_every_mistake_of_a_profile_is_told_at_once() -> None:
    data = profile_data(
        point("state_of_charge", scale=0),
        point(adress=1, plausible={"min": 20, "maximum": 90}),
        poll_interval_s=0,
    )

    found = mistakes(data)

    assert set(found) == {
        "poll_interval_s",
        "points.1.quantity",
        "points.1.scale",
        "points.2.adress",
        "points.2.plausible.maximum",
    }
    assert "did you mean address?" in found["points.2.adress"]


@pytest.mark.parametrize("protocol", [None, "bacnet", 3, ["modbus"]])
def test_a_protocol_that_nobody_speaks_is_refused(protocol: object) -> None:
    data = profile_data() | {"protocol": protocol}

    assert mistakes(data) == {"protocol": "one of modbus, snmp"}


@pytest.mark.parametrize(
    ("wrong", "key", "allowed"),
    [
        (point(component="rack1"), "points.1.component", "a component such as"),
        (point(component="s{rack}"), "points.1.component", "a component such as"),
        (point(component="s{string}"), "points.1", "stride with exactly the levels"),
        (point(stride={"cell": 1}), "points.1", "stride with exactly the levels"),
        (point(stride={"cell": 0}), "points.1.stride.cell", "1 or more"),
        (point(plausible={"max": 101}), "points.1", "both within 0 to 100 %"),
        (point(plausible={"min": 60, "max": 40}), "points.1", "plausible.min <= plausible.max"),
        (point(scale=0.0), "points.1.scale", "other than 0"),
        (point(scale=float("nan")), "points.1.scale", "finite"),
        (point(enumeration={"1": 2}, scale=0.1), "points.1", "no scale and no offset"),
        (point(enumeration={}), "points.1.enumeration", "1 or more entries"),
        (point(address=0x10000), "points.1.address", "65535 or less"),
        (point(function=6), "points.1.function", "one of 1, 2, 3 or 4"),
        (point(function=1), "points.1", 'type = "bit"'),
        (point("door_open", function=2, type="bit", scale_register={"address": 1}),
         "points.1", "no scale_register"),
        (point("door_open", type="bit", bit=16), "points.1", "bit from 0 to 15"),
        (point("bms_alarm_bits", type="bits", bit_count=25), "points.1.bit_count", "24 or less"),
        (point("bms_alarm_bits", type="bits", bit=16, bit_count=24), "points.1", "up to 32"),
        (point(scale_register={"address": 9, "stride": {"cell": 1}}), "points.1", "of stride only"),
        (point(source=""), "points.1.source", "not empty"),
    ],
)  # fmt: skip
def test_a_point_that_cannot_be_decoded_is_refused(
    wrong: dict[str, Any], key: str, allowed: str
) -> None:
    found = mistakes(profile_data(wrong))

    assert list(found) == [key]
    assert allowed in found[key]


@pytest.mark.parametrize(
    ("said", "key", "allowed"),
    [
        ({"name": "Lithium Rack"}, "name", "a text that matches"),
        ({"limits": {"heat": {"high": 50}}}, "limits.heat", "a quantity of"),
        ({"limits": {"temperature_c": {}}}, "limits.temperature_c", "at least one of"),
        ({"limits": {"temperature_c": {"medium": 50, "high": 45, "critical": 55}}},
         "limits.temperature_c", "all rising or falling"),
        ({"match": {"model": "LR-["}}, "match.model", "a regular expression"),
        ({"register_count_max": 126}, "register_count_max", "125 or less"),
        ({"blocks": [{"address": 0, "count": 126, "whole": True}]}, "blocks", "at most 125"),
        ({"blocks": [{"address": 10, "count": 5}]}, "points", "lies in no block"),
        ({"nameplate": {"serial": {"source": "S/N", "address": 1}}}, "nameplate.serial", "length"),
        ({"sentinels_by_type": {"uint24": [1]}}, "sentinels_by_type.uint24", "one of"),
    ],
)  # fmt: skip
def test_a_profile_that_cannot_be_read_is_refused(
    said: dict[str, Any], key: str, allowed: str
) -> None:
    found = mistakes(profile_data(**said))

    assert list(found) == [key]
    assert allowed in found[key]


def test_a_quantity_stands_once_for_a_component() -> None:
    found = mistakes(profile_data(point(), point(address=7)))

    assert found == {"points": "one point only for -:soc_pct"}


def test_two_templates_that_meet_in_one_component_are_refused() -> None:
    rack = point("voltage_v", component="s{string}", stride={"string": 100})
    first_rack = point("voltage_v", component="s1", address=7)

    assert "column s1:voltage_v stands twice" in mistakes(profile_data(rack, first_rack))["points"]


@pytest.mark.parametrize("quantity", ["current_a", "power_w"])
def test_a_profile_with_a_signed_quantity_says_what_positive_means(quantity: str) -> None:
    data = profile_data(point(quantity))
    del data["current_positive_while"]

    assert "current_positive_while = charging or discharging" in mistakes(data)["points"]


def test_registers_beyond_the_last_address_are_refused_when_the_profile_is_loaded() -> None:
    cells = point("cell_voltage_v", address=0xFFF0, component="c{cell}", stride={"cell": 1})

    found = mistakes(profile_data(cells, geometry={"cell_count_per_module": 17}))

    assert "beyond 0xffff" in found["points"]


def test_the_register_overrides_what_is_usual_for_a_family() -> None:
    usual = GeometryDefaults(module_count_per_string=17, cell_count_per_module=14)

    merged = usual.under(Geometry(string_count=2, module_count_per_string=16))

    assert merged == Geometry(2, 16, 14, None)


def test_a_point_without_sentinels_of_its_own_has_those_of_its_type() -> None:
    profile = make_profile(
        point("soc_pct"),
        point("soh_pct", address=1, sentinels=[250]),
        point("cycle_count", address=2, sentinels=[]),
        point("current_a", address=3, type="int16"),
        sentinels_by_type={"uint16": [0xFFFF, 0xFFFE]},
    )

    assert [profile.sentinels_of(p) for p in profile.points] == [(0xFFFF, 0xFFFE), (250,), (), ()]


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        (Match(), True),
        (Match(manufacturer="^Hanbit"), True),
        (Match(manufacturer="^Hanbit", model="^LR-3"), True),
        (Match(model="^LR-4"), False),
        (Match(manufacturer="Other"), False),
    ],
)
def test_a_device_is_recognised_by_what_it_says_of_itself(match: Match, *, fits: bool) -> None:
    assert match.fits(Nameplate(manufacturer="Hanbit Energy", model="LR-314")) is fits


def test_a_device_that_says_nothing_matches_no_pattern() -> None:
    assert not Match(manufacturer="Hanbit").fits(Nameplate())


def test_profiles_that_say_the_same_are_compiled_once() -> None:
    one, same, other = make_profile(), make_profile(), make_profile(title="Another battery")

    assert hash(one) == hash(same)
    assert one == same
    assert one.digest != other.digest


@pytest.mark.parametrize(
    "points",
    [
        (point("voltage_v", type="uint32"), point("current_a", address=1, type="int16")),
        (point("soc_pct", address=7), point("soh_pct", address=7)),
        (point("soc_pct", address=7), point("current_a", address=7, type="int16")),
        (point("power_w", type="int32"), point("voltage_v"), point("soh_pct", address=1)),
        (point("cell_voltage_v", component="c{cell}", stride={"cell": 1}, type="uint32"),),
    ],
)
def test_points_that_stand_in_each_other_s_registers_are_refused(points) -> None:
    data = profile_data(*points, geometry={"cell_count_per_module": 2})

    assert "share registers" in mistakes(data)["points"]


def test_a_number_that_two_enumerations_translate_may_be_shared_and_so_may_bits() -> None:
    state = {"address": 9, "enumeration": {0: 1, 1: 2}}
    make_profile(
        point("battery_status", **state),
        point("output_source", **state),
        point("bms_alarm_bits", address=12),
        point("door_open", address=12, type="bit", bit=3),
        point("voltage_v", address=9, function=4),
    )


def test_a_value_that_no_request_can_fetch_is_refused() -> None:
    data = profile_data(point("power_w", type="int32"), register_count_max=1)

    assert "more than one request may read (1)" in mistakes(data)["points"]
