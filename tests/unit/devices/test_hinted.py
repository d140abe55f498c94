"""Polls because of hints: at once, never too often, and no hint is lost."""

import asyncio
from collections import Counter

import pytest

from batteryd.devices.hinted import IN_FLIGHT_MAX, HintedPolls

INTERVAL_S = 10.0


class SleepingClock:
    """A clock on which sleepers wait until a test lets them go."""

    rate = 1.0

    def __init__(self) -> None:
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def now_s(self) -> float:
        return 0.0

    def monotonic_s(self) -> float:
        return 0.0

    async def sleep(self, duration_s: float) -> None:
        event = asyncio.Event()
        self._sleepers.append((duration_s, event))
        await event.wait()

    def let_pass(self) -> set[float]:
        """Wake all sleepers and return for how long they meant to sleep."""
        sleepers, self._sleepers = self._sleepers, []
        for _, event in sleepers:
            event.set()
        return {duration_s for duration_s, _ in sleepers}


class Polled:
    """What a poller was asked, and how many polls ran at a time."""

    def __init__(self) -> None:
        self.polls: Counter[str] = Counter()
        self.at_a_time_max = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._running = 0

    async def poll_now(self, asset_id: str) -> None:
        self._running += 1
        self.at_a_time_max = max(self.at_a_time_max, self._running)
        self.polls[asset_id] += 1
        await self.gate.wait()
        self._running -= 1


@pytest.fixture
def clock():
    return SleepingClock()


@pytest.fixture
def polled():
    return Polled()


@pytest.fixture
async def hinted(polled, clock):
    hinted = HintedPolls(polled.poll_now, interval_s=INTERVAL_S, clock=clock)
    yield hinted
    await hinted.stop()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_hint_is_a_poll_at_once(hinted, polled):
    hinted.hint(["rack-1", "rack-2"])
    await settle()

    assert polled.polls == {"rack-1": 1, "rack-2": 1}


async def test_a_storm_is_one_poll_and_one_more_after_the_rest(hinted, polled, clock):
    for _ in range(1000):
        hinted.hint(["rack-1"])
        await asyncio.sleep(0)
    assert polled.polls == {"rack-1": 1}

    rest_s = clock.let_pass()
    await settle()
    clock.let_pass()
    await settle()

    assert rest_s == {INTERVAL_S}
    assert polled.polls == {"rack-1": 2}
    assert hinted.polls == 2


async def test_a_hint_during_a_poll_is_another_poll(hinted, polled, clock):
    polled.gate.clear()
    hinted.hint(["rack-1"])
    await settle()
    hinted.hint(["rack-1"])

    polled.gate.set()
    await settle()
    clock.let_pass()
    await settle()

    assert polled.polls == {"rack-1": 2}


async def test_a_thousand_devices_are_polled_a_few_at_a_time(hinted, polled):
    polled.gate.clear()
    hinted.hint([f"rack-{n}" for n in range(1000)])
    await settle()
    polled.gate.set()
    for _ in range(100):
        await settle()

    assert polled.at_a_time_max == IN_FLIGHT_MAX
    assert polled.polls.total() == 1000


async def test_an_asset_that_left_costs_nothing(clock):
    async def gone(asset_id: str) -> None:
        raise KeyError(asset_id)

    hinted = HintedPolls(gone, interval_s=INTERVAL_S, clock=clock)
    hinted.hint(["rack-1"])
    await settle()
    clock.let_pass()
    await settle()

    hinted.hint(["rack-1"])
    await settle()
    await hinted.stop()

    assert hinted.polls == 2
