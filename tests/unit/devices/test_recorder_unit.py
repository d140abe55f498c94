"""Recording a Modbus unit: what the probe asked, what profiles would ask, and SunSpec's models."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from batteryd.devices.probe_answer import ProbeAnswer
from batteryd.devices.profile import Profile, parse_profile
from batteryd.devices.recorder_unit import DURATION_S_MAX, HeardUnit, own_map, record_unit
from batteryd.devices.recording import ModbusRecording, Range
from batteryd.devices.recording_anonymous_registers import anonymous_unit
from batteryd.devices.recording_places import ModbusPlaces
from batteryd.devices.replayed import ReplayedModbusLink
from batteryd.errors import LinkTimeout, ProfileError
from tests.modbus_maps import make_profile, point
from tests.polling import ManualClock
from tests.sunspec_devices import BATTERY, COMMON, END, MARKER, SunspecLink, encoded

FILE = Path(__file__).parents[3] / "config" / "profiles" / "sunspec.toml"
SUNSPEC = parse_profile(tomllib.loads(FILE.read_text()), file=FILE.name)
MAP = make_profile(point(address=10), point("soh_pct", address=20, function=4))
NETWORK = [12, 4, 0x0A00, 0x0514, 0, 0]  # a model that tells an address


async def heard(
    link: ReplayedModbusLink | SunspecLink,
    *profiles: Profile,
    clock: ManualClock | None = None,
) -> HeardUnit:
    known = {profile.name: profile for profile in profiles}
    return await record_unit(
        link, known, unit=1, target="modbus://10.0.5.31/1", clock=clock or ManualClock()
    )


async def test_the_registers_that_any_profile_reads_are_recorded() -> None:
    said = ModbusRecording(1, {3: (Range(10, (97, 5)),), 4: (Range(20, (98,)),)})

    found = await heard(ReplayedModbusLink(said), MAP)

    assert isinstance(found.answer, ProfileError)
    assert found.recording == ModbusRecording(1, {3: (Range(10, (97,)),), 4: (Range(20, (98,)),)})


async def test_what_the_time_does_not_suffice_for_is_said() -> None:
    class Slow(ReplayedModbusLink):
        async def read(self, **asked: int) -> Sequence[int]:
            clock.advance(DURATION_S_MAX)
            return await super().read(**asked)

    clock = ManualClock()

    found = await heard(Slow(ModbusRecording(1, {})), MAP, clock=clock)

    assert found.cuts == (f"tested: not finished in {DURATION_S_MAX:g} s",)


async def test_a_unit_that_is_silent_is_not_recorded() -> None:
    class Silent(ReplayedModbusLink):
        async def read(self, **asked: int) -> Sequence[int]:
            raise LinkTimeout("no answer from 10.0.5.31:502 in 1 s")

        async def read_identification(self, *, unit: int) -> Mapping[int, bytes]:
            raise LinkTimeout("no answer from 10.0.5.31:502 in 1 s")

    known = make_profile(
        point(),
        match={"model": "^LR-"},
        nameplate={"model": {"address": 0, "length": 8, "source": "Model"}},
    )

    with pytest.raises(LinkTimeout):
        await heard(Silent(ModbusRecording(1, {})), known)


async def test_a_sunspec_device_is_recorded_but_not_how_it_is_connected() -> None:
    words = MARKER + encoded(COMMON) + NETWORK + encoded(BATTERY) + END
    address = 40000 + len(MARKER) + len(encoded(COMMON))

    found = await heard(SunspecLink(words), SUNSPEC)

    held = {at for held in found.recording.ranges[3] for at in range(held.start, held.end)}
    assert isinstance(found.answer, ProbeAnswer)
    assert {address, address + 1} <= held
    assert not {address + 2, address + 3, address + 4, address + 5} & held


async def test_the_serial_number_of_a_sunspec_device_is_hidden_and_its_model_stays() -> None:
    found = await heard(SunspecLink(MARKER + encoded(COMMON) + encoded(BATTERY) + END), SUNSPEC)
    link = ReplayedModbusLink(found.recording)

    shown = anonymous_unit(
        found.recording, places=ModbusPlaces.of(await own_map(SUNSPEC, link=link, unit=1))
    )

    again = await heard(ReplayedModbusLink(shown.recording), SUNSPEC)
    assert isinstance(again.answer, ProbeAnswer)
    assert again.answer.nameplate.model == "HB-RACK 17"
    assert again.answer.nameplate.serial == "XX00-000000"
