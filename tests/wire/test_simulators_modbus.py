"""The simulated BMS on real sockets, seen by pymodbus and, where that hides too much, by bytes."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from batteryd.clock import SystemClock
from simulators.modbus_server import ModbusServer
from tests.simulated import fault, make_world

pytestmark = pytest.mark.wire

SOC = 0x0001  # register of the state of charge, tenths
READ_SOC = bytes.fromhex("03 0001 0001")
READ_SOH = bytes.fromhex("03 0002 0001")


@asynccontextmanager
async def serving(*entries: dict[str, Any]) -> AsyncIterator[ModbusServer]:
    racks = make_world(*entries).racks
    server = ModbusServer({1: racks["R1"], 2: racks["R2"]})
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def client_of(server: ModbusServer) -> AsyncIterator[AsyncModbusTcpClient]:
    client = AsyncModbusTcpClient(server.host, port=server.port, timeout=0.25, retries=0)
    assert await client.connect()
    try:
        yield client
    finally:
        client.close()


@asynccontextmanager
async def line_to(
    server: ModbusServer,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


def framed(transaction: int, pdu: bytes, *, unit: int = 1) -> bytes:
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


async def read_soc(client: AsyncModbusTcpClient, *, unit: int = 1) -> ModbusPDU:
    return await client.read_holding_registers(SOC, count=1, device_id=unit)


async def received(reader: asyncio.StreamReader, *, within_s: float = 0.3) -> bytes:
    """Return what comes within a while; nothing where nothing does."""
    try:
        return await asyncio.wait_for(reader.read(1024), within_s)
    except TimeoutError:
        return b""


async def test_two_racks_behind_one_listener_are_two_devices() -> None:
    full = fault("spike", "R2", component="-", quantity="soc_pct")
    async with serving(full) as server, client_of(server) as client:
        first, second = [await read_soc(client, unit=unit) for unit in (1, 2)]

    assert first.registers[0] == pytest.approx(800, abs=5)
    assert second.registers == [1000]


async def test_a_whole_block_is_read_in_one_request() -> None:
    async with serving() as server, client_of(server) as client:
        cells = await client.read_holding_registers(0x0100, count=125, device_id=1)

    assert len(cells.registers) == 125
    assert 3900 < cells.registers[0] < 4000  # mV at 80 %


async def test_a_unit_that_nobody_has_is_answered_by_the_gateway() -> None:
    async with serving() as server, client_of(server) as client:
        answer = await read_soc(client, unit=9)

    assert answer.isError()
    assert answer.exception_code == 11


async def test_writes_are_refused_and_every_function_is_counted() -> None:
    async with serving() as server:
        async with client_of(server) as client:
            written = await client.write_register(0x0000, 0, device_id=1)
            await read_soc(client)

        assert written.exception_code == 1
        assert server.function_codes == {6: 1, 3: 1}


async def test_a_silent_device_never_answers_though_its_neighbour_does() -> None:
    async with serving(fault("silent")) as server, client_of(server) as client:
        with pytest.raises(ModbusException, match="No response"):
            await read_soc(client)
    async with serving(fault("silent")) as server, client_of(server) as client:
        neighbour = await read_soc(client, unit=2)

    assert not neighbour.isError()


async def test_a_slow_device_answers_after_its_real_seconds() -> None:
    clock = SystemClock()
    slow = fault("slow", parameters={"delay_s": 0.1})
    async with serving(slow) as server, client_of(server) as client:
        began_s = clock.monotonic_s()
        answer = await read_soc(client)
        took_s = clock.monotonic_s() - began_s

    assert not answer.isError()
    assert took_s >= 0.1


async def test_a_device_can_refuse_with_any_exception_code() -> None:
    busy = fault("exception", parameters={"code": 6})
    async with serving(busy) as server, client_of(server) as client:
        answer = await read_soc(client)

    assert answer.exception_code == 6


async def test_missing_registers_are_refused_and_their_neighbours_are_not() -> None:
    missing = fault("missing_registers", parameters={"start": SOC, "count": 1})
    async with serving(missing) as server, client_of(server) as client:
        refused = await client.read_holding_registers(0, count=4, device_id=1)
        given = await client.read_holding_registers(SOC + 1, count=2, device_id=1)

    assert refused.exception_code == 2
    assert len(given.registers) == 2


async def test_a_device_that_drops_closes_the_connection() -> None:
    async with serving(fault("drop")) as server, line_to(server) as (reader, writer):
        writer.write(framed(1, READ_SOC))

        assert await asyncio.wait_for(reader.read(), 5) == b""
        assert reader.at_eof()


async def test_garbage_is_no_frame() -> None:
    async with serving(fault("garbage")) as server, line_to(server) as (reader, writer):
        writer.write(framed(1, READ_SOC))

        answer = await received(reader, within_s=5)

    assert struct.unpack(">H", answer[2:4]) != (0,)  # the protocol number of Modbus


async def test_a_truncated_answer_stops_in_the_middle_and_no_more_comes() -> None:
    async with serving(fault("truncated")) as server, line_to(server) as (reader, writer):
        writer.write(framed(1, READ_SOC))

        first = await received(reader, within_s=5)
        rest = await received(reader)

    assert len(first) == len(framed(1, b"\x03\x02\x00\x00")) // 2
    assert rest == b""


async def test_an_answer_can_carry_the_number_of_another_transaction() -> None:
    async with serving(fault("wrong_transaction")) as server, line_to(server) as (reader, writer):
        writer.write(framed(7, READ_SOC))

        answer = await received(reader, within_s=5)

    assert struct.unpack(">H", answer[:2]) == (6,)


async def test_a_late_device_sends_each_answer_with_the_next_request() -> None:
    async with serving(fault("late")) as server, line_to(server) as (reader, writer):
        writer.write(framed(1, READ_SOC))
        at_first = await received(reader)
        writer.write(framed(2, READ_SOC))
        then = await received(reader, within_s=5)

    assert at_first == b""
    assert struct.unpack(">H", then[:2]) == (1,)


async def test_a_repeating_device_answers_with_the_block_before_under_the_right_number() -> None:
    async with serving(fault("repeat")) as server, line_to(server) as (reader, writer):
        answers = []
        for transaction, request in ((1, READ_SOC), (2, READ_SOH)):
            writer.write(framed(transaction, request))
            answers.append(await received(reader, within_s=5))

    assert struct.unpack(">H", answers[1][:2]) == (2,)
    assert answers[1][7:] == answers[0][7:]


async def test_a_device_for_one_client_closes_on_the_second() -> None:
    async with serving(fault("one_client")) as server, client_of(server) as first:
        assert not (await read_soc(first)).isError()

        async with line_to(server) as (reader, _):
            assert await asyncio.wait_for(reader.read(), 5) == b""

        assert not (await read_soc(first)).isError()
        assert server.refused_connections == 1


async def test_a_request_that_is_not_modbus_ends_the_connection() -> None:
    async with serving() as server, line_to(server) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\n\r\n")

        assert await asyncio.wait_for(reader.read(), 5) == b""


async def test_stopping_closes_the_connections_that_are_open() -> None:
    async with serving() as server, line_to(server) as (reader, writer):
        writer.write(framed(1, READ_SOC))
        assert await received(reader, within_s=5)

        await server.stop()

        with pytest.raises(OSError, match=r"."):
            await asyncio.open_connection(server.host, server.port)
