from dataclasses import replace

import pytest

from batteryd.errors import DeliveryError
from batteryd.notify.retry import GiveUp, RetryPolicy, TryAgain
from batteryd.notify.sample import sample_notifications
from tests.builders import NOON_S

CLAIM = replace(next(sample_notifications()), created_at_s=NOON_S)
POLICY = RetryPolicy()


def pause_s(*, attempts: int, jitter: float = 1.0, retry_after_s: float | None = None) -> float:
    failure = DeliveryError("HTTP 503", permanent=False, retry_after_s=retry_after_s)
    decision = POLICY.decide(
        replace(CLAIM, attempts=attempts), failure, now_s=NOON_S, jitter=jitter
    )
    assert isinstance(decision, TryAgain)
    return decision.due_at_s - NOON_S


@pytest.mark.parametrize(
    ("attempts", "longest_s"),
    [(1, 5), (2, 10), (3, 20), (7, 320), (8, 600), (9, 600), (1000, 600), (10**9, 600)],
)
def test_the_pause_doubles_up_to_its_ceiling(attempts: int, longest_s: float) -> None:
    assert pause_s(attempts=attempts) == longest_s
    assert pause_s(attempts=attempts, jitter=0.0) == longest_s / 2


@pytest.mark.parametrize(
    ("asked_s", "waited_s"), [(2.0, 5.0), (120.0, 120.0), (3600.0, 3600.0), (10.0**9, 3600.0)]
)
def test_a_receiver_that_says_when_to_come_back_is_obeyed_up_to_an_hour(
    asked_s: float, waited_s: float
) -> None:
    assert pause_s(attempts=1, retry_after_s=asked_s) == waited_s


def test_a_permanent_failure_is_given_up_at_once_with_its_own_words() -> None:
    failure = DeliveryError("HTTP 404: no such hook", permanent=True)

    decision = POLICY.decide(CLAIM, failure, now_s=NOON_S, jitter=0.5)

    assert decision == GiveUp("HTTP 404: no such hook")


def test_what_nobody_took_for_a_day_is_given_up() -> None:
    failure = DeliveryError("ConnectError", permanent=False)
    last_chance_s = NOON_S + 86_400 - 5

    at_the_end = POLICY.decide(CLAIM, failure, now_s=last_chance_s, jitter=1.0)
    too_late = POLICY.decide(CLAIM, failure, now_s=last_chance_s + 1, jitter=1.0)

    assert at_the_end == TryAgain(NOON_S + 86_400)
    assert too_late == GiveUp("not taken in 24 h; at last: ConnectError")
