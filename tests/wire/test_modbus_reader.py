"""The rack profile that ships, read over a real socket from a device with its quirks."""

import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from batteryd.devices.modbus import PymodbusLink
from batteryd.devices.modbus_line import TcpLine
from batteryd.devices.modbus_profile import ModbusProfile
from batteryd.devices.modbus_reader import ModbusReader
from batteryd.devices.profile import parse_profile
from batteryd.domain.inventory import Geometry
from batteryd.domain.quality import Quality
from tests.wire.modbus_device import Answer, Asked, ModbusDevice, honest, refusal

pytestmark = pytest.mark.wire

PROFILE_FILE = Path(__file__).parents[2] / "config" / "profiles" / "lithium-rack.toml"
HUMIDITY = 0x0020  # came with firmware 2.0
TEMPERATURES = 0x0300


@pytest.fixture(scope="module")
def profile() -> ModbusProfile:
    found = parse_profile(tomllib.loads(PROFILE_FILE.read_text()), file=PROFILE_FILE.name)
    assert isinstance(found, ModbusProfile)
    return found


@pytest.fixture
async def device() -> AsyncIterator[ModbusDevice]:
    async with ModbusDevice() as running:
        yield running


@pytest.fixture
async def reader(device: ModbusDevice, profile: ModbusProfile) -> AsyncIterator[ModbusReader]:
    link = PymodbusLink(TcpLine("127.0.0.1", device.port), timeout_s=0.25)
    made = ModbusReader(profile, geometry=Geometry(), link=link, unit=1)
    yield made
    await made.close()


def quality_of(reader: ModbusReader, quality: np.ndarray, quantity: str) -> set[int]:
    return set(quality[reader.layout.indices(quantity)].tolist())


async def test_polls_and_nameplate_need_reads_alone(
    device: ModbusDevice, reader: ModbusReader
) -> None:
    await reader.read()
    await reader.read_nameplate()
    await reader.read()

    assert {asked.function for asked in device.asked} == {3}
    assert device.connections == 1


async def test_firmware_without_humidity_costs_humidity(
    device: ModbusDevice, reader: ModbusReader
) -> None:
    def older(asked: Asked) -> Answer:
        if asked.start <= HUMIDITY < asked.start + asked.count:
            return [refusal(asked, code=2)]
        return honest(asked)

    device.script = older
    await reader.read()
    asked_at_first = len(device.asked)
    reading = await reader.read()

    assert asked_at_first == 5 + 2  # the refused block in two pieces
    assert len(device.asked) - asked_at_first == 5
    assert quality_of(reader, reading.quality, "humidity_pct") == {Quality.NOT_IMPLEMENTED}
    assert quality_of(reader, reading.quality, "insulation_kohm") == {Quality.GOOD}


@pytest.mark.parametrize("lie", [b"", b"\xff\xff\0\0\0\3\1\x83\2", b"HTTP/1.1 400 Bad Request"])
async def test_one_bad_answer_costs_its_block_and_the_next_poll_is_whole(
    device: ModbusDevice, reader: ModbusReader, lie: bytes
) -> None:
    device.script = lambda asked: [lie] if asked.start == TEMPERATURES else honest(asked)
    poll = await reader.read()
    device.script = honest
    next_poll = await reader.read()

    assert quality_of(reader, poll.quality, "temperature_c") == {Quality.MISSING}
    assert Quality.MISSING not in quality_of(reader, poll.quality, "cell_voltage_v")
    assert not (next_poll.quality == Quality.MISSING).any()
    assert device.connections == 2
