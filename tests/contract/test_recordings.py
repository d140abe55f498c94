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
from typing import Any

import pytest

from batteryd.clock import SystemClock
from batteryd.devices.probe_answer import ProbeAnswer
from batteryd.devices.profile import Profile
from batteryd.devices.recording import Recording
from batteryd.devices.recording_file import parse_recording
from batteryd.devices.replayed import probe_recording
from batteryd.settings.collect import Collector
from batteryd.settings.files import Files
from batteryd.settings.profiles import read_profiles

ROOT = Path(__file__).parents[2]
CASES = {
    f"{path.parent.name}/{path.name.removesuffix('.recording.json')}": path
    for path in sorted((ROOT / "tests" / "profiles").glob("*/*.recording.json"))
}
EXPECTED_KEYS = {"profile", "readings", "dates", "identity", "note"}


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
    read: Mapping[str, Any] = json.loads(path.read_text())
    return read


@pytest.fixture
async def answer(case: Path, recording: Recording) -> ProbeAnswer:
    return await probe_recording(recording, profiles(), target=case.name, clock=SystemClock())


def test_a_recorded_device_is_recognised(answer: ProbeAnswer, expected: Mapping[str, Any]) -> None:
    assert answer.profile == expected["profile"]


def test_a_recorded_device_is_read_as_expected_and_nothing_is_invented(
    answer: ProbeAnswer, expected: Mapping[str, Any]
) -> None:
    found = {
        str(column): value
        for column, value in zip(answer.layout.columns, answer.reading.values.tolist(), strict=True)
        if not math.isnan(value)
    }

    wanted = {column: value for column, value in expected["readings"].items() if value is not None}
    assert found == pytest.approx(wanted, rel=1e-6)


def test_a_recorded_device_says_who_it_is(answer: ProbeAnswer, expected: Mapping[str, Any]) -> None:
    said = asdict(answer.nameplate)
    wanted = {name: expected.get(name, {}) for name in ("identity", "dates")}

    identity = {name: said[name] for name in wanted["identity"]}
    dates = {name: said[name]["value"] for name in wanted["dates"]}
    assert identity == wanted["identity"]
    assert {name: day and day.isoformat() for name, day in dates.items()} == wanted["dates"]


def test_a_case_says_where_its_values_come_from(
    recording: Recording, expected: Mapping[str, Any]
) -> None:
    assert recording.note
    assert {"profile", "readings"} <= expected.keys() <= EXPECTED_KEYS
