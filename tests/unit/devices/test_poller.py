"""Every asset at its interval; overload is missed polls; a reload drops nothing.

These run on real time with intervals of a tenth of a second, because the timer is APScheduler's
own. They wait for things to happen and never assert how fast the machine was.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

import pytest

from batteryd.clock import ScaledClock, SystemClock
from batteryd.devices.poller import Poller
from batteryd.domain.snapshot import Snapshot
from batteryd.errors import LinkTimeout
from tests.polling import NAMEPLATE, FakeReader, make_device

INTERVAL_S = 0.1
GIVE_UP_S = 20.0


class Room:
    """Racks, their readers, and what the poller said of them."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.readers: dict[str, FakeReader] = {}
        self.snapshots: list[Snapshot] = []
        self.nameplates: list[tuple[str, object]] = []

    def rack(self, asset_id: str, *, interval_s: float = INTERVAL_S):
        reader = self.readers[asset_id] = FakeReader(poll_interval_s=interval_s)
        return make_device(asset_id, reader=reader, clock=self.clock)

    def racks(self, count: int, *, interval_s: float = INTERVAL_S):
        return [self.rack(f"B1-R{n}", interval_s=interval_s) for n in range(1, count + 1)]

    def poller(self, devices, **options) -> Poller:
        return Poller(
            devices,
            sink=self.snapshots.append,
            nameplate_sink=lambda asset_id, plate: self.nameplates.append((asset_id, plate)),
            clock=self.clock,
            **options,
        )

    def polls_of(self, asset_id: str) -> int:
        return Counter(s.asset_id for s in self.snapshots)[asset_id]


@pytest.fixture
def room():
    return Room()


async def happens(what: Callable[[], object]) -> None:
    async with asyncio.timeout(GIVE_UP_S):
        while not what():
            await asyncio.sleep(0.01)


async def test_every_asset_is_polled_again_and_again(room):
    poller = room.poller(room.racks(5))

    poller.start()
    await happens(lambda: all(room.polls_of(asset_id) >= 3 for asset_id in room.readers))
    await poller.stop()

    counters = poller.counters
    assert counters.polls == len(room.snapshots)
    assert counters.failed == 0
    assert counters.in_flight == 0
    assert 0.0 < counters.lag_p50_s <= counters.lag_p99_s


async def test_polls_of_one_interval_do_not_all_begin_together(room):
    racks = room.racks(20, interval_s=1.0)
    poller = room.poller(racks)

    poller.start()
    await happens(lambda: len({s.asset_id for s in room.snapshots}) == len(racks))
    await poller.stop()

    quarters = {round(s.observed_at_s / 0.25) for s in room.snapshots}
    assert len(quarters) >= 3


async def test_a_failed_poll_reaches_the_sink_like_any_other(room):
    rack = room.rack("B1-R1")
    room.readers["B1-R1"].fail_with(LinkTimeout("no answer from 10.0.5.11:502 in 1.0 s"))
    poller = room.poller([rack])

    poller.start()
    await happens(lambda: len(room.snapshots) >= 3)
    await poller.stop()

    assert all(s.is_failed for s in room.snapshots)
    by_reason = poller.counters.failed_by_reason
    assert by_reason["timeout"] == 1
    assert by_reason["backoff"] >= 2


async def test_a_poll_still_running_when_the_next_is_due_is_missed_and_never_queued(room):
    slow, quick = room.rack("B1-R1"), room.rack("B1-R2")
    may_answer = asyncio.Event()
    room.readers["B1-R1"].wait_for(may_answer)
    poller = room.poller([slow, quick])

    poller.start()
    await happens(lambda: poller.missed_by_asset.get("B1-R1", 0) >= 3)
    reads_while_slow = room.readers["B1-R1"].reads
    may_answer.set()
    await happens(lambda: room.polls_of("B1-R1") >= 1)
    await poller.stop()

    assert reads_while_slow == 1
    assert room.polls_of("B1-R2") >= 3
    assert poller.counters.missed == sum(poller.missed_by_asset.values())


