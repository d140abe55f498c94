"""Records a Modbus unit: everything that a probe asks it, and what any profile would ask.

A Modbus device cannot be walked, since it does not say what it has. So besides what the probe asks,
each known map is tried, and a SunSpec device is read model by model. What is refused is not there.
Models that tell how a device is connected (addresses, passwords of networks) are passed over.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from batteryd.clock import Clock
from batteryd.devices.link import ModbusLink
from batteryd.devices.modbus_profile import ModbusProfile
from batteryd.devices.modbus_readers import modbus_reader
from batteryd.devices.plan import REGISTER_COUNT_MAX
from batteryd.devices.probe import probe_modbus
from batteryd.devices.probe_answer import ProbeAnswer
from batteryd.devices.profile import Profile
from batteryd.devices.recording import ModbusRecording, Range
from batteryd.devices.sunspec_map import profile_of
from batteryd.devices.sunspec_profile import SunspecProfile
from batteryd.devices.sunspec_walk import FoundModel, find_base, walk
from batteryd.domain.inventory import Geometry
from batteryd.errors import BatterydError, DeviceRejected, LinkError, ProfileError

DURATION_S_MAX = 120.0
MARKER_LENGTH = 2  # "SunS"
_HOLDING_REGISTERS = 3
_COMMON_MODEL = 1
_MODELS_OF_POWER = range(100, 900)  # inverters, meters, batteries


class HeardUnit(NamedTuple):
    """What a unit answered, as it answered it."""

    recording: ModbusRecording
    answer: ProbeAnswer | BatterydError  # of the probe
    cuts: tuple[str, ...]  # what was not tried any more, and why


class ListeningModbusLink:
    """A `ModbusLink` that remembers every answer that it passes on."""

    def __init__(self, link: ModbusLink) -> None:
        self._link = link
        self._heard: dict[int, dict[int, int]] = {}
        self.identification: dict[int, bytes] = {}

    @property
    def ranges(self) -> Mapping[int, tuple[Range, ...]]:
        """What was answered; neighbours are joined."""
        return {function: tuple(_ranges(held)) for function, held in self._heard.items()}

    async def read(self, *, unit: int, function: int, start: int, count: int) -> Sequence[int]:
        """Ask the unit."""
        answer = await self._link.read(unit=unit, function=function, start=start, count=count)
        self._heard.setdefault(function, {}).update(enumerate(answer, start=start))
        return answer

    async def read_identification(self, *, unit: int) -> Mapping[int, bytes]:
        """Ask the unit who it is."""
        answer = await self._link.read_identification(unit=unit)
        self.identification.update(answer)
        return answer

    async def close(self) -> None:
        """Close the link."""
        await self._link.close()


async def record_unit(
    link: ModbusLink,
    profiles: Mapping[str, Profile],
    *,
    unit: int,
    target: str,
    profile_name: str | None = None,
    clock: Clock,
) -> HeardUnit:
    """Probe a unit and try the maps of all profiles on it.

    Raises:
        LinkError: the unit does not answer.
    """
    ear = ListeningModbusLink(link)
    until_s = clock.monotonic_s() + DURATION_S_MAX
    answer: ProbeAnswer | BatterydError
    try:
        answer = await probe_modbus(
            ear, profiles, unit=unit, target=target, profile_name=profile_name, clock=clock
        )
    except (ProfileError, DeviceRejected) as error:
        answer = error  # that is why somebody records it
    cuts: list[str] = []
    await _read_models(ear, unit=unit)
    maps = [profile for profile in profiles.values() if isinstance(profile, ModbusProfile)]
    for profile in sorted(maps, key=lambda p: p.name):
        if clock.monotonic_s() > until_s:
            cuts.append(f"{profile.name}: not finished in {DURATION_S_MAX:g} s")
        else:
            await _try(profile, link=ear, unit=unit)
    recording = ModbusRecording(unit, ear.ranges, identification=ear.identification)
    return HeardUnit(recording, answer, tuple(cuts))


async def own_map(profile: Profile, *, link: ModbusLink, unit: int) -> ModbusProfile | None:
    """Return the registers of a device; one that describes itself is asked for them."""
    if isinstance(profile, SunspecProfile):
        base = await find_base(link, unit=unit)
        start = (base or 0) + MARKER_LENGTH
        found = [model async for model in walk(link, unit=unit, start=start)]
        return profile_of(found, profile=profile)
    return profile if isinstance(profile, ModbusProfile) else None


async def _try(profile: ModbusProfile, *, link: ModbusLink, unit: int) -> None:
    reader = modbus_reader(profile, geometry=Geometry(), link=link, unit=unit)
    for ask in (reader.read_nameplate, reader.read):
        try:
            await ask()
        except LinkError:
            continue  # it is another device's map


async def _read_models(link: ModbusLink, *, unit: int) -> None:
    try:
        base = await find_base(link, unit=unit)
        if base is None:
            return
        async for model in walk(link, unit=unit, start=base + MARKER_LENGTH):
            if model.model_id == _COMMON_MODEL or model.model_id in _MODELS_OF_POWER:
                await _read_model(link, model, unit=unit)
    except LinkError:
        return  # what was read until then has been heard


async def _read_model(link: ModbusLink, model: FoundModel, *, unit: int) -> None:
    for start in range(model.address, model.end, REGISTER_COUNT_MAX):
        count = min(REGISTER_COUNT_MAX, model.end - start)
        await link.read(unit=unit, function=_HOLDING_REGISTERS, start=start, count=count)


def _ranges(held: Mapping[int, int]) -> Iterator[Range]:
    for _, run in groupby(enumerate(sorted(held)), lambda row: row[1] - row[0]):
        addresses = [address for _, address in run]
        yield Range(addresses[0], tuple(held[address] for address in addresses))
