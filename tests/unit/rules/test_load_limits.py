"""At which current a rack rests or heats, and which gaps its charge explains, to the percent."""

from dataclasses import replace

import numpy as np
import pytest

from batteryd.domain.component import WHOLE_BATTERY
from batteryd.domain.snapshot import Column
from batteryd.rules.load import Load
from batteryd.rules.rack import racks_of
from tests.racks import HOUR_S
from tests.still_racks import CAPACITY_AH, StillRack

RACK = StillRack()
LAYOUT = next(RACK.polls(0.1)).layout
CURRENT = LAYOUT.index[Column(WHOLE_BATTERY, "current_a")]
DAY_S, MINUTE_S = 86_400.0, 60.0


def load_of(capacity_ah: float | None = CAPACITY_AH) -> Load:
    (rack,) = racks_of(replace(RACK.asset, capacity_ah=capacity_ah), LAYOUT)
    return Load(rack)


def amperes(current_a: float) -> np.ndarray:
    values = np.full(len(LAYOUT), 25.0)
    values[CURRENT] = current_a
    return values


def drawn(rate: float, *, load: Load | None = None) -> Load:
    """Let a rack carry a current for an hour until `DAY_S`."""
    load = load or load_of()
    for at_s in np.arange(DAY_S - HOUR_S, DAY_S + 1, MINUTE_S).tolist():
        load.take(amperes(rate * CAPACITY_AH), at_s=at_s, soc_pct=80.0)
    return load


@pytest.mark.parametrize(
    ("rate", "is_rest", "is_idle", "is_heat"),
    [
        (0.045, True, True, False),
        (-0.055, False, True, False),
        (-0.095, False, True, False),
        (0.105, False, False, False),
        (-0.49, False, False, False),
        (-0.51, False, False, True),
        (0.6, False, False, False),  # a charge is slow, and heats little
    ],
)
def test_a_current_is_rest_or_idle_or_heat_by_its_share_of_the_capacity(
    rate: float, *, is_rest: bool, is_idle: bool, is_heat: bool
) -> None:
    load = drawn(rate)

    assert (load.rest_for_s(DAY_S) == HOUR_S) == is_rest
    assert (load.idle_for_s(DAY_S) == HOUR_S) == is_idle
    assert (load.heat_ago_s(DAY_S) == 0.0) == is_heat


@pytest.mark.parametrize(
    ("rate", "moved_pct", "is_explained"),
    [
        (0.0, -0.45, True),  # what a gauge may be off by
        (0.0, -0.55, False),
        (0.0, 0.55, False),
        (-2.0, -10.0, True),
        (-2.0, -11.4, True),  # and a tenth of what the load could
        (-2.0, -11.6, False),
        (-2.0, -8.6, True),
        (-2.0, -8.4, False),
    ],
)
def test_five_minutes_are_explained_by_what_their_load_could_have_moved(
    rate: float, moved_pct: float, *, is_explained: bool
) -> None:
    load = drawn(rate)
    current_a, after_s = rate * CAPACITY_AH, 180.0  # 10 % at 2 C

    explained = load.resume(
        amperes(current_a), at_s=DAY_S + after_s, soc_pct=80.0 + moved_pct, gap_s=after_s
    )

    assert explained is is_explained


def test_a_clock_that_ran_back_leaves_no_instant_in_the_future() -> None:
    load = drawn(-1.0)

    load.resume(amperes(0.0), at_s=DAY_S - HOUR_S, soc_pct=80.0, gap_s=-HOUR_S)

    later_s = DAY_S - HOUR_S + 300
    load.take(amperes(0.0), at_s=later_s, soc_pct=80.0)
    assert load.heat_ago_s(later_s) == 300.0
    assert load.idle_for_s(later_s) == 300.0


def test_a_first_poll_with_a_clock_that_ran_back_is_no_discharge() -> None:
    load = drawn(0.0)

    load.resume(amperes(0.0), at_s=DAY_S - HOUR_S, soc_pct=np.nan, gap_s=-HOUR_S)

    assert load.rest_for_s(DAY_S - HOUR_S) == 0.0


def test_where_nobody_has_said_a_capacity_fifty_ampere_hours_a_string_are_assumed() -> None:
    load = load_of(capacity_ah=None)

    load.take(amperes(-50.0), at_s=DAY_S, soc_pct=80.0)

    assert load.text(DAY_S) == "discharging at 1 C"
