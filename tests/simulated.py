"""What tests of the simulators share: the real register map, and small made-up rooms."""

import tomllib
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

from batteryd.devices.modbus_profile import ModbusProfile
from batteryd.devices.profile import parse_profile
from simulators.scenario import parse_scenario
from simulators.scenario_model import Scenario
from simulators.world import World

RACK_PROFILE_FILE = Path(__file__).parents[1] / "config" / "profiles" / "lithium-rack.toml"

ROOM: dict[str, Any] = {
    "scenario": {"name": "test", "title": "A room of a test", "starts_at": "now", "seed": 5},
    "site": [{"site_id": "site", "name": "Site"}],
    "room": [{"room_id": "room", "site_id": "site", "name": "Room", "air_c": 22.0}],
    "ups": [
        {
            "ups_id": "U1", "room_id": "room", "dc_bus_id": "D1", "name": "UPS 1",
            "rating_kw": 100, "load_kw": 40, "serial_number": "U-1",
        }
    ],
    "every_rack": {"ups_id": "U1", "soc_pct": 80},
    "rack": [
        {"asset_id": "R1", "rack": "Rack 1", "serial_number": "S-1"},
        {"asset_id": "R2", "rack": "Rack 2", "serial_number": "S-2"},
    ],
}  # fmt: skip


@lru_cache(maxsize=1)
def rack_profile() -> ModbusProfile:
    """Return the register map that ships with batteryd."""
    data = tomllib.loads(RACK_PROFILE_FILE.read_text(encoding="utf-8"))
    profile = parse_profile(data, file=RACK_PROFILE_FILE.name)
    assert isinstance(profile, ModbusProfile)
    return profile


def room_tables(*at: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """Return the tables of a room with one UPS and two racks, as a file would hold them."""
    return {**deepcopy(ROOM), "at": list(at), **changed}


def make_scenario(*at: dict[str, Any], **changed: Any) -> Scenario:
    """Return a room with one UPS and two racks, and this timetable."""
    return parse_scenario(room_tables(*at, **changed), file="test.toml")


def make_world(*at: dict[str, Any], **changed: Any) -> World:
    """Return the same as a world at its beginning."""
    return World(make_scenario(*at, **changed), profile=rack_profile())


def fault(name: str, target: str = "R1", *, minute: float = 0, **more: Any) -> dict[str, Any]:
    """Return a row of a timetable that begins a fault."""
    return {"action": "fault", "fault": name, "target": target, "minute": minute, **more}
