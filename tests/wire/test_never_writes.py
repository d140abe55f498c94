"""batteryd never writes: everything it does to a device, with what the device received.

Each activity is what the command or the daemon really runs, on real sockets; the other end notes
the kind of every message by its octets. What holds on other lines (TLS, serial) is in
`test_modbus_lines`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from batteryd.clock import ScaledClock, SystemClock
from batteryd.devices.address import parse_address
from batteryd.devices.build import Fleet, LinkOptions
from batteryd.devices.poller import Poller
from batteryd.devices.probe import probe
from batteryd.devices.recorder import Recorder
from batteryd.devices.snmp import EngineName
from batteryd.domain.inventory import Asset, AssetKind, Source
from batteryd.errors import BatterydError
from batteryd.settings.model import Credential
from simulators.modbus_server import ModbusServer
from tests.devices_page import shipped
from tests.simulated import make_world
from tests.wire.modbus_device import ModbusDevice, honest
from tests.wire.snmp_agent import SnmpAgent
from tests.wire.snmp_witness import GET, GETBULK, GETNEXT, SET, SnmpWitness, kind_of
from tests.wire.test_probe import CARD

pytestmark = pytest.mark.wire

PROFILES = shipped()
SNMP_READS = {GET, GETNEXT, GETBULK}
MODBUS_READS = {1, 2, 3, 4, 0x2B}
GIVE_UP_S = 20.0

Activity = Callable[[str], Awaitable[Any]]


async def recognise(target: str) -> None:
    with suppress(BatterydError):
        await probe(parse_address(target), PROFILES, timeout_s=1.0, clock=SystemClock())


async def record(target: str) -> None:
    recorder = Recorder(PROFILES, clock=SystemClock(), timeout_s=1.0, note="", request_pause_s=0.0)
    await recorder.record(parse_address(target))


def polling(profile: str, *, engine: EngineName = "auto") -> Activity:
    """Return a few polls by the daemon's own poller, nameplates included."""

    async def poll(target: str) -> None:
        clock = ScaledClock(start_s=1_790_000_000.0, rate=100.0)
        address, _, words = target.partition("?")
        source = Source(address, profile=profile, poll_interval_s=10.0, credential="here")
        asset = Asset("B1", AssetKind.BATTERY, "daejeon", "room", "B1", source=source)
        snapshots: list[object] = []
        nameplates: list[object] = []
        fleet = Fleet(clock=clock, options=LinkOptions(snmp_engine=engine))
        credential = Credential(**_words(words))
        poller = Poller(
            fleet.devices([asset], profiles=PROFILES, credentials={"here": credential}),
            sink=snapshots.append,
            nameplate_sink=lambda *plate: nameplates.append(plate),
            clock=clock,
        )
        poller.start()
        async with asyncio.timeout(GIVE_UP_S):
            while len(snapshots) < 3 or not nameplates:
                await asyncio.sleep(0.02)
        await poller.stop()

    return poll


def _words(words: str) -> dict[str, Any]:
    who = {"user": "plain"} if "version=3" in words else {"community_file": "unused"}
    return {"version": words.partition("version=")[2] or "2c", **who}


@pytest.fixture(scope="module")
def card() -> Iterator[SnmpAgent]:
    with SnmpAgent(CARD) as agent:
        yield agent


@pytest.fixture
async def witness(card: SnmpAgent) -> AsyncIterator[SnmpWitness]:
    async with SnmpWitness(card.port) as witness:
        yield witness


@pytest.mark.parametrize("version", ["1", "2c", "3&user=plain"])
@pytest.mark.parametrize("activity", [recognise, record])
async def test_a_card_that_is_asked_what_it_is_is_only_read(witness, activity, version):
    await activity(f"snmp://127.0.0.1:{witness.port}?version={version}")

    assert witness.kinds.total() > 2
    assert witness.kinds.keys() <= SNMP_READS


@pytest.mark.parametrize("version", ["1", "2c", "3"])
@pytest.mark.parametrize("engine", ["gufo", "pysnmp"])
async def test_a_card_that_is_polled_is_only_read(witness, engine, version):
    await polling("ups-mib", engine=engine)(f"snmp://127.0.0.1:{witness.port}?version={version}")

    assert witness.kinds.total() > 3
    assert witness.kinds.keys() <= SNMP_READS


@pytest.mark.parametrize("activity", [recognise, record, polling("lithium-rack")])
async def test_a_rack_is_only_read(activity):
    server = ModbusServer({1: make_world().racks["R1"]})
    await server.start()
    await activity(f"modbus://{server.host}:{server.port}/1")
    await server.stop()

    assert server.function_codes.total() > 2
    assert server.function_codes.keys() <= MODBUS_READS


@pytest.mark.parametrize("activity", [recognise, record])
async def test_a_device_that_nobody_knows_is_only_read(activity):
    async with ModbusDevice(honest) as device:
        await activity(f"modbus://127.0.0.1:{device.port}/1")

        assert {asked.function for asked in device.asked} <= MODBUS_READS
        assert {asked.pdu[1] for asked in device.asked if asked.function == 0x2B} <= {0x0E}
        assert len(device.asked) > 2


@pytest.mark.parametrize("profile", sorted(n for n, p in PROFILES.items() if p.protocol != "snmp"))
async def test_no_profile_that_ships_makes_a_device_written_to(profile):
    async with ModbusDevice(honest) as device:
        target = parse_address(f"modbus://127.0.0.1:{device.port}/1")
        with suppress(BatterydError):
            await probe(target, PROFILES, profile_name=profile, timeout_s=1.0, clock=SystemClock())

        assert {asked.function for asked in device.asked} <= MODBUS_READS


def test_the_witness_would_see_a_write():
    write = bytes.fromhex(
        "302602010104067075626c6963a319020101020100020100300e300c06082b060102010105000400"
    )

    assert kind_of(write) == SET
