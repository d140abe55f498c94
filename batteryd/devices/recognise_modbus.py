"""Finds the profile that a Modbus device answers to.

A Modbus device says nothing by itself, so it is asked, from what is surest to what is least:

    SunSpec     the device describes itself
    nameplate   it is asked for its names as each profile reads them
    registers   it has no names; but where its registers stand, and what they can show, tells one
                family from another (`match.registers`)
"""

from collections.abc import Iterable, Sequence

from batteryd.devices.link import ModbusLink
from batteryd.devices.modbus_profile import ModbusProfile, RegisterSign
from batteryd.devices.modbus_reader import ModbusReader
from batteryd.devices.modbus_readers import AnyModbusProfile
from batteryd.devices.sunspec_profile import SunspecProfile
from batteryd.devices.sunspec_walk import has_battery_models
from batteryd.domain.inventory import Geometry
from batteryd.errors import DeviceRejected, LinkOutOfStep, ProfileError


async def recognise_modbus(
    link: ModbusLink, profiles: Iterable[AnyModbusProfile], *, unit: int
) -> AnyModbusProfile:
    """Return the profile that fits a device.

    Raises:
        ProfileError: none does.
        LinkError: the device does not answer.
    """
    known = sorted(profiles, key=lambda p: p.name)
    for profile in known:
        if isinstance(profile, SunspecProfile) and await has_battery_models(link, unit=unit):
            return profile
    for profile in _likeliest_first(known):
        try:
            if await _fits(link, profile, unit=unit):
                return profile
        except (DeviceRejected, LinkOutOfStep):
            continue  # it has not got these registers
    names = ", ".join(profile.name for profile in known) or "none"
    raise ProfileError(f"no profile recognises this device; name one of: {names}")


def _likeliest_first(profiles: Sequence[AnyModbusProfile]) -> list[ModbusProfile]:
    """Return those that say how they are recognised: by name first, then by the most registers."""
    tables = [profile for profile in profiles if isinstance(profile, ModbusProfile)]
    possible = [p for p in tables if p.match.has_patterns or p.match.registers]
    return sorted(possible, key=lambda p: (not p.match.has_patterns, -len(p.match.registers)))


async def _fits(link: ModbusLink, profile: ModbusProfile, *, unit: int) -> bool:
    for sign in profile.match.registers:
        if not await _shows(link, sign, unit=unit):
            return False
    if not profile.match.has_patterns:
        return True
    reader = ModbusReader(profile, geometry=Geometry(), link=link, unit=unit)
    return profile.match.fits(await reader.read_nameplate())


async def _shows(link: ModbusLink, sign: RegisterSign, *, unit: int) -> bool:
    words = await link.read(unit=unit, function=sign.function, start=sign.address, count=1)
    return len(words) == 1 and sign.min <= words[0] <= sign.max