async def test_polls_beyond_the_bound_in_flight_are_missed(room):
    racks = room.racks(6)
    may_answer = asyncio.Event()
    for reader in room.readers.values():
        reader.wait_for(may_answer)
    poller = room.poller(racks, in_flight_max=4)

    poller.start()
    await happens(lambda: poller.counters.missed >= 12)
    reads = sum(reader.reads for reader in room.readers.values())
    in_flight = poller.counters.in_flight
    may_answer.set()
    await poller.stop()

    assert reads == in_flight == 4


async def test_rounds_that_passed_while_the_process_stood_still_are_counted(room):
    poller = room.poller(room.racks(3))
    poller.start()
    await happens(lambda: len(room.snapshots) >= 3)

    time.sleep(1.05)  # a stall of ten rounds
    await happens(lambda: poller.counters.missed >= 3 * 8)
    await poller.stop()

    assert set(poller.missed_by_asset) == set(room.readers)


async def test_the_nameplate_is_read_after_the_first_success_and_not_at_every_poll(room):
    poller = room.poller([room.rack("B1-R1")])

    poller.start()
    await happens(lambda: room.polls_of("B1-R1") >= 3)
    await poller.stop()

    assert room.nameplates == [("B1-R1", NAMEPLATE)]


async def test_the_demos_fast_clock_polls_as_much_faster(room):
    room.clock = ScaledClock(start_s=1_790_000_000.0, rate=100.0)
    poller = room.poller([room.rack("B1-R1", interval_s=10.0)])

    poller.start()
    await happens(lambda: room.polls_of("B1-R1") >= 4)
    await poller.stop()

    first, *_, last = (s.observed_at_s for s in room.snapshots)
    assert last - first > 20.0


async def test_stop_lets_running_polls_end_and_closes_every_link(room):
    racks = room.racks(3)
    may_answer = asyncio.Event()
    room.readers["B1-R1"].wait_for(may_answer)
    poller = room.poller(racks)
    poller.start()
    await happens(lambda: room.readers["B1-R1"].reads)

    stopping = asyncio.create_task(poller.stop(drain_s=GIVE_UP_S))
    await asyncio.sleep(0.02)
    may_answer.set()
    await stopping

    assert room.polls_of("B1-R1") == 1
    assert [reader.closed for reader in room.readers.values()] == [1, 1, 1]


async def test_stop_cancels_what_does_not_end_in_time(room):
    rack = room.rack("B1-R1")
    room.readers["B1-R1"].wait_for(asyncio.Event())
    poller = room.poller([rack])
    poller.start()
    await happens(lambda: room.readers["B1-R1"].reads)

    await poller.stop(drain_s=0.05)

    assert not room.snapshots
    assert room.readers["B1-R1"].closed == 1
    assert poller.counters.in_flight == 0


async def test_a_reload_keeps_what_stayed_starts_what_came_and_closes_what_left(room):
    stays, leaves = room.rack("B1-R1"), room.rack("B1-R2")
    poller = room.poller([stays, leaves])
    poller.start()
    await happens(lambda: room.polls_of("B1-R1") and room.polls_of("B1-R2"))

    comes = room.rack("B1-R3")
    await poller.replace([stays, comes])
    polls_of_the_one_that_left = room.polls_of("B1-R2")
    await happens(lambda: room.polls_of("B1-R3") >= 2)
    closed = {asset_id: reader.closed for asset_id, reader in room.readers.items()}
    await poller.stop()

    assert closed == {"B1-R1": 0, "B1-R2": 1, "B1-R3": 0}
    assert room.polls_of("B1-R2") == polls_of_the_one_that_left
    assert set(poller.devices) == {"B1-R1", "B1-R3"}


async def test_a_reload_does_not_touch_a_running_poll(room):
    rack = room.rack("B1-R1")
    may_answer = asyncio.Event()
    room.readers["B1-R1"].wait_for(may_answer)
    poller = room.poller([rack])
    poller.start()
    await happens(lambda: room.readers["B1-R1"].reads)

    await poller.replace([rack, room.rack("B1-R2")])
    may_answer.set()
    await happens(lambda: room.polls_of("B1-R1"))
    await poller.stop()

    assert not any(s.is_failed for s in room.snapshots)


