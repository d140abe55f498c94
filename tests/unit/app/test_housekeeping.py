"""Jobs beside the watch: those that come in pieces let in between what is more urgent."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from batteryd.app.housekeeping import Housekeeping, Job
from batteryd.clock import ScaledClock
from batteryd.errors import StoreError
from tests.builders import NOON_S


class Watch:
    """A monitor's thread that notes what it did, in order."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._thread = ThreadPoolExecutor(max_workers=1)

    async def in_thread(self, work: Callable[[], object]) -> object:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def due(self, what: str) -> None:
        """Have the thread do something as soon as it is free."""
        self._thread.submit(self.done.append, what)

    async def run(self, job: Job, *, until: Callable[[], bool]) -> None:
        fast = ScaledClock(start_s=NOON_S, rate=1000.0)
        housekeeping = Housekeeping([job], clock=fast, in_thread=self.in_thread)
        housekeeping.start()
        async with asyncio.timeout(20):
            while not until():
                await fast.sleep(10)
        housekeeping.stop()
        self._thread.shutdown()


async def test_a_cycle_that_is_due_waits_for_one_piece_only() -> None:
    watch, pieces = Watch(), ["hour 1", "hour 2", "hour 3"]

    def work() -> bool:
        if not pieces:
            return False
        watch.done.append(pieces.pop(0))
        if len(pieces) == 2:
            watch.due("cycle")
        return True

    job = Job("roll up", 60.0, work, in_pieces=True)
    await watch.run(job, until=lambda: len(watch.done) == 4)

    assert watch.done == ["hour 1", "cycle", "hour 2", "hour 3"]


async def test_a_piece_that_fails_ends_the_run_and_the_next_run_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    watch = Watch()
    outcomes: list[bool | StoreError] = [True, StoreError("no space"), True, False]

    def work() -> bool:
        outcome = outcomes.pop(0)
        watch.done.append(str(outcome))
        if isinstance(outcome, StoreError):
            raise outcome
        return outcome

    await watch.run(Job("roll up", 60.0, work, in_pieces=True), until=lambda: not outcomes)

    assert watch.done == ["True", "no space", "True", "False"]
    assert "housekeeping failed job='roll up' error='no space'" in caplog.text


async def test_a_job_that_fails_is_told_once_stands_as_trouble_and_is_told_when_it_works_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outcomes = [StoreError("disk full"), StoreError("disk full"), None, None]
    fast = ScaledClock(start_s=NOON_S, rate=1000.0)
    troubles: list[tuple[str, ...]] = []

    def work() -> None:
        troubles.append(housekeeping.trouble)
        if outcomes and (outcome := outcomes.pop(0)) is not None:
            raise outcome

    watch = Watch()
    job = Job("keep what was learned", 10.0, work)
    housekeeping = Housekeeping([job], clock=fast, in_thread=watch.in_thread)
    housekeeping.start()
    async with asyncio.timeout(20):
        while outcomes:
            await fast.sleep(10)
    housekeeping.stop()

    stands = ("batteryd cannot keep what was learned, and tries again: disk full",)
    assert troubles[:4] == [(), stands, stands, ()]
    assert caplog.text.count("housekeeping failed job='keep what was learned'") == 1
    assert caplog.text.count("housekeeping works again job='keep what was learned'") == 1


async def test_a_job_without_pieces_is_done_once_a_period() -> None:
    watch, runs_at_s = Watch(), list[float]()
    clock = ScaledClock(start_s=0.0, rate=1.0)

    def work() -> str:
        runs_at_s.append(clock.monotonic_s())
        return "something that is not asked for"

    await watch.run(Job("heed resets", 5.0, work), until=lambda: len(runs_at_s) == 2)

    assert runs_at_s[1] - runs_at_s[0] > 0.5  # a second, however fast the clock runs
