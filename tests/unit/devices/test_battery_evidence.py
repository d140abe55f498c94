"""What shows that a device has a battery."""

import numpy as np
import pytest

from batteryd.devices.battery_evidence import shows_battery
from batteryd.devices.link import RawReading
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Layout

GOOD, BAD, DOUBTED = Quality.GOOD, Quality.NOT_IMPLEMENTED, Quality.CONTRADICTED


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ({"voltage_v": (54.2, GOOD)}, True),
        ({"soc_pct": (0.0, GOOD), "voltage_v": (41.0, GOOD)}, True),  # flat, and there
        ({"current_a": (-3.0, GOOD)}, True),
        ({"battery_status": (2.0, GOOD)}, True),
        ({"battery_status": (4.0, GOOD), "soc_pct": (np.nan, BAD)}, True),
        ({"battery_status": (1.0, GOOD)}, False),
        ({"battery_status": (2.0, GOOD), "soc_pct": (0.0, GOOD)}, False),
        ({"battery_status": (2.0, GOOD), "soc_pct": (0.0, DOUBTED)}, False),
        ({"temperature_c": (23.0, GOOD), "load_pct": (12.0, GOOD)}, False),
        ({"bus_voltage_v": (54.0, GOOD), "temperature_c": (23.0, GOOD)}, True),
        ({"ambient_temperature_c": (24.0, GOOD), "replace_indicator": (0.0, GOOD)}, False),
        ({"voltage_v": (np.nan, BAD)}, False),
    ],
)
def test_a_battery_shows_in_a_number_that_only_a_battery_has(shown, expected):
    layout = Layout.from_text("\n".join(f"-:{quantity}" for quantity in shown))
    values, qualities = zip(*shown.values(), strict=True)

    reading = RawReading(np.array(values), np.array(qualities, dtype=np.uint8))

    assert shows_battery(layout, reading) is expected


@pytest.mark.parametrize(("is_known", "expected"), [(True, True), (False, False)])
def test_a_temperature_counts_where_the_device_says_whose_it_is(is_known, expected):
    layout = Layout.from_text("t1:temperature_c\n-:voltage_v")
    reading = RawReading(np.array([21.0, np.nan]), np.array([GOOD, BAD], dtype=np.uint8))

    assert shows_battery(layout, reading, is_known=is_known) is expected
