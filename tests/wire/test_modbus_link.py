import asyncio
import struct
from collections.abc import AsyncIterator, Sequence

import pytest

from batteryd.devices.modbus import PymodbusLink
from batteryd.devices.modbus_line import TcpLine
from batteryd.errors import (
    DeviceRejected,
    LinkError,
    LinkOutOfStep,
    LinkRefused,
    LinkTimeout,
)
from tests.wire.modbus_device import Answer, Asked, ModbusDevice, Script, honest, refusal

pytestmark = pytest.mark.wire

PATIENCE_S = 5.0  # long enough for a loaded machine, and no test waits for it
IMPATIENCE_S = 0.1


@pytest.fixture
async def device() -> AsyncIterator[ModbusDevice]:
    async with ModbusDevice() as running:
        yield running


@pytest.fixture
async def link(device: ModbusDevice) -> AsyncIterator[PymodbusLink]:
    opened = PymodbusLink(TcpLine("127.0.0.1", device.port), timeout_s=PATIENCE_S)
    yield opened
    await opened.close()


async def read(link: PymodbusLink, start: int = 100, count: int = 2) -> Sequence[int]:
    return await link.read(unit=3, function=3, start=start, count=count)


@pytest.mark.parametrize(
    ("function", "start", "count", "expected"),
    [
        (1, 6, 11, [0, 1] * 5 + [0]),
        (2, 7, 3, [1, 0, 1]),
        (3, 100, 125, list(range(100, 225))),
        (4, 0xFFFF, 1, [0xFFFF]),
    ],
)
async def test_registers_and_bits_come_back_as_numbers(
    link: PymodbusLink, function: int, start: int, count: int, expected: list[int]
) -> None:
    assert await link.read(unit=3, function=function, start=start, count=count) == expected


@pytest.mark.parametrize("function", [0, 5, 6, 7, 8, 15, 16, 22, 23, 43, -1, 3.5, "3", None])
async def test_no_function_but_a_read_is_ever_sent(
    device: ModbusDevice, link: PymodbusLink, function: int
) -> None:
    with pytest.raises(ValueError, match="only 1 to 4"):
        await link.read(unit=1, function=function, start=0, count=1)

    assert device.connections == 0


async def test_all_that_a_link_can_send_are_reads_and_identification(
    device: ModbusDevice, link: PymodbusLink
) -> None:
    for function in range(256):
        with_refusals = link.read(unit=1, function=function, start=0, count=1)
        try:
            await with_refusals
        except ValueError:
            continue
    await link.read_identification(unit=1)

    assert {asked.function for asked in device.asked} == {1, 2, 3, 4, 0x2B}
    assert device.asked[-1].pdu[1] == 0x0E


@pytest.mark.parametrize(
    ("unit", "function", "start", "count"),
    [
        (1, 3, 0, 126),
        (1, 3, 0, 0),
        (1, 1, 0, 2001),
        (1, 3, 0xFFFF, 2),
        (1, 3, -1, 1),
        (256, 3, 0, 1),
    ],
)
async def test_an_illegal_read_is_not_sent(
    device: ModbusDevice, link: PymodbusLink, unit: int, function: int, start: int, count: int
) -> None:
    with pytest.raises(ValueError, match="no legal read"):
        await link.read(unit=unit, function=function, start=start, count=count)

    assert device.connections == 0


async def test_one_connection_is_kept_and_shared_by_all_units(
    device: ModbusDevice, link: PymodbusLink
) -> None:
    for unit in (1, 2, 3, 1):
        await link.read(unit=unit, function=3, start=0, count=1)

    assert device.connections == 1
    assert [asked.unit for asked in device.asked] == [1, 2, 3, 1]


async def test_requests_take_turns(device: ModbusDevice, link: PymodbusLink) -> None:
    open_requests = 0

    def one_at_a_time(asked: Asked) -> Answer:
        nonlocal open_requests
        open_requests = len(device.asked) - answered
        return honest(asked)

    answered = 0

    async def ask(unit: int) -> None:
        nonlocal answered
        await link.read(unit=unit, function=3, start=unit, count=1)
        answered += 1
        assert open_requests == 1

    device.script = one_at_a_time

    await asyncio.gather(*(ask(unit) for unit in range(1, 9)))

    assert answered == 8


