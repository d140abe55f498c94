"""Overload is visible: missed polls by asset, lag as percentiles over the last polls."""

import pytest

from batteryd.devices.counters import LAGS_KEPT, Tally


def test_counters_of_a_poller_that_has_not_polled_are_zero():
    counters = Tally().read(in_flight=0)

    assert (counters.polls, counters.failed, counters.missed) == (0, 0, 0)
    assert (counters.lag_p50_s, counters.lag_p99_s) == (0.0, 0.0)


def test_failures_are_counted_by_the_first_word_of_what_happened():
    tally = Tally()

    tally.end(failure=None)
    tally.end(failure="timeout: no answer from 10.0.5.11:502 in 1.0 s")
    tally.end(failure="backoff: timeout: no answer from 10.0.5.11:502 in 1.0 s")
    tally.end(failure="timeout: not finished in 8 s")

    counters = tally.read(in_flight=3)
    assert (counters.polls, counters.failed, counters.in_flight) == (4, 3, 3)
    assert counters.failed_by_reason == {"timeout": 2, "backoff": 1}


def test_lag_is_told_as_percentiles():
    tally = Tally()

    for n in range(1, 1001):
        tally.begin(lag_s=n / 1000)

    counters = tally.read(in_flight=0)
    assert counters.lag_p50_s == pytest.approx(0.5, abs=0.001)
    assert counters.lag_p99_s == pytest.approx(0.99, abs=0.001)


def test_lags_of_long_ago_are_forgotten():
    tally = Tally()
    tally.begin(lag_s=30.0)

    for _ in range(LAGS_KEPT):
        tally.begin(lag_s=0.01)

    assert tally.read(in_flight=0).lag_p99_s == pytest.approx(0.01)


def test_missed_polls_of_an_asset_that_left_stay_in_the_total_only():
    tally = Tally()
    tally.miss("B1-R3")
    tally.miss("B1-R4", polls=4)

    tally.keep({"B1-R3"})

    assert tally.missed_by_asset == {"B1-R3": 1}
    assert tally.read(in_flight=0).missed == 5
