"""A poll always ends in a snapshot, and a loss is told once."""

import asyncio
import logging

import pytest

from batteryd.domain.component import WHOLE_BATTERY
from batteryd.domain.quality import Quality
from batteryd.errors import LinkAuthFailed, LinkRefused, LinkTimeout
from tests.polling import NAMEPLATE, FakeReader, ManualClock, make_device, make_endpoint

TIMED_OUT = LinkTimeout("no answer from 10.0.5.11:502 in 1.0 s")
LOGGER = "batteryd.devices.device"


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def reader():
    return FakeReader()


@pytest.fixture
def device(reader, clock):
    return make_device(reader=reader, clock=clock)


async def test_a_poll_is_a_snapshot_of_what_was_read(reader, clock, device):
    async def take_a_while() -> None:
        clock.advance(0.4)

    reader.behave = take_a_while

    snapshot = await device.poll()

    assert snapshot.asset_id == "B1-R3"
    assert snapshot.value(WHOLE_BATTERY, "voltage_v") == 409.6
    assert snapshot.observed_at_s == clock.wall_s
    assert snapshot.duration_s == pytest.approx(0.4)
    assert not snapshot.is_failed


async def test_a_failed_poll_is_a_snapshot_too(reader, device):
    reader.fail_with(TIMED_OUT)

    snapshot = await device.poll()

    assert snapshot.failure == "timeout: no answer from 10.0.5.11:502 in 1.0 s"
    assert snapshot.layout is reader.layout
    assert snapshot.value(WHOLE_BATTERY, "voltage_v") is None


async def test_nothing_is_sent_during_a_back_off_and_the_snapshot_says_so(reader, clock, device):
    reader.fail_with(TIMED_OUT)
    await device.poll()

    clock.advance(0.9)
    snapshot = await device.poll()

    assert reader.reads == 1
    assert snapshot.failure == "backoff: timeout: no answer from 10.0.5.11:502 in 1.0 s"


async def test_a_silent_device_is_asked_twice_a_minute_and_its_return_is_seen(
    reader, clock, device
):
    reader.fail_with(TIMED_OUT)
    for _ in range(360):
        await device.poll()
        clock.advance(10.0)
    reads_in_an_hour = reader.reads

    reader.answer_again()
    failures = 0
    while (await device.poll()).is_failed:
        failures += 1
        clock.advance(10.0)

    assert 110 <= reads_in_an_hour <= 125
    assert failures <= 3


async def test_an_urgent_poll_does_not_wait_for_the_back_off(reader, device):
    reader.fail_with(TIMED_OUT)
    await device.poll()
    reader.answer_again()

    snapshot = await device.poll(is_urgent=True)

    assert not snapshot.is_failed


async def test_back_off_follows_the_demos_fast_clock(reader):
    clock = ManualClock(rate=20.0)
    device = make_device(reader=reader, clock=clock)
    reader.fail_with(LinkAuthFailed("unknown user"))
    await device.poll()

    clock.advance(1.6)  # 32 s of that clock
    await device.poll()

    assert reader.reads == 2


async def test_a_device_that_never_finishes_is_given_up_at_its_deadline(reader, clock):
    device = make_device(reader=reader, clock=clock, deadline_s=0.02)
    reader.wait_for(asyncio.Event())

    snapshot = await device.poll()

    assert snapshot.failure == "timeout: not finished in 0.02 s"


async def test_a_broken_reader_costs_its_own_poll_and_is_told_once(reader, device, caplog):
    reader.fail_with(IndexError("register 40 of 38"))

    with caplog.at_level(logging.WARNING, LOGGER):
        snapshots = [await device.poll() for _ in range(5)]

    assert {s.failure for s in snapshots} == {"internal: IndexError"}
    assert [r.message for r in caplog.records if r.exc_info] == ["reader broke asset=B1-R3"]
    assert reader.reads == 5  # the device answers: there is nothing to back off from


async def test_a_loss_is_told_once_and_the_recovery_once_with_its_duration(
    reader, clock, device, caplog
):
    with caplog.at_level(logging.INFO, LOGGER):
        await device.poll()
        reader.fail_with(LinkRefused("10.0.5.11:502 refused the connection"))
        for _ in range(12):
            clock.advance(10.0)
            await device.poll()
        reader.answer_again()
        clock.advance(30.0)
        await device.poll()
        await device.poll()

    lost, back = [r.message for r in caplog.records]
    assert lost == (
        "device lost asset=B1-R3 endpoint=10.0.5.11:502"
        " failure='refused: 10.0.5.11:502 refused the connection'"
    )
    assert back == "device back asset=B1-R3 endpoint=10.0.5.11:502 lost_s=140 failed_polls=12"


