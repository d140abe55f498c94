"""A rack of 313 values over Modbus: our poll beside the bare library asking the same registers."""

import asyncio
import multiprocessing
import time
import tomllib
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path

from pymodbus.client import AsyncModbusTcpClient

from batteryd.devices.compiler import compile_decoder
from batteryd.devices.modbus import PymodbusLink
from batteryd.devices.modbus_line import TcpLine
from batteryd.devices.modbus_profile import ModbusProfile
from batteryd.devices.modbus_reader import ModbusReader
from batteryd.devices.profile import parse_profile
from batteryd.domain.inventory import Geometry
from tests.bench.row import BenchRow
from tests.wire.modbus_device import ModbusDevice

PROFILE_FILE = Path(__file__).parents[2] / "config" / "profiles" / "lithium-rack.toml"
ROUNDS = 7
POLLS_PER_ROUND = 100
UNIT = 1
TIMEOUT_S = 5.0
GOAL = "at most 2 times the bare reads"

Poll = Callable[[], Awaitable[object]]


def run() -> list[BenchRow]:
    """Measure the CPU time of this process; the device is another one."""
    ours_end, device_end = multiprocessing.Pipe()
    device = multiprocessing.get_context("spawn").Process(target=_serve, args=(device_end,))
    device.start()
    try:
        ours, bare = asyncio.run(_measure(ours_end.recv()))
    finally:
        ours_end.send(None)
        device.join()
    return [
        BenchRow("Modbus rack poll, 313 values", ours * 1e6, bare * 1e6, "µs CPU", GOAL),
    ]


async def _measure(port: int) -> tuple[float, float]:
    profile = parse_profile(tomllib.loads(PROFILE_FILE.read_text()), file=PROFILE_FILE.name)
    assert isinstance(profile, ModbusProfile)
    requests = compile_decoder(profile, Geometry()).requests
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=TIMEOUT_S, retries=0)
    await client.connect()
    link = PymodbusLink(TcpLine("127.0.0.1", port), timeout_s=TIMEOUT_S)
    reader = ModbusReader(profile, geometry=Geometry(), link=link, unit=UNIT)

    async def bare() -> None:
        for request in requests:
            await client.read_holding_registers(request.start, count=request.count, device_id=UNIT)

    # Turn by turn, so that whatever else the machine does meets both alike; the best round counts.
    rounds = [(await _cpu_s(reader.read), await _cpu_s(bare)) for _ in range(ROUNDS)]
    await reader.close()
    client.close()
    return min(ours for ours, _ in rounds), min(bare for _, bare in rounds)


async def _cpu_s(poll: Poll) -> float:
    await poll()
    started_s = time.process_time()
    for _ in range(POLLS_PER_ROUND):
        await poll()
    return (time.process_time() - started_s) / POLLS_PER_ROUND


def _serve(device_end: Connection) -> None:
    asyncio.run(_serve_until_told(device_end))


async def _serve_until_told(device_end: Connection) -> None:
    async with ModbusDevice() as device:
        device_end.send(device.port)
        await asyncio.to_thread(device_end.recv)


if __name__ == "__main__":
    for row in run():
        print(row)
