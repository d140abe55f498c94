"""What a profile becomes for the rows that a device has."""

import pytest

from batteryd.devices.link import SnmpValue
from batteryd.devices.snmp_compiler import compile_snmp, rows_of_geometry, rows_of_table
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.domain.inventory import Geometry
from tests.snmp_devices import (
    CHARGE,
    STATUS,
    TEMPERATURES,
    make_profile,
    replace_flag,
    scalar,
    table,
)

UNKNOWN = Geometry()
KINDS = "1.3.6.1.4.1.59999.4.1.2"


def columns(profile: SnmpProfile, *rows: str, geometry: Geometry = UNKNOWN) -> dict[str, str]:
    """Return the columns of a profile of one table, with the OID that each is asked for by."""
    known = tuple(dict.fromkeys((*rows_of_geometry(profile, geometry)[0], *rows)))
    decoder = compile_snmp(profile, (known,))
    return dict(zip(map(str, decoder.layout.columns), decoder.oids, strict=True))


def test_a_row_is_numbered_by_its_index():
    assert columns(make_profile(table()), "1", "2", "5") == {
        "m01:temperature_c": f"{TEMPERATURES}.1",
        "m02:temperature_c": f"{TEMPERATURES}.2",
        "m05:temperature_c": f"{TEMPERATURES}.5",
    }


def test_a_device_may_count_from_zero():
    assert list(columns(make_profile(table(index_base=0)), "0", "1")) == [
        "m01:temperature_c",
        "m02:temperature_c",
    ]


def test_the_last_numbers_of_an_index_are_those_of_the_component():
    profile = make_profile(table(component="s{string}/m{module}"))

    assert list(columns(profile, "7.1.2", "7.2.1")) == [
        "s1/m02:temperature_c",
        "s2/m01:temperature_c",
    ]


def test_rows_with_odd_indices_are_numbered_as_they_come():
    profile = make_profile(table(component="t{sensor}", number_by="order"))

    assert columns(profile, "73778", "73902") == {
        "t1:temperature_c": f"{TEMPERATURES}.73778",
        "t2:temperature_c": f"{TEMPERATURES}.73902",
    }


@pytest.mark.parametrize("row", ["0", "73778", "1.0"])
def test_a_row_whose_index_is_no_number_of_a_module_is_left_out(row):
    assert list(columns(make_profile(table()), "1", row)) == ["m01:temperature_c"]


def test_without_a_level_the_first_row_that_fits_is_the_one():
    profile = make_profile(table(component="-", where={"oid": KINDS, "equals": [2]}))

    assert columns(profile, "4", "9") == {"-:temperature_c": f"{TEMPERATURES}.4"}


def test_a_geometry_says_which_rows_there_must_be():
    profile = make_profile(table(component="s{string}/m{module}", index_base=0))
    rack = Geometry(string_count=1, module_count_per_string=2)

    assert columns(profile, "0.5", geometry=rack) == {
        "s1/m01:temperature_c": f"{TEMPERATURES}.0.0",
        "s1/m02:temperature_c": f"{TEMPERATURES}.0.1",
        "s1/m06:temperature_c": f"{TEMPERATURES}.0.5",
    }


@pytest.mark.parametrize("said", [{"number_by": "order"}, {"where": {"oid": KINDS, "equals": [2]}}])
def test_a_geometry_does_not_know_which_rows_are_picked(said):
    rows = rows_of_geometry(make_profile(table(**said)), Geometry(module_count_per_string=2))

    assert rows == ((),)


@pytest.mark.parametrize(
    ("equals", "rows"),
    [([2], ("1", "3")), (["battery"], ("2",)), (["1.3.6.1.4.1.7"], ("4",)), ([9], ())],
)
def test_rows_are_picked_by_a_number_a_text_or_an_oid(equals, rows):
    point = make_profile(table(where={"oid": KINDS, "equals": equals})).points[0]
    column = {f"{TEMPERATURES}.{row}": 245 for row in range(1, 6)}
    kinds: dict[str, SnmpValue] = {"1": 2, "2": b"battery\0", "3": 2, "4": "1.3.6.1.4.1.7"}

    found = rows_of_table(
        point, column=column, selector={f"{KINDS}.{row}": kind for row, kind in kinds.items()}
    )

    assert found == rows


def test_everything_that_a_poll_needs_is_asked_for_once():
    profile = make_profile(
        scalar(contradicted_when={"raw": [0], "oid": STATUS, "equals": [2]}),
        scalar("battery_status", oid=STATUS),
        scalar("voltage_v", only_when={"oid": STATUS, "equals": [2]}, oid=CHARGE),
        replace_flag(),
    )

    decoder = compile_snmp(profile, rows_of_geometry(profile, UNKNOWN))

    assert decoder.oids == (CHARGE, STATUS, "1.3.6.1.2.1.33.1.6.1.0")


def test_alternatives_share_a_column():
    profile = make_profile(scalar(), scalar(oid=STATUS), scalar("voltage_v"))

    decoder = compile_snmp(profile, rows_of_geometry(profile, UNKNOWN))

    assert list(map(str, decoder.layout.columns)) == ["-:soc_pct", "-:voltage_v"]


def test_devices_with_the_same_rows_share_a_layout():
    profile, same = make_profile(table()), make_profile(table())

    assert compile_snmp(profile, (("1",),)) is compile_snmp(same, (("1",),))


def test_a_profile_may_say_where_in_an_index_the_numbers_are():
    profile = make_profile(
        table(component="s{string}/m{module}", level_at={"string": 1, "module": -1})
    )

    assert list(columns(profile, "1.2", "2.9.3", "3")) == [
        "s1/m02:temperature_c",
        "s2/m03:temperature_c",
        "s3/m03:temperature_c",
    ]


def test_an_index_that_is_too_short_is_left_out():
    profile = make_profile(table(component="m{module}", level_at={"module": 3}))

    assert columns(profile, "1.2") == {}
