"""Small Modbus profiles and register tables that tests share."""

import struct
from typing import Any

from batteryd.devices.modbus_profile import ModbusProfile
from batteryd.devices.profile import parse_profile


def point(quantity: str = "soc_pct", **said: Any) -> dict[str, Any]:
    """Return a row of a register table: state of charge in register 0, unless said otherwise."""
    return {"quantity": quantity, "source": "as tested", "address": 0, "type": "uint16"} | said


def profile_data(*points: dict[str, Any], **said: Any) -> dict[str, Any]:
    """Return a profile as it comes from TOML."""
    return {
        "name": "tested",
        "title": "A battery for tests",
        "protocol": "modbus",
        "poll_interval_s": 10,
        "current_positive_while": "charging",
        "points": list(points or (point(),)),
    } | said


def make_profile(*points: dict[str, Any], **said: Any) -> ModbusProfile:
    """Return a checked profile with these points."""
    profile = parse_profile(profile_data(*points, **said), file="tested.toml")
    assert isinstance(profile, ModbusProfile)
    return profile


def registers_of(packed: bytes) -> list[int]:
    """Return big-endian bytes as registers."""
    return list(struct.unpack(f">{len(packed) // 2}H", packed))