async def test_a_reload_drops_no_poll_of_those_that_stay(room):
    racks = room.racks(8)
    poller = room.poller(racks)
    poller.start()
    await happens(lambda: all(room.polls_of(a) for a in room.readers))

    for _ in range(10):
        visitor = room.rack("B1-R99")
        await poller.replace([*racks, visitor])
        await asyncio.sleep(0.03)
        await poller.replace(racks)
    seen = len(room.snapshots)
    await happens(lambda: len(room.snapshots) >= seen + len(racks))
    await poller.stop()

    # One snapshot a rack and round, or it was counted as missed on a machine that stood still.
    polls = [room.polls_of(rack.asset_id) for rack in racks]
    assert max(polls) - min(polls) <= 1 + poller.counters.missed


async def test_a_changed_device_takes_over_from_its_predecessor(room):
    before = room.rack("B1-R1")
    before_reader = room.readers["B1-R1"]
    poller = room.poller([before])
    poller.start()
    await happens(lambda: before_reader.reads)

    after = room.rack("B1-R1")
    await poller.replace([after])
    reads_of_the_predecessor = before_reader.reads
    await happens(lambda: room.readers["B1-R1"].reads >= 2)
    await poller.stop()

    assert before_reader.closed == 1
    assert before_reader.reads == reads_of_the_predecessor


async def test_the_last_poll_of_an_asset_that_left_is_not_handed_on(room):
    rack = room.rack("B1-R1")
    may_answer = asyncio.Event()
    room.readers["B1-R1"].wait_for(may_answer)
    poller = room.poller([rack])
    poller.start()
    await happens(lambda: room.readers["B1-R1"].reads)

    leaving = asyncio.create_task(poller.replace([]))
    await asyncio.sleep(0)
    may_answer.set()
    await leaving
    await poller.stop()

    assert not room.snapshots
    assert room.readers["B1-R1"].closed == 1


async def test_somebody_can_have_an_asset_polled_at_once(room):
    poller = room.poller([room.rack("B1-R1", interval_s=3600.0)])

    snapshot = await poller.poll_now("B1-R1")
    await poller.stop()

    assert not snapshot.is_failed
    assert room.snapshots == [snapshot]


async def test_polling_at_once_joins_the_poll_that_is_running(room):
    poller = room.poller([room.rack("B1-R1", interval_s=3600.0)])
    may_answer = asyncio.Event()
    room.readers["B1-R1"].wait_for(may_answer)

    both = [asyncio.create_task(poller.poll_now("B1-R1")) for _ in range(2)]
    await happens(lambda: room.readers["B1-R1"].reads)
    may_answer.set()
    one, other = await asyncio.gather(*both)
    await poller.stop()

    assert one is other
    assert room.readers["B1-R1"].reads == 1


async def test_somebody_who_stops_waiting_does_not_end_the_poll(room):
    poller = room.poller([room.rack("B1-R1", interval_s=3600.0)])
    may_answer = asyncio.Event()
    room.readers["B1-R1"].wait_for(may_answer)
    impatient = asyncio.create_task(poller.poll_now("B1-R1"))
    await happens(lambda: room.readers["B1-R1"].reads)

    impatient.cancel()
    may_answer.set()
    await happens(lambda: room.snapshots)
    await poller.stop()

    assert not room.snapshots[0].is_failed


async def test_polling_an_unknown_asset_at_once_is_refused(room):
    with pytest.raises(KeyError):
        await room.poller([]).poll_now("B9-R9")


async def test_an_asset_can_be_polled_faster_for_a_while(room):
    poller = room.poller([room.rack("B1-R1", interval_s=3600.0)])
    poller.start()

    poller.override_interval("B1-R1", interval_s=INTERVAL_S)
    await happens(lambda: room.polls_of("B1-R1") >= 3)
    poller.override_interval("B1-R1", interval_s=None)
    await asyncio.sleep(0.02)
    polls = room.polls_of("B1-R1")
    await asyncio.sleep(3 * INTERVAL_S)
    await poller.stop()

    assert room.polls_of("B1-R1") == polls


async def test_a_faster_interval_outlives_a_reload(room):
    poller = room.poller([room.rack("B1-R1", interval_s=3600.0)])
    poller.start()
    poller.override_interval("B1-R1", interval_s=INTERVAL_S)

    await poller.replace([room.rack("B1-R1", interval_s=3600.0)])
    await happens(lambda: room.polls_of("B1-R1") >= 2)
    await poller.stop()