async def test_a_refusal_carries_its_code_and_keeps_the_connection(
    device: ModbusDevice, link: PymodbusLink
) -> None:
    device.script = lambda asked: [refusal(asked, code=2)]

    with pytest.raises(DeviceRejected, match="illegal data address") as caught:
        await read(link)
    device.script = honest

    assert caught.value.code == 2
    assert await read(link) == [100, 101]
    assert device.connections == 1


async def test_an_answer_in_many_pieces_is_one_answer(
    device: ModbusDevice, link: PymodbusLink
) -> None:
    def dribble(asked: Asked) -> Answer:
        (answer,) = honest(asked) or [b""]
        return [answer[i : i + 1] for i in range(len(answer))]

    device.script = dribble

    assert await read(link) == [100, 101]


def other_transaction(asked: Asked) -> Answer:
    return [asked.frame(b"\x03\x04\0\x07\0\x07", transaction=asked.transaction - 1)]


def transaction_zero(asked: Asked) -> Answer:
    return [asked.frame(b"\x03\x04\0\x07\0\x07", transaction=0)]


def other_unit(asked: Asked) -> Answer:
    return [asked.frame(b"\x03\x04\0\x07\0\x07", unit=4)]


def other_function(asked: Asked) -> Answer:
    return [asked.frame(b"\x04\x04\0\x07\0\x07")]


def too_short(asked: Asked) -> Answer:
    return [asked.frame(b"\x03\x02\0\x07")]


def too_long(asked: Asked) -> Answer:
    return [asked.frame(b"\x03\x06\0\x07\0\x07\0\x07")]


def twice(asked: Asked) -> Answer:
    return [(honest(asked) or [b""])[0] * 2]


def web_page(_asked: Asked) -> Answer:
    return [b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"]


def hanging_up(_asked: Asked) -> Answer:
    return None


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (other_transaction, LinkOutOfStep),
        (transaction_zero, LinkOutOfStep),
        (other_unit, LinkOutOfStep),
        (other_function, LinkOutOfStep),
        (too_short, LinkOutOfStep),
        (too_long, LinkOutOfStep),
        (twice, LinkOutOfStep),
        (web_page, LinkOutOfStep),
        (hanging_up, LinkRefused),
    ],
)
async def test_a_fault_ends_the_request_at_once_and_the_next_one_starts_afresh(
    device: ModbusDevice,
    link: PymodbusLink,
    script: Script,
    error: type[LinkError],
) -> None:
    device.script = script

    async with asyncio.timeout(PATIENCE_S / 2):
        with pytest.raises(error, match=f"127.0.0.1:{device.port}"):
            await read(link)
    device.script = honest

    assert await read(link) == [100, 101]
    assert device.connections == 2


async def test_a_late_answer_is_never_taken_for_the_next_one(device: ModbusDevice) -> None:
    link = PymodbusLink(TcpLine("127.0.0.1", device.port), timeout_s=IMPATIENCE_S)
    held_back: list[bytes] = []

    def one_behind(asked: Asked) -> Answer:
        held_back.extend(honest(asked) or [])
        return [held_back.pop(0)] if len(held_back) > 1 else []

    device.script = one_behind
    with pytest.raises(LinkTimeout, match="no answer from"):
        await read(link, start=100)
    with pytest.raises(LinkError):
        await read(link, start=200)
    device.script = honest

    assert await read(link, start=300) == [300, 301]
    await link.close()


async def test_an_answer_that_comes_after_the_time_out_finds_nobody(device: ModbusDevice) -> None:
    link = PymodbusLink(TcpLine("127.0.0.1", device.port), timeout_s=IMPATIENCE_S)
    device.script = lambda _asked: []
    with pytest.raises(LinkTimeout):
        await read(link, start=100)
    late = device.asked[0].frame(struct.pack(">BB2H", 3, 4, 666, 666))
    await device.say(late)
    device.script = honest

    assert await read(link, start=300) == [300, 301]
    assert device.connections == 2
    await link.close()


async def test_a_cancelled_request_closes_the_connection(
    device: ModbusDevice, link: PymodbusLink
) -> None:
    device.script = lambda _asked: []
    waiting = asyncio.ensure_future(read(link, start=100))
    while not device.asked:
        await asyncio.sleep(0.005)
    waiting.cancel()
    await asyncio.wait([waiting])
    device.script = honest

    assert await read(link, start=300) == [300, 301]
    assert device.connections == 2


