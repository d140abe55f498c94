"""Whom a failure keeps from being asked: the one unit, or everybody behind the endpoint."""

import pytest

from batteryd.errors import (
    DeviceRejected,
    LinkAuthFailed,
    LinkError,
    LinkOutOfStep,
    LinkRefused,
    LinkTimeout,
)
from tests.polling import make_endpoint

REFUSED = LinkRefused("10.0.5.11:502 refused the connection")
TIMED_OUT = LinkTimeout("no answer from 10.0.5.11:502 in 1.0 s")
RACK, NEIGHBOUR, THIRD = "B1-R1", "B1-R2", "B1-R3"


def test_an_endpoint_without_failures_keeps_nobody_waiting():
    assert make_endpoint().pause_cause(RACK, at_s=0.0) is None


@pytest.mark.parametrize(
    "error",
    [
        REFUSED,
        TIMED_OUT,
        LinkOutOfStep("answer 7 to request 8"),
        DeviceRejected("gateway target did not respond", code=11),
        LinkAuthFailed("unknown user"),
        LinkError("cannot be read"),
    ],
    ids=lambda error: error.reason,
)
def test_a_failure_that_may_be_one_units_own_leaves_its_neighbours_alone(error):
    endpoint = make_endpoint()

    endpoint.failed(RACK, error, at_s=0.0)

    assert endpoint.pause_cause(RACK, at_s=0.5) == f"{error.reason}: {error}"
    assert endpoint.pause_cause(NEIGHBOUR, at_s=0.5) is None


def test_one_dead_rack_never_blinds_the_gateway_to_those_that_answer():
    endpoint = make_endpoint()

    for round_s in range(0, 600, 10):
        endpoint.failed(RACK, TIMED_OUT, at_s=round_s)
        endpoint.answered(NEIGHBOUR)
        endpoint.answered(THIRD)

    assert endpoint.pause_cause(THIRD, at_s=590.1) is None
    assert endpoint.pause_cause(RACK, at_s=590.1) is not None


@pytest.mark.parametrize(
    ("first", "second"),
    [(REFUSED, REFUSED), (TIMED_OUT, TIMED_OUT), (TIMED_OUT, REFUSED)],
    ids=["refused", "timed out", "both"],
)
def test_a_second_unit_in_a_row_without_an_answer_puts_the_endpoint_on_hold(first, second):
    endpoint = make_endpoint()

    endpoint.failed(RACK, first, at_s=0.0)
    endpoint.failed(NEIGHBOUR, second, at_s=0.0)

    assert endpoint.pause_cause(THIRD, at_s=0.9) == f"{second.reason}: {second}"
    assert endpoint.pause_cause(THIRD, at_s=1.0) is None


def test_the_same_unit_timing_out_twice_is_still_only_that_unit():
    endpoint = make_endpoint()

    endpoint.failed(RACK, TIMED_OUT, at_s=0.0)
    endpoint.failed(RACK, TIMED_OUT, at_s=10.0)

    assert endpoint.pause_cause(NEIGHBOUR, at_s=10.5) is None


def test_a_rejection_shows_that_the_endpoint_is_alive_again():
    endpoint = make_endpoint()
    for asset_id in (RACK, NEIGHBOUR):
        endpoint.failed(asset_id, REFUSED, at_s=0.0)

    endpoint.failed(NEIGHBOUR, DeviceRejected("busy", code=6), at_s=0.1)

    assert endpoint.pause_cause(THIRD, at_s=0.2) is None


def test_an_answer_starts_the_pauses_from_the_beginning():
    endpoint = make_endpoint()
    for at_s in (0.0, 10.0, 20.0):
        endpoint.failed(RACK, TIMED_OUT, at_s=at_s)

    endpoint.answered(RACK)
    endpoint.failed(RACK, TIMED_OUT, at_s=30.0)

    assert endpoint.pause_cause(RACK, at_s=30.9) is not None
    assert endpoint.pause_cause(RACK, at_s=31.0) is None


def test_refused_credentials_are_tried_again_later_than_a_silent_device():
    endpoint = make_endpoint()

    endpoint.failed(RACK, LinkAuthFailed("wrong digest"), at_s=0.0)
    endpoint.failed(NEIGHBOUR, TIMED_OUT, at_s=0.0)

    assert endpoint.pause_cause(NEIGHBOUR, at_s=5.0) is None
    assert endpoint.pause_cause(RACK, at_s=29.0) is not None


def test_an_asset_that_left_does_not_count_against_those_that_stay():
    endpoint = make_endpoint()
    endpoint.failed(RACK, TIMED_OUT, at_s=0.0)

    endpoint.forget(RACK)
    endpoint.failed(NEIGHBOUR, TIMED_OUT, at_s=10.0)

    assert endpoint.pause_cause(THIRD, at_s=10.5) is None
    assert endpoint.pause_cause(RACK, at_s=0.5) is None
