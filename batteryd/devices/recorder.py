"""Records a device so that it may be given away, and tries whether the recording is any good.

    recorder_agent.py, recorder_unit.py    ask the device and listen (SNMP, Modbus)
    recording_anonymous*.py                take out what is somebody's
    replayed.py                            reads the result as if it were the device

The last step is the proof: where something was taken out that mattered, so that the recording is
not read as its device was, it says so before anybody relies on it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import isnan
from typing import NamedTuple

from batteryd.clock import Clock
from batteryd.devices.address import Address, ModbusAddress, SnmpAddress
from batteryd.devices.modbus import PymodbusLink
from batteryd.devices.modbus_line import SerialLine
from batteryd.devices.modbus_profile import ModbusProfile
from batteryd.devices.probe_answer import ProbeAnswer
from batteryd.devices.profile import Profile
from batteryd.devices.recorder_agent import record_agent
from batteryd.devices.recorder_unit import own_map, record_unit
from batteryd.devices.recording import ModbusRecording, Recording
from batteryd.devices.recording_anonymous import Replaced, anonymous_agent
from batteryd.devices.recording_anonymous_registers import anonymous_unit
from batteryd.devices.recording_places import ModbusPlaces, SnmpPlaces
from batteryd.devices.replayed import ReplayedModbusLink, probe_recording
from batteryd.devices.snmp import exchange_opener
from batteryd.errors import BatterydError


class Recorded(NamedTuple):
    """A recording that may be given away, and how it came about."""

    recording: Recording
    answer: ProbeAnswer | BatterydError  # of the device itself
    replaced: tuple[Replaced, ...]
    cuts: tuple[str, ...]  # what was not asked any more, and why
    differences: tuple[str, ...]  # what is not read from it as it was from the device


@dataclass(frozen=True, slots=True)
class Recorder:
    """How devices are recorded."""

    profiles: Mapping[str, Profile]
    clock: Clock
    timeout_s: float  # for one answer
    note: str
    profile_name: str | None = None  # how to read them; None to recognise them
    kept: tuple[bytes, ...] = ()  # texts that may stay although nobody knows what they say
    request_pause_s: float = 0.05  # on Modbus: nobody knows yet what this device can take

    async def record(self, address: Address) -> Recorded:
        """Record a device.

        Raises:
            LinkError: it does not answer.
        """
        match address:
            case SnmpAddress():
                return await self._record_agent(address)
            case ModbusAddress():
                return await self._record_unit(address)

    async def _record_agent(self, address: SnmpAddress) -> Recorded:
        heard = await record_agent(
            exchange_opener(address, timeout_s=self.timeout_s),
            self.profiles,
            target=address.redacted,
            profile_name=self.profile_name,
            clock=self.clock,
        )
        found = anonymous_agent(
            replace(heard.recording, note=self.note),
            places=SnmpPlaces.of(self.profiles.values()),
            told=_words_of(address),
            kept=self.kept,
        )
        differences = await self._differences(heard.recording, found.recording)
        return Recorded(found.recording, heard.answer, found.replaced, heard.cuts, differences)

    async def _record_unit(self, address: ModbusAddress) -> Recorded:
        link = PymodbusLink(
            address.line,
            timeout_s=self.timeout_s,
            request_pause_s=self.request_pause_s,
            clock=self.clock,
        )
        try:
            heard = await record_unit(
                link,
                self.profiles,
                unit=address.unit,
                target=address.redacted,
                profile_name=self.profile_name,
                clock=self.clock,
            )
        finally:
            await link.close()
        found = anonymous_unit(
            replace(heard.recording, note=self.note),
            places=ModbusPlaces.of(await self._map_of(heard.recording, heard.answer)),
            told=_words_of(address),
            kept=self.kept,
        )
        differences = await self._differences(heard.recording, found.recording)
        return Recorded(found.recording, heard.answer, found.replaced, heard.cuts, differences)

    async def _map_of(
        self, recording: ModbusRecording, answer: ProbeAnswer | BatterydError
    ) -> ModbusProfile | None:
        if isinstance(answer, BatterydError):
            return None
        link = ReplayedModbusLink(recording)
        return await own_map(self.profiles[answer.profile], link=link, unit=recording.unit)

    async def _differences(self, heard: Recording, shown: Recording) -> tuple[str, ...]:
        before, after = await self._read(heard), await self._read(shown)
        names = dict.fromkeys((*before, *after))
        return tuple(name for name in names if before.get(name) != after.get(name))

    async def _read(self, recording: Recording) -> Mapping[str, object]:
        try:
            answer = await probe_recording(
                recording, self.profiles, target="", profile_name=self.profile_name,
                clock=self.clock,
            )  # fmt: skip
        except BatterydError as error:
            return {"profile": type(error)}
        return dict(_compared(answer))


def _compared(answer: ProbeAnswer) -> Iterator[tuple[str, object]]:
    """Yield everything that was read and is nobody's, by name."""
    plate = answer.nameplate
    yield "profile", answer.profile
    yield "manufacturer", plate.manufacturer
    yield "model", plate.model
    yield "firmware", plate.firmware
    yield "manufactured_on", plate.manufactured_on.value
    yield "last_replaced_on", plate.last_replaced_on.value
    yield "replace_by", plate.replace_by.value
    values, qualities = answer.reading
    for column, value, quality in zip(
        answer.layout.columns, values.tolist(), qualities.tolist(), strict=True
    ):
        yield str(column), (quality, None if isnan(value) else value)


def _words_of(address: Address) -> tuple[bytes, ...]:
    """Return what an address tells of a site: its host, and what opens the device."""
    if isinstance(address, SnmpAddress):
        community = address.community and address.community.get_secret_value()
        words = [address.host, community or None, address.user, address.context_name]
    elif isinstance(address.line, SerialLine):
        words = []  # a port of this machine is nobody's
    else:
        words = [address.line.host]
    return tuple(word.encode() for word in words if word)
