"""Asks one device once what it is and what it says, for whoever installs it or looks for a fault.

Without a profile the device is recognised; with one it is read as told. What comes out is complete:
every point of the profile stands there, also where the device has no value for it, and says why.
"""

from collections.abc import Mapping

from batteryd.clock import Clock
from batteryd.devices.address import Address, ModbusAddress, SnmpAddress
from batteryd.devices.link import ModbusLink, Reader, SnmpLink
from batteryd.devices.modbus import PymodbusLink
from batteryd.devices.modbus_readers import AnyModbusProfile, modbus_reader
from batteryd.devices.probe_answer import ProbeAnswer
from batteryd.devices.profile import Profile
from batteryd.devices.recognise import recognise_snmp
from batteryd.devices.recognise_modbus import recognise_modbus
from batteryd.devices.snmp import open_snmp_link
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.devices.snmp_reader import SnmpReader
from batteryd.domain.inventory import Geometry
from batteryd.domain.nameplate import UNKNOWN_NAMEPLATE
from batteryd.domain.quality import BAD_FROM
from batteryd.errors import LinkError, ProfileError


async def probe(
    address: Address,
    profiles: Mapping[str, Profile],
    *,
    profile_name: str | None = None,
    timeout_s: float,
    clock: Clock,
) -> ProbeAnswer:
    """Read a device once.

    Args:
        address: where it is, with everything that it wants to hear.
        profiles: by name.
        profile_name: how to read it; None to recognise it.
        timeout_s: for one answer.
        clock: says when it was read.

    Raises:
        LinkError: the device does not answer.
        ProfileError: no profile fits it, the one named speaks another protocol, or the device has
            nothing of a battery.
    """
    if isinstance(address, ModbusAddress):
        modbus_link = PymodbusLink(address.line, timeout_s=timeout_s, clock=clock)
        try:
            reader, name = await _modbus_reader(
                address, link=modbus_link, profiles=profiles, name=profile_name
            )
            return await _read(address, reader, profile=name, clock=clock)
        finally:
            await modbus_link.close()
    snmp_link = open_snmp_link(address, timeout_s=timeout_s)
    try:
        reader, name = await _snmp_reader(
            address, link=snmp_link, profiles=profiles, name=profile_name
        )
        return await _read(address, reader, profile=name, clock=clock)
    finally:
        await snmp_link.close()


async def _modbus_reader(
    address: ModbusAddress,
    *,
    link: ModbusLink,
    profiles: Mapping[str, Profile],
    name: str | None,
) -> tuple[Reader, str]:
    if name is None:
        known = [p for p in profiles.values() if isinstance(p, AnyModbusProfile)]
        profile = await recognise_modbus(link, known, unit=address.unit)
    else:
        named = profiles[name]
        if not isinstance(named, AnyModbusProfile):
            raise _wrong_protocol(named, address)
        profile = named
    reader = modbus_reader(profile, geometry=Geometry(), link=link, unit=address.unit)
    return reader, profile.name


async def _snmp_reader(
    address: SnmpAddress,
    *,
    link: SnmpLink,
    profiles: Mapping[str, Profile],
    name: str | None,
) -> tuple[Reader, str]:
    if name is None:
        known = [p for p in profiles.values() if isinstance(p, SnmpProfile)]
        profile = await recognise_snmp(link, known)
    else:
        named = profiles[name]
        if not isinstance(named, SnmpProfile):
            raise _wrong_protocol(named, address)
        profile = named
    return SnmpReader(profile, geometry=Geometry(), link=link), profile.name


def _wrong_protocol(profile: Profile, address: Address) -> ProfileError:
    return ProfileError(f"profile {profile.name} does not speak {address.redacted}")


async def _read(address: Address, reader: Reader, *, profile: str, clock: Clock) -> ProbeAnswer:
    reading = await reader.read()
    if not (reading.quality < BAD_FROM).any():
        raise ProfileError(f"the device has no value that profile {profile} reads")
    layout, sources = reader.layout, tuple(reader.sources)
    observed_at_s = clock.now_s()
    try:
        nameplate = await reader.read_nameplate()
    except LinkError:
        nameplate = UNKNOWN_NAMEPLATE  # a device that keeps its name to itself is read all the same
    return ProbeAnswer(
        target=address.redacted,
        profile=profile,
        nameplate=nameplate,
        observed_at_s=observed_at_s,
        layout=layout,
        reading=reading,
        sources=sources,
    )
