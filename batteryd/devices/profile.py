"""Reads a device profile: a TOML table becomes a checked, immutable profile or a list of mistakes.

How the pieces hang together:

    profile_base.py     what all profiles have: points, components, geometry, limits
    modbus_profile.py   registers          snmp_profile.py   object identifiers
    profile.py          this: picks the protocol's model by the key `protocol` and checks with it
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
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.domain.inventory import Geometry
from batteryd.errors import ConfigError, ProfileError
from batteryd.mistakes import mistakes_of

Profile = ModbusProfile | SnmpProfile

PROFILE_KINDS: Mapping[str, type[ModbusProfile] | type[SnmpProfile]] = MappingProxyType(
    {"modbus": ModbusProfile, "snmp": SnmpProfile}
)


def parse_profile(data: Mapping[str, Any], *, file: str) -> Profile:
    """Check one profile as it was read from TOML.

    Raises:
        ConfigError: with every mistake that was found, not only the first.
    """
    protocol = data.get("protocol")
    kind = PROFILE_KINDS.get(protocol) if isinstance(protocol, str) else None
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