async def test_one_lost_datagram_is_no_loss(reader, clock, device, caplog):
    with caplog.at_level(logging.INFO, LOGGER):
        for _ in range(10):
            reader.fail_with(TIMED_OUT)
            await device.poll()
            reader.answer_again()
            clock.advance(10.0)
            await device.poll()

    assert not caplog.records


async def test_racks_behind_one_gateway_are_read_one_at_a_time(clock):
    gateway = make_endpoint()
    readers = [FakeReader() for _ in range(3)]
    devices = [
        make_device(f"B1-R{n}", reader=reader, clock=clock, endpoint=gateway)
        for n, reader in enumerate(readers, start=1)
    ]
    may_answer = asyncio.Event()
    readers[0].wait_for(may_answer)

    polls = [asyncio.create_task(device.poll()) for device in devices]
    for _ in range(5):
        await clock.sleep(0)
    reads_meanwhile = [reader.reads for reader in readers]
    may_answer.set()
    snapshots = await asyncio.gather(*polls)

    assert reads_meanwhile == [1, 0, 0]
    assert not any(s.is_failed for s in snapshots)


async def test_waiting_for_ones_turn_is_not_held_against_the_device(clock):
    gateway = make_endpoint()
    slow, quick = FakeReader(), FakeReader()
    slow.wait_for(asyncio.Event())
    slow_device = make_device("B1-R1", reader=slow, clock=clock, endpoint=gateway, deadline_s=0.05)
    quick_device = make_device(
        "B1-R2", reader=quick, clock=clock, endpoint=gateway, deadline_s=0.05
    )

    given_up, read = await asyncio.gather(slow_device.poll(), quick_device.poll())

    assert given_up.is_failed
    assert not read.is_failed


async def test_those_who_wait_behind_two_refusals_send_nothing_themselves(clock):
    gateway = make_endpoint()
    readers = [FakeReader() for _ in range(3)]
    for reader in readers:
        reader.fail_with(LinkRefused("10.0.5.11:502 refused the connection"))

    snapshots = await asyncio.gather(
        *(
            make_device(f"B1-R{n}", reader=reader, clock=clock, endpoint=gateway).poll()
            for n, reader in enumerate(readers, start=1)
        )
    )

    assert [reader.reads for reader in readers] == [1, 1, 0]
    assert [(s.failure or "").split(":")[0] for s in snapshots] == ["refused", "refused", "backoff"]


async def test_the_nameplate_is_due_at_first_and_then_once_a_day(clock, device):
    assert device.is_nameplate_due
    assert await device.read_nameplate() == NAMEPLATE
    assert not device.is_nameplate_due

    clock.advance(24 * 3600.0)

    assert device.is_nameplate_due


async def test_a_device_that_came_back_is_asked_again_who_it_is(reader, clock, device):
    await device.read_nameplate()
    reader.fail_with(TIMED_OUT)
    for _ in range(3):
        await device.poll()
        clock.advance(30.0)
    is_due_while_lost = device.is_nameplate_due

    reader.answer_again()
    await device.poll()

    assert not is_due_while_lost
    assert device.is_nameplate_due


@pytest.mark.parametrize("error", [TIMED_OUT, ValueError("month 13")], ids=["link", "defect"])
async def test_a_nameplate_that_cannot_be_read_is_tried_again_in_an_hour(
    reader, clock, device, error
):
    reader.fail_with(error)

    assert await device.read_nameplate() is None
    assert not device.is_nameplate_due

    clock.advance(3600.0)
    assert device.is_nameplate_due


async def test_an_asset_may_have_an_interval_of_its_own(reader, clock):
    as_profile_says = make_device(reader=reader, clock=clock)
    of_its_own = make_device(reader=reader, clock=clock, poll_interval_s=2.0)

    assert (as_profile_says.interval_s, of_its_own.interval_s) == (10.0, 2.0)


async def test_closing_a_device_lets_go_of_its_link(reader, device):
    await device.close()

    assert reader.closed == 1


async def test_a_device_that_restarted_is_asked_who_it_is(reader, device):
    await device.poll()
    await device.read_nameplate()

    reader.restart_count += 1
    await device.poll()

    assert device.is_nameplate_due


async def test_a_value_that_jumps_is_shown_and_doubted_until_it_repeats(reader, device):
    await device.poll()

    reader.values = (409.6, 5.0)
    jumped, confirmed = await device.poll(), await device.poll()

    assert [Quality(code) for code in jumped.quality] == [
        Quality.GOOD,
        Quality.UNCONFIRMED_JUMP,
    ]
    assert jumped.value(WHOLE_BATTERY, "soc_pct") == 5.0
    assert not confirmed.quality.any()
