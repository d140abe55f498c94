"""Asks one device once what it is and what it says, for whoever installs it or looks for a fault.

Without a profile the device is recognised; with one it is read as told. What comes out is complete:
every point of the profile stands there, also where the device has no value for it, and says why.
"""

from collections.abc import Mapping

from batteryd.clock import Clock
from batteryd.devices.address import Address, ModbusAddress
from batteryd.devices.link import ModbusLink, Reader, SnmpLink
from batteryd.devices.modbus import PymodbusLink
from batteryd.devices.modbus_readers import AnyModbusProfile, modbus_reader
from batteryd.devices.probe_answer import ProbeAnswer
from batteryd.devices.profile import Profile
from batteryd.devices.quality_watch import QualityWatch
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
        line = PymodbusLink(address.line, timeout_s=timeout_s, clock=clock)
        try:
            return await probe_modbus(
                line, profiles, unit=address.unit, target=address.redacted,
                profile_name=profile_name, clock=clock,
            )  # fmt: skip
        finally:
            await line.close()
    agent = open_snmp_link(address, timeout_s=timeout_s)
    try:
        return await probe_snmp(
            agent, profiles, target=address.redacted, profile_name=profile_name, clock=clock
        )
    finally:
        await agent.close()


async def probe_modbus(
    link: ModbusLink,
    profiles: Mapping[str, Profile],
    *,
    unit: int,
    target: str,
    profile_name: str | None = None,
    clock: Clock,
) -> ProbeAnswer:
    """Read a device behind a link once, as `probe` does; `target` is what it is called."""
    if profile_name is None:
        known = [p for p in profiles.values() if isinstance(p, AnyModbusProfile)]
        profile = await recognise_modbus(link, known, unit=unit)
    else:
        named = profiles[profile_name]
        if not isinstance(named, AnyModbusProfile):
            raise _wrong_protocol(named, target)
        profile = named
    reader = modbus_reader(profile, geometry=Geometry(), link=link, unit=unit)
    return await _read(target, reader, profile=profile.name, clock=clock)


async def probe_snmp(
    link: SnmpLink,
    profiles: Mapping[str, Profile],
    *,
    target: str,
    profile_name: str | None = None,
    clock: Clock,
) -> ProbeAnswer:
    """Read a device behind a link once, as `probe` does; `target` is what it is called."""
    if profile_name is None:
        known = [p for p in profiles.values() if isinstance(p, SnmpProfile)]
        profile = await recognise_snmp(link, known)
    else:
        named = profiles[profile_name]
        if not isinstance(named, SnmpProfile):
            raise _wrong_protocol(named, target)
        profile = named
    reader = SnmpReader(profile, geometry=Geometry(), link=link)
    return await _read(target, reader, profile=profile.name, clock=clock)


def _wrong_protocol(profile: Profile, target: str) -> ProfileError:
    return ProfileError(f"profile {profile.name} does not speak {target}")


async def _read(target: str, reader: Reader, *, profile: str, clock: Clock) -> ProbeAnswer:
    reading = await reader.read()
    if not (reading.quality < BAD_FROM).any():
        raise ProfileError(f"the device has no value that profile {profile} reads")
    layout, sources = reader.layout, tuple(reader.sources)
    QualityWatch().judge(reading, layout=layout, at_s=clock.monotonic_s())  # once: no history
    observed_at_s = clock.now_s()
    try:
        nameplate = await reader.read_nameplate()
    except LinkError:
        nameplate = UNKNOWN_NAMEPLATE  # a device that keeps its name to itself is read all the same
    return ProbeAnswer(
        target=target,
        profile=profile,
        nameplate=nameplate,
        observed_at_s=observed_at_s,
        layout=layout,
        reading=reading,
        sources=sources,
    )
