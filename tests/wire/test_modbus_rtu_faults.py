"""Serial lines on bad days: late, damaged, doubled and foreign answers, without transaction ids."""

from collections.abc import AsyncIterator, Sequence

import pytest

from batteryd.devices.modbus import PymodbusLink
from batteryd.devices.modbus_line import RtuTcpLine
from batteryd.errors import LinkError, LinkOutOfStep, LinkTimeout
from tests.wire.rtu_device import Piece, RtuDevice, framed, honest

pytestmark = pytest.mark.wire

IMPATIENCE_S = 0.15


@pytest.fixture
async def device() -> AsyncIterator[RtuDevice]:
    async with RtuDevice() as running:
        yield running


@pytest.fixture
async def link(device: RtuDevice) -> AsyncIterator[PymodbusLink]:
    opened = PymodbusLink(RtuTcpLine("127.0.0.1", device.port), timeout_s=IMPATIENCE_S)
    yield opened
    await opened.close()


async def read(link: PymodbusLink, start: int) -> Sequence[int]:
    return await link.read(unit=3, function=3, start=start, count=2)


def damaged(request: bytes) -> Sequence[Piece]:
    (answer,) = honest(request)
    assert isinstance(answer, bytes)
    return [answer[:4] + b"\x55" + answer[5:]]


def twice(request: bytes) -> Sequence[Piece]:
    (answer,) = honest(request)
    assert isinstance(answer, bytes)
    return [answer + answer]


def of_another_unit(request: bytes) -> Sequence[Piece]:
    return honest(b"\x04" + request[1:])


def noise_before(request: bytes) -> Sequence[Piece]:
    return [b"\xff", *honest(request)]


def of_another_length(request: bytes) -> Sequence[Piece]:
    return [framed(request[:2] + b"\x02\0\x07")]


@pytest.mark.parametrize(
    "script", [damaged, twice, of_another_unit, noise_before, of_another_length]
)
async def test_a_fault_ends_the_request_and_the_next_one_is_right(device, link, script):
    device.script = script
    with pytest.raises(LinkOutOfStep):
        await read(link, 100)
    device.script = honest

    assert await read(link, 300) == [300, 301]


async def test_half_an_answer_is_a_time_out(device, link):
    device.script = lambda request: [honest(request)[0][:5]]

    with pytest.raises(LinkTimeout):
        await read(link, 100)


async def test_an_answer_in_pieces_is_one_answer(device, link):
    device.script = lambda request: [bytes([octet]) for octet in honest(request)[0]]

    assert await read(link, 100) == [100, 101]


async def test_a_late_answer_finds_nobody_although_nothing_tells_it_from_the_next(device, link):
    device.script = lambda request: [IMPATIENCE_S * 1.5, *honest(request)]
    with pytest.raises(LinkTimeout):
        await read(link, 100)
    device.script = honest

    assert await read(link, 300) == [300, 301]


async def test_a_device_that_restarts_in_the_middle_is_read_by_the_next_poll(device, link):
    await read(link, 100)
    device.script = lambda request: [honest(request)[0][:4], 0.02, b"\0boot\0\0\0\0"]
    with pytest.raises(LinkError):
        await read(link, 200)
    device.script = honest

    assert await read(link, 300) == [300, 301]
