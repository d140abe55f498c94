"""What the watchdog is fed by: cycles and polls that come to an end."""

import pytest

from batteryd.app.inbox import Inbox
from batteryd.app.progress import CYCLE_S_MAX, Progress
from tests.builders import NOON_S, make_snapshot


class Hands:
    """A clock that the test turns."""

    rate = 1.0

    def __init__(self) -> None:
        self.at_s = 0.0

    def now_s(self) -> float:
        return NOON_S + self.at_s

    def monotonic_s(self) -> float:
        return self.at_s

    async def sleep(self, duration_s: float) -> None:
        self.at_s += duration_s


@pytest.fixture
def clock() -> Hands:
    return Hands()


def test_a_daemon_that_cycles_and_polls_is_not_stuck(clock: Hands) -> None:
    progress = Progress(clock=clock, poll_s_max=40.0)
    for polls in range(1, 100):
        clock.at_s += 10.0
        progress.cycle_ended(polls=polls)

    assert progress.stuck() is None


def test_cycles_that_do_not_end_are_noticed(clock: Hands) -> None:
    progress = Progress(clock=clock, poll_s_max=40.0)

    clock.at_s += CYCLE_S_MAX + 1

    assert "no cycle" in str(progress.stuck())


def test_cycles_without_any_poll_are_noticed(clock: Hands) -> None:
    progress = Progress(clock=clock, poll_s_max=40.0)
    progress.cycle_ended(polls=5)
    for _ in range(5):
        clock.at_s += 10.0
        progress.cycle_ended(polls=5)

    assert "no poll" in str(progress.stuck())


def test_a_daemon_with_nothing_to_poll_is_not_stuck(clock: Hands) -> None:
    progress = Progress(clock=clock, poll_s_max=0.0)
    for _ in range(100):
        clock.at_s += 10.0
        progress.cycle_ended(polls=0)

    assert progress.stuck() is None


def test_a_full_inbox_drops_the_oldest_and_counts_it() -> None:
    inbox = Inbox(snapshots_max=2)
    for n in range(3):
        inbox.put(make_snapshot(at_s=NOON_S + n))

    taken = inbox.take()

    assert [s.observed_at_s - NOON_S for s in taken] == [1, 2]
    assert (inbox.dropped, inbox.received) == (1, 3)
    assert inbox.take() == []
