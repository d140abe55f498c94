"""Our SunSpec simulator, read by the standard's own client and by `probe`, over a real socket."""

import asyncio
import tomllib
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sunspec2.modbus.client

from batteryd.clock import SystemClock
from batteryd.devices.address import parse_address
from batteryd.devices.build import Fleet, LinkOptions
from batteryd.devices.probe import probe
from batteryd.devices.profile import parse_profile
from batteryd.domain.component import Component
from batteryd.domain.inventory import Asset, AssetKind, Source
from simulators.modbus_server import ModbusServer
from simulators.sunspec import SunspecBattery, SunspecModule, SunspecString

pytestmark = pytest.mark.wire

FILE = Path(__file__).parents[2] / "config" / "profiles" / "sunspec.toml"
PROFILE = parse_profile(tomllib.loads(FILE.read_text()), file=FILE.name)
MODULES = (
    SunspecModule((3.651, 3.668, 3.655), (24.1, 24.9, 25.5)),
    SunspecModule((3.652, 3.653, 3.654), (-3.5, 23.9, 24.0)),
)
BATTERY = SunspecBattery(
    strings=(
        SunspecString(MODULES, current_a=12.3, soc_pct=83.4),
        SunspecString(MODULES[:1], contactor_closed=False, event_bits=1 << 22 | 1 << 0),
    ),
    warranty_days=11322,
)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ModbusServer]:
    server = ModbusServer({1: BATTERY})
    await server.start()
    yield server
    await server.stop()


def scanned(port: int) -> Any:
    device = sunspec2.modbus.client.SunSpecModbusClientDeviceTCP(
        slave_id=1, ipaddr="127.0.0.1", ipport=port, timeout=5
    )
    device.scan()
    device.close()
    return device


async def test_the_standards_client_reads_our_simulator(server: ModbusServer) -> None:
    device = await asyncio.to_thread(scanned, server.port)

    assert sorted(key for key in device.models if isinstance(key, int)) == [1, 802, 803, 804, 805]
    assert device.common[0].SN.value == "SS17-0001"
    battery, bank = device.models[802][0], device.models[803][0]
    assert (battery.SoC.cvalue, battery.A.cvalue, battery.WarrDt.value) == (81.7, 12.3, 11322)
    assert (battery.SoH.value, battery.NCyc.value) == (None, None)
    assert (bank.NStrCon.value, bank.ModTmpMin.cvalue) == (1, -3.5)
    assert [group.StrSt.value for group in bank.groups["string"]] == [3, 1]
    assert len(device.models[804]) == 2
    module = device.models[805][1]
    cells = module.groups["lithium-ion-module-cell"]
    assert [cell.CellTmp.cvalue for cell in cells] == pytest.approx([-3.5, 23.9, 24.0])


async def test_probe_finds_and_reads_it_and_only_reads(server: ModbusServer) -> None:
    answer = await probe(
        parse_address(f"modbus://127.0.0.1:{server.port}/1"),
        {"sunspec": PROFILE},
        timeout_s=5,
        clock=SystemClock(),
    )

    values = dict(zip(map(str, answer.layout.columns), answer.reading.values.tolist(), strict=True))
    assert answer.profile == "sunspec"
    assert answer.nameplate.serial == "SS17-0001"
    assert answer.nameplate.warranty_ends_on.value == date(2030, 12, 31)
    assert values["-:current_a"] == -12.3
    assert values["-:string_count_connected"] == 1
    assert (values["s1:contactor_closed"], values["s2:contactor_closed"]) == (1, 0)
    assert values["s2:communication_lost"] == 1
    assert values["s1/m02/c01:temperature_c"] == -3.5
    assert set(server.function_codes) == {3}


async def test_a_fleet_polls_it_like_any_other_battery(server: ModbusServer) -> None:
    address = f"modbus://127.0.0.1:{server.port}/1"
    asset = Asset(
        asset_id="B1-R3", kind=AssetKind.BATTERY, site_id="daejeon", room_id="b1-ups-room",
        name="R3", source=Source(address, "sunspec"),
    )  # fmt: skip
    fleet = Fleet(clock=SystemClock(), options=LinkOptions())
    (device,) = fleet.devices([asset], profiles={"sunspec": PROFILE}, credentials={})

    snapshot = await device.poll()
    nameplate = await device.read_nameplate()
    await device.close()

    assert snapshot.failure is None
    assert snapshot.value(Component(string=2), "contactor_closed") == 0
    assert nameplate is not None
    assert nameplate.model == "SS-17"
