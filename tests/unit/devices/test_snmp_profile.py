import tomllib
from pathlib import Path
from typing import Any

import pytest

from batteryd.devices.profile import parse_profile
from batteryd.errors import ConfigError
from tests.snmp_devices import ALARM_COUNT, CHARGE, STATUS, make_profile, profile_data, scalar

UPS_MIB = Path(__file__).parents[3] / "config" / "profiles" / "ups-mib.toml"
LISTED = {"any_of": ["1.3.6.1.2.1.33.1.6.3.1"], "count": ALARM_COUNT}


@pytest.mark.parametrize(
    ("wrong", "key", "allowed"),
    [
        (scalar(oid=".1.3.6.1"), "points.1.oid", "numbers with dots"),
        (scalar(oid="upsBatteryStatus.0"), "points.1.oid", "numbers with dots"),
        (scalar(oid="1.3.6.1.4294967296"), "points.1.oid", "numbers with dots"),
        (scalar(oid="1.3.06"), "points.1.oid", "numbers with dots"),
        (scalar(index_base=2), "points.1.index_base", "1 or less"),
        (scalar(number_by="name"), "points.1.number_by", "one of"),
        (scalar(where={"oid": STATUS, "equals": []}), "points.1.where.equals", "1 or more entries"),
        (scalar("soc_pct", listed=LISTED), "points.1", "0 or 1 beside listed"),
        (scalar("gas_alarm", listed=LISTED, text=True), "points.1", "beside listed"),
        (scalar("gas_alarm", listed=LISTED, scale=2.0), "points.1", "beside listed"),
        (scalar("gas_alarm", listed=LISTED, component="m{module}"), "points.1", "beside listed"),
        (scalar(where={"oid": STATUS}), "points.1.where", "either equals or unlike"),
        (scalar("soc_pct", text_bits=[1]), "points.1", "0 or 1 beside text_bits"),
        (scalar("gas_alarm", text_bits=[1], scale=2.0), "points.1", "beside text_bits"),
        (scalar("gas_alarm", text_bits=[]), "points.1.text_bits", "1 or more entries"),
        (scalar(component="m{module}", level_at={"string": 1}), "points.1", "level_at with"),
        (scalar(component="m{module}", level_at={"module": 0}), "points.1", "level_at with"),
        (scalar(component="m{module}", level_at={"module": 1}, number_by="order"), "points.1",
         "no level_at"),
        (scalar(table=True), "points.1.table", "unknown key"),
    ],
)  # fmt: skip
def test_a_point_that_cannot_be_read_is_refused(
    wrong: dict[str, Any], key: str, allowed: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_profile(profile_data(wrong), file="tested.toml")

    (mistake,) = caught.value.mistakes
    assert mistake.key == key
    assert allowed in mistake.allowed


@pytest.mark.parametrize(
    "wrong", ["%d.%m.", "%H:%M %Y-%m-%d", "%", "yesterday"], ids=lambda text: f"[{text}]"
)
def test_a_date_format_that_names_no_day_of_a_year_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_profile(date_formats=["%m/%d/%Y", wrong])

    assert [m.key for m in caught.value.mistakes] == ["date_formats.2"]


def test_a_profile_that_reads_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="extends: a profile to take points from"):
        parse_profile(profile_data(points=[]), file="tested.toml")


def test_a_quantity_may_have_several_objects_to_come_from() -> None:
    profile = make_profile(scalar(oid=STATUS), scalar(oid=CHARGE))

    assert [point.oid for point in profile.points] == [STATUS, CHARGE]


def test_current_needs_a_direction_here_as_everywhere() -> None:
    with pytest.raises(ConfigError, match="current_positive_while"):
        make_profile(scalar("current_a"), current_positive_while=None)


def test_a_profile_has_tables_where_rows_must_be_found() -> None:
    assert not make_profile(scalar()).has_tables
    assert make_profile(scalar(component="m{module}")).has_tables
    assert make_profile(scalar(where={"oid": STATUS, "equals": ["internal"]})).has_tables


def test_the_standard_profile_of_a_ups_is_valid_and_tried_last() -> None:
    profile = parse_profile(tomllib.loads(UPS_MIB.read_text()), file=UPS_MIB.name)

    assert (profile.name, profile.protocol) == (UPS_MIB.stem, "snmp")
    assert profile.match.model_dump()["generic"]
