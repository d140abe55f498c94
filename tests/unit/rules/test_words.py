"""Components, values and durations in people's words."""

import pytest

from batteryd.domain.component import parse_component
from batteryd.rules import words


@pytest.mark.parametrize(
    ("component", "said"),
    [
        ("-", "the battery"),
        ("s1", "rack 1"),
        ("s1/m07", "module 7 of rack 1"),
        ("s1/m07/t2", "sensor 2 of module 7 of rack 1"),
        ("s2/m03/c14", "cell 14 of module 3 of rack 2"),
        ("m02", "module 2"),
    ],
)
def test_a_place_is_named_from_the_inside_out(component, said):
    assert words.place(parse_component(component)) == said


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