async def test_data_that_nobody_asked_for_closes_the_connection(
    device: ModbusDevice, link: PymodbusLink
) -> None:
    await read(link)
    await device.say(device.asked[0].frame(b"\x03\x04\0\x07\0\x07"))
    await asyncio.sleep(0.02)

    assert await read(link, start=300) == [300, 301]
    assert device.connections == 2


async def test_a_device_that_hung_up_between_polls_is_called_again(
    device: ModbusDevice, link: PymodbusLink
) -> None:
    await read(link)
    device.hang_up()
    await asyncio.sleep(0.02)

    assert await read(link, start=300) == [300, 301]
    assert device.connections == 2


async def test_a_closed_port_is_refused(device: ModbusDevice) -> None:
    async with ModbusDevice() as gone:
        port = gone.port
    link = PymodbusLink(TcpLine("127.0.0.1", port))

    with pytest.raises(LinkRefused, match=f"no connection to 127.0.0.1:{port}"):
        await read(link)


@pytest.mark.parametrize("host", ["a..b", "x" * 70, "no such host"])
async def test_a_host_that_cannot_be_is_refused(host: str) -> None:
    with pytest.raises(LinkRefused):
        await read(PymodbusLink(TcpLine(host, 502)))


async def test_a_link_may_be_closed_twice_and_used_again(
    device: ModbusDevice, link: PymodbusLink
) -> None:
    await read(link)
    await link.close()
    await link.close()

    assert await read(link) == [100, 101]


class PauseClock:
    """A clock whose time passes only by sleeping."""

    rate = 60.0

    def __init__(self) -> None:
        self.slept_s: list[float] = []
        self._steady_s = 5.0

    def now_s(self) -> float:
        return 0.0

    def monotonic_s(self) -> float:
        return self._steady_s

    async def sleep(self, duration_s: float) -> None:
        self.slept_s.append(duration_s)
        self._steady_s += duration_s / self.rate


async def test_a_pause_is_kept_between_requests_in_real_seconds(device: ModbusDevice) -> None:
    clock = PauseClock()
    link = PymodbusLink(TcpLine("127.0.0.1", device.port), request_pause_s=0.05, clock=clock)

    for _ in range(3):
        await read(link)

    assert clock.slept_s == pytest.approx([3.0, 3.0])  # of a clock that runs 60 times as fast
    await link.close()


def identification(objects: dict[int, bytes], *, more: bool = False, following: int = 0) -> bytes:
    content = b"".join(bytes([n, len(text)]) + text for n, text in objects.items())
    return bytes([0x2B, 0x0E, 2, 0x82, 0xFF * more, following, len(objects)]) + content


async def test_identification_is_collected_over_several_answers(
    device: ModbusDevice, link: PymodbusLink
) -> None:
    def in_two(asked: Asked) -> Answer:
        if asked.pdu[3] == 0:
            return [asked.frame(identification({0: b"Hanbit"}, more=True, following=2))]
        return [asked.frame(identification({2: b"2.1", 5: b"LR-314"}))]

    device.script = in_two

    assert await link.read_identification(unit=1) == {0: b"Hanbit", 2: b"2.1", 5: b"LR-314"}


async def test_a_device_that_never_ends_its_identification_is_stopped(
    device: ModbusDevice, link: PymodbusLink
) -> None:
    device.script = lambda asked: [asked.frame(identification({0: b"A"}, more=True))]

    assert await link.read_identification(unit=1) == {0: b"A"}
    assert len(device.asked) == 8


async def test_a_device_without_identification_says_nothing(link: PymodbusLink) -> None:
    assert await link.read_identification(unit=1) == {}


async def test_a_gateway_without_the_unit_is_no_device_without_identification(
    device: ModbusDevice, link: PymodbusLink
) -> None:
    device.script = lambda asked: [refusal(asked, code=11)]

    with pytest.raises(DeviceRejected, match="did not respond"):
        await link.read_identification(unit=1)


async def test_a_lost_device_leaves_no_line_in_the_log(
    device: ModbusDevice, link: PymodbusLink, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    for script in (hanging_up, other_transaction, web_page):
        device.script = script
        with pytest.raises(LinkError):
            await read(link)
    with pytest.raises(LinkError):
        await read(PymodbusLink(TcpLine("127.0.0.1", 1)))

    assert [r.getMessage() for r in caplog.records if r.name != "asyncio" or r.levelno > 10] == []
