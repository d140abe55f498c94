"""Slots fire when they are due, whatever somebody does to the system's clock."""

import asyncio
import logging

import pytest

from batteryd.clock import SystemClock
from batteryd.devices.slots import Slot
from batteryd.devices.timetable import Timetable

GIVE_UP_S = 10.0  # for a loaded machine; every wait here ends within a fraction of it


class SteppedClock(SystemClock):
    """The system's clock after somebody has set it; the watch looks often."""

    def __init__(self) -> None:
        self.step_s = 0.0

    def now_s(self) -> float:
        return super().now_s() + self.step_s

    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(min(duration_s, 0.02))


class Firings:
    """What a timetable called back."""

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.lates_s: list[float] = []
        self._one_more = asyncio.Event()

    def note(self, slot: Slot, late_s: float) -> None:
        self.slots.append(slot)
        self.lates_s.append(late_s)
        self._one_more.set()

    async def next(self) -> None:
        self._one_more.clear()
        async with asyncio.timeout(GIVE_UP_S):
            await self._one_more.wait()


@pytest.fixture
def firings():
    return Firings()


@pytest.fixture
async def timetable(firings):
    timetable = Timetable(firings.note, wall=SystemClock())
    yield timetable
    timetable.stop()


async def test_a_slot_in_use_fires_again_and_again(timetable, firings):
    slot = Slot(0.1, 0.05)
    timetable.use(slot)

    timetable.start()
    for _ in range(3):
        await firings.next()

    assert set(firings.slots) == {slot}
    assert all(0.0 <= late_s < 0.1 for late_s in firings.lates_s)


async def test_a_slot_that_is_dropped_fires_no_more(timetable, firings):
    dropped, kept = Slot(0.1, 0.0), Slot(0.1, 0.05)
    timetable.use(dropped)
    timetable.use(kept)
    timetable.start()
    await firings.next()

    timetable.drop(dropped)
    await firings.next()  # one that was on its way
    firings.slots.clear()
    for _ in range(3):
        await firings.next()

    assert set(firings.slots) == {kept}


async def test_nothing_fires_after_the_stop(timetable, firings):
    timetable.use(Slot(0.05, 0.0))
    timetable.start()
    await firings.next()

    timetable.stop()
    await asyncio.sleep(0)
    firings.slots.clear()
    await asyncio.sleep(0.15)

    assert not firings.slots


async def test_slots_fire_on_after_the_system_clock_was_set_back(firings, caplog):
    # given slots that were planned while the clock was an hour ahead: an hour off, as
    # the scheduler sees it once the clock is right
    wall = SteppedClock()
    wall.step_s = 3600.0
    timetable = Timetable(firings.note, wall=wall)
    timetable.use(Slot(0.1, 0.0))
    timetable.start()

    with caplog.at_level(logging.WARNING, "batteryd.devices.timetable"):
        wall.step_s = 0.0
        await firings.next()
    timetable.stop()

    assert [r.message for r in caplog.records] == [
        "system clock stepped step_s=-3600.0; polling goes on"
    ]


async def test_the_scheduler_says_nothing_about_each_firing(timetable, firings, caplog):
    timetable.use(Slot(0.05, 0.0))

    with caplog.at_level(logging.INFO):
        timetable.start()
        await firings.next()
        await firings.next()

    assert not [r for r in caplog.records if r.name.startswith("apscheduler.executors")]
