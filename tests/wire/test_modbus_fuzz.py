"""Whatever a device sends, a link raises nothing but `LinkError`, and the next request works."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batteryd.devices.modbus import PymodbusLink
from batteryd.devices.modbus_line import TcpLine
from batteryd.errors import LinkError
from tests.wire.modbus_device import Answer, Asked, ModbusDevice, honest

pytestmark = pytest.mark.wire

TIMEOUT_S = 0.02


def truncated(asked: Asked, cut: int, _junk: bytes) -> bytes:
    return right(asked)[:-cut]


def oversized(asked: Asked, _cut: int, junk: bytes) -> bytes:
    return right(asked) + junk


def shifted(asked: Asked, _cut: int, junk: bytes) -> bytes:
    return junk + right(asked)


def other_transaction(asked: Asked, cut: int, _junk: bytes) -> bytes:
    return asked.frame(right(asked)[7:], transaction=(asked.transaction + cut) % 0x10000)


def wrong_content(asked: Asked, _cut: int, junk: bytes) -> bytes:
    return asked.frame(bytes([asked.function]) + junk)


def wrong_type(asked: Asked, _cut: int, junk: bytes) -> bytes:
    return asked.frame(junk)


def flipped(asked: Asked, cut: int, junk: bytes) -> bytes:
    answer = bytearray(right(asked))
    for octet in junk:
        answer[(cut + octet) % len(answer)] ^= octet
    return bytes(answer)


def garbage(_asked: Asked, _cut: int, junk: bytes) -> bytes:
    return junk


def right(asked: Asked) -> bytes:
    (answer,) = honest(asked) or [b""]
    return answer


Lie = Callable[[Asked, int, bytes], bytes]
lies: st.SearchStrategy[Lie] = st.sampled_from(
    [truncated, oversized, shifted, other_transaction, wrong_content, wrong_type, flipped, garbage]
)


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    lie=lies,
    cut=st.integers(1, 9),
    junk=st.binary(min_size=1, max_size=40),
    identification=st.booleans(),
    in_pieces=st.booleans(),
)
def test_a_lying_device_costs_a_link_error_at_most(
    lie: Lie, cut: int, junk: bytes, *, identification: bool, in_pieces: bool
) -> None:
    complaints: list[dict[str, object]] = []

    async def converse() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, c: complaints.append(c))

        def lying(asked: Asked) -> Answer:
            said = lie(asked, cut, junk)
            return [said[:cut], said[cut:]] if in_pieces else [said]

        async with ModbusDevice(lying) as device:
            link = PymodbusLink(TcpLine("127.0.0.1", device.port), timeout_s=TIMEOUT_S)
            try:
                if identification:
                    await link.read_identification(unit=3)
                else:
                    assert len(await link.read(unit=3, function=3, start=100, count=2)) == 2
            except LinkError:
                pass
            device.script = honest
            await eventually_right(link)
            await link.close()

    asyncio.run(converse())

    assert complaints == []


async def eventually_right(link: PymodbusLink) -> None:
    # What is still under way from the lie may cost the next request its connection, not more.
    for _ in range(2):
        try:
            assert await link.read(unit=3, function=3, start=300, count=2) == [300, 301]
        except LinkError:
            continue
        return
    pytest.fail("the link did not get back in step")
