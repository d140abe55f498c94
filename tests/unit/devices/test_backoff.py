"""Pauses double up to their bound, and chance only ever shortens them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.devices.backoff import (
    CREDENTIALS_REFUSED,
    JITTER,
    UNREACHABLE,
    BackoffPolicy,
    Pause,
    lengthen,
)

TIMEOUT = "timeout: no answer from 10.0.5.11:502 in 1.0 s"


def pause_after(failures: int, *, policy: BackoffPolicy, chance: float = 0.0) -> Pause:
    pause = None
    for _ in range(failures):
        pause = lengthen(pause, policy=policy, cause=TIMEOUT, at_s=100.0, chance=chance)
    assert pause is not None
    return pause


@pytest.mark.parametrize(
    ("policy", "failures", "duration_s"),
    [
        (UNREACHABLE, 1, 1.0),
        (UNREACHABLE, 2, 2.0),
        (UNREACHABLE, 3, 4.0),
        (UNREACHABLE, 5, 16.0),
        (UNREACHABLE, 6, 30.0),
        (UNREACHABLE, 5000, 30.0),
        (CREDENTIALS_REFUSED, 1, 30.0),
        (CREDENTIALS_REFUSED, 4, 240.0),
        (CREDENTIALS_REFUSED, 5, 300.0),
    ],
)
def test_every_failure_in_a_row_doubles_the_pause_up_to_its_bound(policy, failures, duration_s):
    assert pause_after(failures, policy=policy).until_s == 100.0 + duration_s


def test_a_pause_counts_the_failures_and_remembers_the_cause_of_the_last():
    first = lengthen(None, policy=UNREACHABLE, cause=TIMEOUT, at_s=100.0, chance=0.5)

    second = lengthen(
        first, policy=UNREACHABLE, cause="refused: no route to 10.0.5.11", at_s=102.0, chance=0.5
    )

    assert (second.failures, second.cause) == (2, "refused: no route to 10.0.5.11")


@given(failures=st.integers(1, 40), chance=st.floats(0, 1))
def test_chance_shortens_a_pause_by_no_more_than_its_part(failures, chance):
    whole_s = pause_after(failures, policy=UNREACHABLE).until_s - 100.0

    duration_s = pause_after(failures, policy=UNREACHABLE, chance=chance).until_s - 100.0

    assert whole_s * (1 - JITTER) - 1e-9 <= duration_s <= whole_s
