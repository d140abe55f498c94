"""The phase of every asset: stable, even, and bounded."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.devices.slots import PERIOD_S_MIN, SLOT_COUNT_MAX, Slot, slot_of


def test_the_slot_of_an_asset_is_the_same_in_every_process():
    # The numbers are what matters: a salted hash would give others in each run.
    assert slot_of("B1-R3", period_s=10.0) == Slot(10.0, 6.75)
    assert slot_of("전산실-3호", period_s=10.0) == Slot(10.0, 3.5)


@pytest.mark.parametrize(
    ("period_s", "slots"),
    [(0.1, 1), (0.25, 1), (1.0, 4), (10.0, 40), (60.0, 240), (3600.0, SLOT_COUNT_MAX)],
)
def test_an_interval_has_a_slot_each_quarter_of_a_second_up_to_a_bound(period_s, slots):
    offsets = {slot_of(f"rack-{n}", period_s=period_s).offset_s for n in range(20_000)}

    assert len(offsets) == slots


def test_ten_thousand_assets_are_spread_evenly():
    sizes = Counter(slot_of(f"DC2-UPS-{n:05d}", period_s=10.0) for n in range(10_000))

    assert len(sizes) == 40
    assert max(sizes.values()) <= 1.3 * 10_000 / 40


def test_nothing_is_polled_more_often_than_the_bound():
    assert slot_of("B1-R3", period_s=0.001).period_s == PERIOD_S_MIN


@given(
    now_s=st.floats(1.7e9, 2.1e9),
    period_s=st.sampled_from([0.05, 0.25, 1.0, 7.0, 10.0, 60.0, 900.0]),
    asset_id=st.text(min_size=1, max_size=12),
)
def test_a_slot_is_next_due_within_one_period_and_then_not_late(now_s, period_s, asset_id):
    slot = slot_of(asset_id, period_s=period_s)

    due_s = slot.next_due_s(now_s=now_s)

    assert now_s - 1e-6 <= due_s <= now_s + period_s + 1e-6
    assert slot.late_s(now_s=due_s) < 1e-3
    assert slot.late_s(now_s=due_s + period_s / 2) == pytest.approx(period_s / 2, abs=1e-5)


def test_a_timer_that_fires_a_rounding_error_too_soon_is_not_a_whole_period_late():
    slot = Slot(10.0, 8.25)

    assert slot.late_s(now_s=1_790_000_008.25 - 1e-6) == 0.0
