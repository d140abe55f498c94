"""For how long a rack was left alone, also where nobody looked for a while."""

import numpy as np
import pytest

from batteryd.domain.component import WHOLE_BATTERY
from batteryd.domain.snapshot import Column
from batteryd.rules.load import Load
from batteryd.rules.rack import racks_of
from tests.racks import CAPACITY_AH, Rack, asset_of

DAY_S, HOUR_S = 86_400.0, 3600.0
RACK = Rack()
CURRENT = RACK.layout.index[Column(WHOLE_BATTERY, "current_a")]


def make_load(**changes: float) -> Load:
    (rack,) = racks_of(asset_of(RACK), RACK.layout)
    return Load(rack, **changes)


def values(rate: float) -> np.ndarray:
    shown = np.full(len(RACK.layout), 25.0)
    shown[CURRENT] = rate * CAPACITY_AH
    return shown


def rested(*, for_s: float = 2 * HOUR_S, rate: float = 0.0) -> Load:
    load = make_load()
    for at_s in np.arange(DAY_S - for_s, DAY_S + 1, 10.0).tolist():
        load.take(values(rate), at_s=at_s, soc_pct=90.0)
    return load


@pytest.mark.parametrize(
    ("rate", "idle_s", "rest_s"),
    [(0.0, 7200, 7200), (0.07, 7200, 0), (-0.07, 7200, 0), (0.2, 0, 0), (np.nan, 0, 0)],
)
def test_a_rack_is_idle_below_a_tenth_and_at_rest_below_a_twentieth_of_its_capacity(
    rate: float, idle_s: float, rest_s: float
) -> None:
    load = rested(rate=rate)

    assert (load.idle_for_s(DAY_S), load.rest_for_s(DAY_S)) == (idle_s, rest_s)


def test_a_current_that_is_not_read_now_and_then_changes_nothing() -> None:
    load = rested()

    load.take(values(np.nan), at_s=DAY_S + 60, soc_pct=90.0)

    assert load.idle_for_s(DAY_S + 60) == 2 * HOUR_S + 60


def test_a_current_that_is_not_read_any_more_makes_the_load_unknown() -> None:
    load = rested()

    load.take(values(np.nan), at_s=DAY_S + 61, soc_pct=90.0)

    assert load.idle_for_s(DAY_S + 61) == 0
    assert load.text(DAY_S + 61) == "load unknown"


def test_a_rack_that_is_polled_slowly_may_miss_a_current_too() -> None:
    load = make_load(stale_s=180.0)
    for at_s, rate in ((0.0, 0.0), (60.0, 0.0), (121.0, np.nan), (180.0, 0.0)):
        load.take(values(rate), at_s=at_s, soc_pct=90.0)

    assert load.idle_for_s(180.0) == 180.0


@pytest.mark.parametrize(
    ("before", "after", "moved_pct", "gap_s", "is_explained"),
    [
        (0.0, 0.0, 0.0, 300.0, True),
        (0.0, 0.0, -0.4, 300.0, True),
        (0.0, 0.0, -2.0, 300.0, False),  # a discharge that nobody saw
        (0.0, -2.0, -10.0, 300.0, True),  # it has begun in between
        (-2.0, 0.0, -10.0, 300.0, True),  # it has ended in between
        (-2.0, -2.0, -16.7, 300.0, True),
        (-2.0, -2.0, -4.0, 300.0, False),  # there was a pause in it
        (0.25, 0.25, 2.1, 300.0, True),
        (0.0, 0.0, np.nan, 300.0, False),
        (np.nan, 0.0, 0.0, 300.0, False),
        (0.0, np.nan, 0.0, 300.0, False),
        (0.0, 0.0, 0.0, 2 * HOUR_S, False),
        (0.0, 0.0, 0.0, -HOUR_S, False),
        (0.0, 0.0, 0.0, HOUR_S, True),
    ],
)
def test_a_gap_is_explained_where_the_charge_moved_as_the_loads_around_it_say(
    before: float, after: float, moved_pct: float, gap_s: float, *, is_explained: bool
) -> None:
    load, at_s = rested(rate=before), DAY_S + gap_s

    explained = load.resume(values(after), at_s=at_s, soc_pct=90.0 + moved_pct, gap_s=gap_s)

    assert explained is is_explained
    is_idle = before == after == 0.0
    assert load.idle_for_s(at_s) == (2 * HOUR_S + gap_s if is_explained and is_idle else 0.0)


def test_after_a_gap_that_is_not_explained_heat_may_be_of_a_discharge_nobody_saw() -> None:
    load = rested()
    assert load.heat_ago_s(DAY_S) == np.inf

    load.resume(values(0.0), at_s=DAY_S + 300, soc_pct=70.0, gap_s=300.0)

    assert load.heat_ago_s(DAY_S + 360) == 60.0


def test_the_first_poll_explains_nothing_and_is_no_load() -> None:
    load = make_load()

    assert not load.resume(values(0.0), at_s=DAY_S, soc_pct=90.0, gap_s=np.nan)
    assert load.idle_for_s(DAY_S + 10) == 10.0
    assert load.heat_ago_s(DAY_S + 10) == np.inf


@pytest.mark.parametrize(
    ("rate", "text"),
    [(0.0, "no load"), (0.25, "charging at 0.25 C"), (-2.0, "discharging at 2 C")],
)
def test_a_load_is_said_in_words(rate: float, text: str) -> None:
    assert rested(rate=rate).text(DAY_S) == text
