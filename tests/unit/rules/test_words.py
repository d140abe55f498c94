"""Components, values and durations in people's words."""

import pytest

from batteryd.domain.component import parse_component
from batteryd.domain.inventory import Geometry
from batteryd.rules import words
from tests.rulebooks import make_asset


@pytest.mark.parametrize(
    ("component", "said"),
    [
        ("-", "Rack 1"),
        ("s1", "Rack 1"),
        ("s1/m07", "module 7 of Rack 1"),
        ("s1/m07/t2", "sensor 2 of module 7 of Rack 1"),
        ("m02", "module 2 of Rack 1"),
        ("s2/m03/c14", "cell 14 of module 3 of string 2 of Rack 1"),
    ],
)
def test_a_place_is_named_from_the_inside_out(component, said):
    assert words.place(parse_component(component), make_asset()) == said


def test_the_strings_of_a_battery_that_has_several_are_told_apart():
    asset = make_asset(geometry=Geometry(string_count=2))

    assert words.place(parse_component("s1/m07"), asset) == "module 7 of string 1 of Rack 1"


@pytest.mark.parametrize(
    ("quantity", "number", "said"),
    [
        ("temperature_c", 51.0, "51.0 °C"),
        ("cell_voltage_v", 3.6524, "3.652 V"),
        ("cell_voltage_v_max", 4.25, "4.250 V"),
        ("voltage_v", 712.46, "712.5 V"),
        ("insulation_kohm", 180.0, "180 kΩ"),
        ("soh_pct", 78.0, "78.0 %"),
        ("battery_status", 3.0, "3"),
    ],
)
def test_a_value_has_its_unit_and_the_digits_that_matter(quantity, number, said):
    assert words.value(quantity, number) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2.0 h"),
     (172799, "48.0 h"), (172800, "2.0 d")],
)  # fmt: skip
def test_a_duration_has_the_unit_that_people_would_use(seconds, said):
    assert words.duration(seconds) == said
