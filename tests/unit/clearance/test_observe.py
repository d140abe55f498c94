"""What a snapshot tells of the points that a clearance looks at."""

from collections.abc import Mapping

import numpy as np
import pytest

from batteryd.clearance.facts import NO_READING, Reading
from batteryd.clearance.observe import points_lacking, reading_of
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import (
    EMPTY_LAYOUT,
    Layout,
    Snapshot,
    failed_snapshot,
    parse_column,
)
from tests.clearances import AS_OF_S

Told = Mapping[str, float | Quality]  # by column: a value, or why there is none to trust


def snapshot(told: Told) -> Snapshot:
    values = [-999.0 if isinstance(v, Quality) else v for v in told.values()]
    quality = [v if isinstance(v, Quality) else Quality.GOOD for v in told.values()]
    return Snapshot(
        "rack-1",
        AS_OF_S,
        Layout.of(parse_column(text) for text in told),
        np.array(values, dtype=np.float64),
        np.array(quality, dtype=np.uint8),
    )


WHOLE = {
    "-:soc_pct": 18.0,
    "-:voltage_v": 361.1,
    "-:current_a": -0.2,
    "-:bus_voltage_v": 0.4,
    "-:contactor_closed": 0.0,
    "-:breaker_closed": 1.0,
    "-:temperature_c": 23.5,
}


def test_the_values_of_the_whole_battery_are_taken_as_they_are() -> None:
    assert reading_of(snapshot(WHOLE)) == Reading(
        observed_at_s=AS_OF_S,
        soc_pct=18.0,
        voltage_v=361.1,
        current_a=-0.2,
        bus_voltage_v=0.4,
        contactor_closed=False,
        breaker_closed=True,
        temperature_c_max=23.5,
    )


@pytest.mark.parametrize("doubt", [Quality.FROZEN, Quality.UNCONFIRMED_JUMP, Quality.MISSING])
@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("-:soc_pct", "soc_pct"),
        ("-:voltage_v", "voltage_v"),
        ("-:current_a", "current_a"),
        ("-:bus_voltage_v", "bus_voltage_v"),
        ("-:contactor_closed", "contactor_closed"),
        ("-:breaker_closed", "breaker_closed"),
        ("-:temperature_c", "temperature_c_max"),
    ],
)
def test_what_is_not_good_is_unknown(column: str, field: str, doubt: Quality) -> None:
    reading = reading_of(snapshot({**WHOLE, column: doubt}))

    assert getattr(reading, field) is None


@pytest.mark.parametrize(
    ("told", "field", "expected"),
    [
        ({"s1:soc_pct": 18.0, "s2:soc_pct": 64.0}, "soc_pct", 64.0),
        ({"s1:soc_pct": 18.0, "s2:soc_pct": Quality.MISSING}, "soc_pct", None),
        ({"s1:voltage_v": 361.0, "s2:voltage_v": 402.9}, "voltage_v", 402.9),
        ({"s1:current_a": 3.0, "s2:current_a": -12.0}, "current_a", -12.0),
        ({"s1:bus_voltage_v": 0.2, "s2:bus_voltage_v": 402.9}, "bus_voltage_v", 402.9),
        ({"s1:contactor_closed": 0.0, "s2:contactor_closed": 0.0}, "contactor_closed", False),
        ({"s1:contactor_closed": 0.0, "s2:contactor_closed": 1.0}, "contactor_closed", True),
        (
            {"s1:contactor_closed": Quality.MISSING, "s2:contactor_closed": 1.0},
            "contactor_closed",
            True,
        ),
        (
            {"s1:contactor_closed": Quality.MISSING, "s2:contactor_closed": 0.0},
            "contactor_closed",
            None,
        ),
        ({"-:soc_pct": 20.0, "s1:soc_pct": 64.0}, "soc_pct", 20.0),  # the whole battery's wins
        ({"s1/m01:voltage_v": 54.6, "s1/m02:voltage_v": 54.7}, "voltage_v", None),  # of modules
    ],
)
def test_of_several_strings_the_worst_counts(
    told: Told, field: str, expected: float | bool | None
) -> None:
    assert getattr(reading_of(snapshot(told)), field) == expected


def test_the_hottest_good_place_is_the_temperature() -> None:
    told = {
        "s1/m01/t1:temperature_c": 24.5,
        "s1/m01/t2:temperature_c": Quality.FROZEN,
        "s1/m02:module_temperature_c_max": 31.0,
        "s1/m03/t1:temperature_c": 29.0,
    }

    assert reading_of(snapshot(told)).temperature_c_max == 31.0


def test_nothing_and_a_failed_poll_tell_nothing() -> None:
    failed = failed_snapshot("rack-1", EMPTY_LAYOUT, at_s=AS_OF_S, failure="timeout")

    assert reading_of(None) == reading_of(failed) == NO_READING


def test_a_snapshot_without_any_of_the_points_tells_only_when() -> None:
    assert reading_of(snapshot({"-:humidity_pct": 40.0})) == Reading(observed_at_s=AS_OF_S)


def test_a_device_lacks_the_points_that_it_has_no_column_for() -> None:
    card = snapshot({"-:soc_pct": 18.0, "-:voltage_v": 361.1, "s1:current_a": 0.0}).layout

    assert points_lacking(card) == {"contactor_closed", "breaker_closed", "bus_voltage_v"}
    assert points_lacking(snapshot(WHOLE).layout) == frozenset()


def test_a_silent_device_has_its_points_and_an_asset_without_device_has_none() -> None:
    failed = failed_snapshot("rack-1", snapshot(WHOLE).layout, at_s=AS_OF_S, failure="timeout")

    assert points_lacking(failed.layout) == frozenset()
    assert points_lacking(None) == {
        "contactor_closed", "breaker_closed", "current_a", "bus_voltage_v",
    }  # fmt: skip
