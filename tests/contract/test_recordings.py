"""Every recorded device, read as `probe` reads it: recognised, and each value as it should be.

A folder of `tests/profiles/` is a profile; a case in it is two files, what the device answered
(`CASE.recording.json`) and what has to be read from that (`CASE.expected.json`).
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from batteryd.devices.link import Reader
from batteryd.devices.modbus_readers import AnyModbusProfile, modbus_reader
from batteryd.devices.profile import Profile
from batteryd.devices.recognise import recognise_snmp
from batteryd.devices.recognise_modbus import recognise_modbus
from batteryd.devices.recording import ModbusRecording, Recording
from batteryd.devices.recording_file import parse_recording
from batteryd.devices.replayed import ReplayedModbusLink, ReplayedSnmpLink
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.devices.snmp_reader import SnmpReader
from batteryd.domain.inventory import Geometry
from batteryd.domain.nameplate import Nameplate
from batteryd.settings.collect import Collector
from batteryd.settings.files import Files
from batteryd.settings.profiles import read_profiles

ROOT = Path(__file__).parents[2]
CASES = {
    f"{path.parent.name}/{path.name.removesuffix('.recording.json')}": path
    for path in sorted((ROOT / "tests" / "profiles").glob("*/*.recording.json"))
}
EXPECTED_KEYS = {"profile", "readings", "dates", "identity", "note"}


class Read(NamedTuple):
    profile: str
    readings: Mapping[str, float | None]
    nameplate: Nameplate


@cache
def profiles() -> Mapping[str, Profile]:
    found = read_profiles(ROOT / "config" / "profiles", files=Files(), collector=Collector())
    return {name: profile for name, profile in found.items() if profile is not None}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Path:
    return CASES[request.param]


@pytest.fixture
def recording(case: Path) -> Recording:
    return parse_recording(case.read_bytes(), file=str(case))


@pytest.fixture
def expected(case: Path) -> Mapping[str, Any]:
    path = case.with_name(case.name.replace(".recording.", ".expected."))
    return json.loads(path.read_text())


async def recognised(recording: Recording) -> tuple[str, Reader]:
    known = profiles().values()
    if isinstance(recording, ModbusRecording):
        link = ReplayedModbusLink(recording)
        maps = [p for p in known if isinstance(p, AnyModbusProfile)]
        profile = await recognise_modbus(link, maps, unit=recording.unit)
        reader = modbus_reader(profile, geometry=Geometry(), link=link, unit=recording.unit)
        return profile.name, reader
    agent = ReplayedSnmpLink(recording)
    mibs = [p for p in known if isinstance(p, SnmpProfile)]
    found = await recognise_snmp(agent, mibs)
    return found.name, SnmpReader(found, geometry=Geometry(), link=agent)


async def read(recording: Recording) -> Read:
    name, reader = await recognised(recording)
    values, _ = await reader.read()
    readings = {
        str(column): None if math.isnan(value) else value
        for column, value in zip(reader.layout.columns, values.tolist(), strict=True)
    }
    return Read(name, readings, await reader.read_nameplate())


async def test_a_recorded_device_is_recognised(
    recording: Recording, expected: Mapping[str, Any]
) -> None:
    assert (await read(recording)).profile == expected["profile"]


async def test_a_recorded_device_is_read_as_expected_and_nothing_is_invented(
    recording: Recording, expected: Mapping[str, Any]
) -> None:
    found = await read(recording)

    known = {column: value for column, value in found.readings.items() if value is not None}
    wanted = {column: value for column, value in expected["readings"].items() if value is not None}
    assert known == pytest.approx(wanted, rel=1e-6)


async def test_a_recorded_device_says_who_it_is(
    recording: Recording, expected: Mapping[str, Any]
) -> None:
    said = asdict((await read(recording)).nameplate)

    assert {name: said[name] for name in expected.get("identity", {})} == expected.get(
        "identity", {}
    )
    dates = {name: said[name]["value"] for name in expected.get("dates", {})}
    assert {name: day and day.isoformat() for name, day in dates.items()} == expected.get(
        "dates", {}
    )


def test_a_case_says_where_its_values_come_from(
    recording: Recording, expected: Mapping[str, Any]
) -> None:
    assert recording.note
    assert {"profile", "readings"} <= expected.keys() <= EXPECTED_KEYS
