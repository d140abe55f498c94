"""Reads a device profile: a TOML table becomes a checked, immutable profile or a list of mistakes.

How the pieces hang together:

    profile_base.py     what all profiles have: points, components, geometry, limits
    modbus_profile.py   registers          snmp_profile.py   object identifiers
    sunspec_profile.py  a device that describes its registers itself
    profile.py          this: picks the protocol's model by the key `protocol` and checks with it
    profile_family.py   what a profile takes from those that it extends
    unroll.py, plan.py, compiler.py    what registers a profile amounts to for one geometry

The loader refuses what the decoder could not decode: errors belong to load time, not to poll time.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from batteryd.devices.compiler import compile_decoder
from batteryd.devices.modbus_profile import ModbusProfile
from batteryd.devices.profile_base import ONE_OF_EACH
from batteryd.devices.profile_family import extended
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.devices.sunspec_profile import SunspecProfile
from batteryd.domain.inventory import Geometry
from batteryd.errors import ConfigError, ProfileError
from batteryd.mistakes import mistakes_of

Profile = ModbusProfile | SunspecProfile | SnmpProfile
ProfileKind = type[ModbusProfile] | type[SunspecProfile] | type[SnmpProfile]

PROFILE_KINDS: Mapping[str, ProfileKind] = MappingProxyType(
    {"modbus": ModbusProfile, "snmp": SnmpProfile}
)


def parse_profiles(data_by_file: Mapping[str, Mapping[str, Any]]) -> dict[str, Profile]:
    """Check profiles that belong together, and return them by name and complete.

    Raises:
        ConfigError: with every mistake of the first profile that has any.
    """
    files = {parse_profile(data, file=file): file for file, data in data_by_file.items()}
    known = {profile.name: profile for profile in files}
    return {
        profile.name: completed(profile, known=known, file=file) for profile, file in files.items()
    }


def completed(profile: Profile, *, known: Mapping[str, Profile | None], file: str) -> Profile:
    """Return a profile with everything that it takes from those that it extends.

    Raises:
        ConfigError: it extends what cannot be extended.
    """
    return (
        extended(profile, known=known, file=file) if isinstance(profile, SnmpProfile) else profile
    )


def parse_profile(data: Mapping[str, Any], *, file: str) -> Profile:
    """Check one profile as it was read from TOML; `completed` adds what it extends.

    Raises:
        ConfigError: with every mistake that was found, not only the first.
    """
    protocol = data.get("protocol")
    kind = PROFILE_KINDS.get(protocol) if isinstance(protocol, str) else None
    if kind is ModbusProfile and "map" in data:
        kind = SunspecProfile  # the device has the register table, not the file
    if kind is None:
        shown = "" if protocol is None else repr(protocol)
        raise ConfigError.one(file, "protocol", shown, f"one of {', '.join(PROFILE_KINDS)}")
    try:
        profile = kind.model_validate(data)
    except ValidationError as error:
        raise ConfigError(mistakes_of(error, model=kind, file=file)) from error
    if isinstance(profile, ModbusProfile):
        _compile(profile, file=file)
    return profile


def _compile(profile: ModbusProfile, *, file: str) -> None:
    # Blocks, strides and addresses show only together whether they can be read.
    try:
        compile_decoder(profile, ONE_OF_EACH.under(profile.geometry.under(Geometry())))
    except ProfileError as error:
        raise ConfigError.one(file, "points", "", str(error)) from error
