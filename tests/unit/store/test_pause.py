import pytest

from batteryd.store.pause import Pause
from tests.builders import NOON_S


def wait_s(pause: Pause) -> float:
    """Return the first tenth of a second at which the wait is over."""
    return next(i / 10 for i in range(100_000) if pause.is_over(NOON_S + i / 10))


def test_a_wait_doubles_up_to_its_limit() -> None:
    pause = Pause(first_s=1, max_s=10, spread=lambda: 1.0)
    waits = []

    for _ in range(6):
        pause.begin(NOON_S)
        waits.append(wait_s(pause))

    assert waits == [1, 2, 4, 8, 10, 10]


def test_a_wait_is_spread_over_its_upper_half() -> None:
    shortest = Pause(first_s=8, spread=lambda: 0.0)

    shortest.begin(NOON_S)

    assert wait_s(shortest) == 4


def test_a_success_begins_anew() -> None:
    pause = Pause(first_s=1, spread=lambda: 1.0)
    for _ in range(5):
        pause.begin(NOON_S)

    pause.end()
    assert pause.is_over(NOON_S)
    pause.begin(NOON_S)

    assert wait_s(pause) == 1


@pytest.mark.parametrize(("asked_s", "waited_s"), [(0.5, 1), (7, 7), (86_400, 3600)])
def test_what_a_server_asks_for_is_the_least_up_to_an_hour(asked_s: float, waited_s: float) -> None:
    pause = Pause(first_s=1, spread=lambda: 1.0)

    pause.begin(NOON_S, at_least_s=asked_s)

    assert wait_s(pause) == waited_s


def test_a_clock_that_jumps_back_ends_the_wait() -> None:
    pause = Pause(spread=lambda: 1.0)

    pause.begin(NOON_S)

    assert pause.is_over(NOON_S - 3600)


def test_an_outage_of_years_does_not_overflow() -> None:
    pause = Pause(max_s=60, spread=lambda: 1.0)

    for _ in range(5000):
        pause.begin(NOON_S)

    assert wait_s(pause) == 60
