from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.store.fold import Summaries, fold, polls, together

Poll = tuple[int, int, list[float]]  # asset, second, values of two columns

_VALUE = st.one_of(st.just(float("nan")), st.floats(-40, 150, width=32))
_POLLS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 400), st.lists(_VALUE, min_size=2, max_size=2)),
    min_size=1,
    max_size=40,
)


def summaries(given_polls: Sequence[Poll]) -> Summaries:
    return polls(
        np.array([asset for asset, _, _ in given_polls], np.int64),
        np.array([at_s * 1000 for _, at_s, _ in given_polls], np.int64),
        np.array([values for _, _, values in given_polls], np.float64).reshape(-1, 2),
    )


def test_a_minute_has_minimum_mean_maximum_and_count_of_each_column() -> None:
    minute = fold(summaries([(1, 0, [24.0, 3.6]), (1, 30, [27.0, 3.7])]), period_s=60)

    assert minute.minimum.tolist() == [[24.0, 3.6]]
    assert minute.mean.tolist() == [[25.5, pytest.approx(3.65)]]
    assert minute.maximum.tolist() == [[27.0, 3.7]]
    assert minute.poll_count.tolist() == [2]


def test_a_bad_value_counts_for_nothing() -> None:
    minute = fold(summaries([(1, 0, [24.0, np.nan]), (1, 30, [np.nan, np.nan])]), period_s=60)

    assert minute.count.tolist() == [[1, 0]]
    assert minute.mean[0, 0] == 24.0
    assert np.isnan([minute.minimum[0, 1], minute.mean[0, 1], minute.maximum[0, 1]]).all()


def test_assets_and_periods_stay_apart() -> None:
    minutes = fold(
        summaries([(2, 59, [1, 1]), (1, 60, [2, 2]), (1, 0, [3, 3]), (2, 0, [4, 4])]), period_s=60
    )

    assert minutes.asset.tolist() == [1, 1, 2]
    assert minutes.start_s.tolist() == [0, 60, 0]
    assert minutes.maximum[:, 0].tolist() == [3, 2, 4]


def test_folding_nothing_gives_nothing() -> None:
    assert len(fold(summaries([]), period_s=60)) == 0


@given(_POLLS, st.integers(0, 40))
def test_two_batches_folded_together_are_one_batch(given_polls: list[Poll], cut: int) -> None:
    whole = fold(summaries(given_polls), period_s=60)

    first = fold(summaries(given_polls[cut:]), period_s=60)  # the later batch first
    second = fold(summaries(given_polls[:cut]), period_s=60)
    merged = fold(together(first, second), period_s=60)

    assert_same(merged, whole)


@given(_POLLS)
def test_hours_folded_from_minutes_are_hours_folded_from_polls(given_polls: list[Poll]) -> None:
    whole = fold(summaries(given_polls), period_s=3600)

    by_minutes = fold(fold(summaries(given_polls), period_s=60), period_s=3600)

    assert_same(by_minutes, whole)


def assert_same(one: Summaries, other: Summaries) -> None:
    for name in ("asset", "start_s", "poll_count", "count", "minimum", "maximum"):
        assert np.array_equal(
            getattr(one, name), getattr(other, name), equal_nan=name in ("minimum", "maximum")
        ), name
    assert np.allclose(one.total, other.total, rtol=0, atol=1e-9)
