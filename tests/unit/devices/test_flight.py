"""At most one poll a device, a bound in all, and an end within the time given."""

import asyncio
import logging

import pytest

from batteryd.devices.flight import Flight
from tests.polling import FakeReader, ManualClock, make_device


@pytest.fixture
def devices():
    return [make_device(f"B1-R{n}", reader=FakeReader(), clock=ManualClock()) for n in (1, 2, 3)]


async def until(event, device):
    await event.wait()
    return await device.poll()


async def test_a_device_has_one_poll_in_the_air(devices):
    flight = Flight(in_flight_max=10)
    may_end = asyncio.Event()

    poll = flight.begin(devices[0], until(may_end, devices[0]))
    had_room = flight.has_room_for(devices[0])
    may_end.set()
    await poll

    assert not had_room
    assert flight.has_room_for(devices[0])


async def test_polls_in_the_air_are_bounded(devices):
    flight = Flight(in_flight_max=2)
    may_end = asyncio.Event()

    for device in devices[:2]:
        flight.begin(device, until(may_end, device))

    assert len(flight) == 2
    assert not flight.has_room_for(devices[2])
    may_end.set()
    await flight.drain(devices, drain_s=1.0)
    assert len(flight) == 0


async def test_what_outlasts_the_drain_is_cancelled_and_what_does_not_is_finished(devices):
    flight = Flight(in_flight_max=10)
    finished = flight.begin(devices[0], devices[0].poll())
    hanging = flight.begin(devices[1], until(asyncio.Event(), devices[1]))

    await flight.drain(devices, drain_s=0.05)

    assert finished.result().asset_id == "B1-R1"
    assert hanging.cancelled()
    assert len(flight) == 0


async def test_a_sink_that_breaks_is_told_and_ends_nothing_else(devices, caplog):
    async def poll_into_a_broken_sink():
        raise RuntimeError("queue is closed")

    flight = Flight(in_flight_max=10)

    with caplog.at_level(logging.ERROR, "batteryd.devices.flight"):
        flight.begin(devices[0], poll_into_a_broken_sink())
        other = flight.begin(devices[1], devices[1].poll())
        await flight.drain(devices, drain_s=1.0)

    assert [r.message for r in caplog.records] == ["snapshot not taken asset=B1-R1"]
    assert not other.result().is_failed
