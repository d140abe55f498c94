"""A whole simulated room on real sockets, at 60 and more times the speed of life."""

import asyncio
import os
import re
import signal
import sys
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pymodbus.client import AsyncModbusTcpClient

from batteryd.clock import ScaledClock, SystemClock
from simulators.inventory import Reading, inventory_toml
from simulators.room import SimulatedRoom
from simulators.scenario import find_scenario
from tests.simulated import rack_profile

pytestmark = pytest.mark.wire

START_S = 1_764_072_000.0
CHECKOUT = Path(__file__).parents[2]


@asynccontextmanager
async def living(name: str, *, rate: float) -> AsyncIterator[SimulatedRoom]:
    clock = ScaledClock(start_s=START_S, rate=rate)
    room = SimulatedRoom(find_scenario(name), profile=rack_profile(), clock=clock)
    await room.start()
    try:
        yield room
    finally:
        await room.stop()


async def hottest_c(room: SimulatedRoom, asset_id: str) -> float:
    found = re.fullmatch(r"modbus://([\d.]+):(\d+)/(\d+)", room.addresses[asset_id])
    assert found is not None
    client = AsyncModbusTcpClient(found[1], port=int(found[2]), timeout=2, retries=0)
    await client.connect()
    answer = await client.read_holding_registers(0x13, count=1, device_id=int(found[3]))
    client.close()
    return answer.registers[0] / 10 - 40


async def test_the_rack_that_heats_up_is_seen_on_the_wire() -> None:
    async with living("hot-module", rate=600) as room:
        cool_c = await hottest_c(room, "UPS-1-R2")
        async with asyncio.timeout(20):
            while room.world.now_s < 600:
                await SystemClock().sleep(0.02)
        hot_c = await hottest_c(room, "UPS-1-R2")
        neighbour_c = await hottest_c(room, "UPS-1-R1")

    assert cool_c < 28
    assert hot_c > 45
    assert neighbour_c < 28
    assert set(room.function_codes) == {3}


async def test_the_world_catches_up_with_a_fast_clock_and_stays_with_it() -> None:
    lag_s_max = 60.0  # the loop wakes every 30 s of a clock that runs at 600
    async with living("tour", rate=600) as room, asyncio.timeout(20):
        while room.world.now_s < 600 or room.lag_s > lag_s_max:
            await SystemClock().sleep(0.02)


async def test_every_asset_has_an_address_that_the_inventory_can_carry() -> None:
    async with living("tour", rate=1) as room:
        written = inventory_toml(room.scenario, Reading(room.addresses), start_s=room.start_s)

    tables = tomllib.loads(written)
    addresses = [asset["address"] for asset in (*tables["ups"], *tables["battery"])]
    assert len(set(addresses)) == len(addresses) == 10
    assert sorted(a.split(":")[0] for a in addresses) == ["modbus"] * 7 + ["snmp"] * 3
    gateway = [b["address"].rpartition("/") for b in tables["battery"] if b["ups_id"] == "UPS-B"]
    assert gateway[0][0] == gateway[1][0]
    assert [unit for _, _, unit in gateway] == ["1", "2"]


async def test_a_room_that_was_stopped_can_be_stopped_again() -> None:
    async with living("quiet", rate=1) as room:
        await room.stop()


async def test_the_command_prints_addresses_and_writes_an_inventory(tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.toml"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators", "--scenario", "quiet", "--inventory", str(inventory),
        stdout=asyncio.subprocess.PIPE, cwd=CHECKOUT, env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout is not None

    lines = [(await asyncio.wait_for(process.stdout.readline(), 30)).decode() for _ in range(5)]
    process.send_signal(signal.SIGINT)

    assert await asyncio.wait_for(process.wait(), 10) == 0
    assert "modbus://127.0.0.1:" in "".join(lines)
    assert len(tomllib.loads(inventory.read_text(encoding="utf-8"))["battery"]) == 2


async def test_the_command_tells_a_wrong_scenario_and_exits_with_two() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators", "--scenario", "fire",
        stderr=asyncio.subprocess.PIPE, cwd=CHECKOUT,
    )  # fmt: skip

    _, errors = await asyncio.wait_for(process.communicate(), 30)

    assert process.returncode == 2
    assert (
        b"one of daejeon, early-warning, hot-module, quiet, relocation, silent-rack, tour" in errors
    )
