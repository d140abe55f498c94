"""Reserved numbers in disguise, and honest numbers that look a little like them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.devices.quality_reserved import DISGUISES, disguises_of
from batteryd.devices.snmp_compiler import compile_snmp, rows_of_geometry
from batteryd.domain.inventory import Geometry
from batteryd.domain.quality import Quality
from batteryd.domain.quantity import QUANTITIES
from tests.snmp_devices import CHARGE, STATUS, make_profile, scalar


def decoded(quantity: str, raw: float, **said) -> tuple[float | None, Quality]:
    profile = make_profile(scalar(quantity, **said))
    decoder = compile_snmp(profile, rows_of_geometry(profile, Geometry()))
    (value,), (quality,) = decoder.decode({CHARGE: raw}).reading
    return (None if math.isnan(value) else value), Quality(quality)


@pytest.mark.parametrize(
    ("quantity", "raw", "scale"),
    [
        ("runtime_remaining_s", 1092, 60),  # 65535 s, divided on the card
        ("runtime_remaining_s", 65535, 1),
        ("runtime_remaining_s", 6553500, 0.01),  # TimeTicks
        ("runtime_remaining_s", 65535, 6),  # tenths of a minute
        ("runtime_remaining_s", 9999, 60),
        ("time_on_battery_s", 1092, 60),
        ("current_a", 65535, 0.1),
        ("current_a", 65535, 0.01),
        ("current_a", -32768, 0.1),
        ("current_a", 32767, 0.01),
        ("voltage_v", 65535, 0.01),
        ("voltage_v", 65535, 0.001),
        ("power_w", 65535, 100),  # tenths of a kilowatt
        ("capacity_ah", 65535, 0.1),
        ("cycle_count", 65535, 1),
    ],
)
def test_a_reserved_number_is_known_after_whatever_was_done_to_it(quantity, raw, scale):
    assert decoded(quantity, raw, scale=scale) == (None, Quality.SENTINEL)


@pytest.mark.parametrize(
    ("quantity", "raw", "scale"),
    [
        ("runtime_remaining_s", 71582788, 60),  # 2^32 s in minutes
        ("runtime_remaining_s", 65535, 60),
        ("temperature_c", 65535, 0.1),
        ("load_pct", 65535, 0.1),
        ("soc_pct", 255, 1),
        ("voltage_v", 4294967295, 0.1),
    ],
)
def test_one_that_no_battery_could_show_is_bad_anyway(quantity, raw, scale):
    assert decoded(quantity, raw, scale=scale)[0] is None


@pytest.mark.parametrize(
    ("quantity", "raw", "scale", "expected"),
    [
        ("runtime_remaining_s", 1091, 60, 65460),
        ("runtime_remaining_s", 1093, 60, 65580),
        ("runtime_remaining_s", 546, 60, 32760),  # of an idle UPS, to the minute
        ("runtime_remaining_s", 12000, 60, 720000),  # of a DC plant
        ("current_a", -1, 0.1, -0.1),
        ("temperature_c", 0, 1, 0),
        ("temperature_c", 127, 1, 127),
        ("voltage_v", 32767, 0.01, 327.67),
        ("cell_voltage_v", 32767, 0.0001, 3.2767),
        ("soc_pct", 100, 1, 100),
        ("energy_throughput_kwh", 65535, 0.1, 6553.5),
        ("insulation_kohm", 65535, 1, 65535),
    ],
)
def test_an_honest_number_stays(quantity, raw, scale, expected):
    assert decoded(quantity, raw, scale=scale) == (expected, Quality.GOOD)


def test_a_disguise_does_not_win_over_a_better_source():
    profile = make_profile(
        scalar("runtime_remaining_s", oid=CHARGE, scale=60),
        scalar("runtime_remaining_s", oid=STATUS),
    )
    decoder = compile_snmp(profile, rows_of_geometry(profile, Geometry()))

    values, _ = decoder.decode({CHARGE: 1092, STATUS: 5400}).reading

    assert values.tolist() == [5400]


@given(st.sampled_from(sorted(DISGUISES)), st.data())
def test_nothing_else_within_what_is_plausible_is_refused(quantity, data):
    row = QUANTITIES[quantity]
    value = data.draw(st.floats(row.plausible_min, row.plausible_max))
    if value in disguises_of(quantity):
        return

    assert decoded(quantity, value) == (value, Quality.GOOD)
