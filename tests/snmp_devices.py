"""Small SNMP profiles and a device that answers from a dictionary, which tests share."""

from collections.abc import Mapping, Sequence
from typing import Any

from batteryd.devices.link import SnmpValue
from batteryd.devices.profile import parse_profile
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.errors import LinkError

CHARGE = "1.3.6.1.4.1.59999.1.1.0"
STATUS = "1.3.6.1.4.1.59999.1.2.0"
TEMPERATURES = "1.3.6.1.4.1.59999.4.1.7"  # a column
ALARMS = "1.3.6.1.2.1.33.1.6.2.1.2"
ALARM_COUNT = "1.3.6.1.2.1.33.1.6.1.0"
BATTERY_BAD = "1.3.6.1.2.1.33.1.6.3.1"
ON_BATTERY = "1.3.6.1.2.1.33.1.6.3.2"


def scalar(quantity: str = "soc_pct", **said: Any) -> dict[str, Any]:
    """Return a point that is one object: the state of charge, unless said otherwise."""
    return {"quantity": quantity, "source": "as tested", "oid": CHARGE} | said


def table(**said: Any) -> dict[str, Any]:
    """Return a point that is a column: a temperature of every module, in tenths."""
    return {
        "quantity": "temperature_c",
        "source": "packTemperature",
        "oid": TEMPERATURES,
        "component": "m{module}",
        "scale": 0.1,
    } | said


def replace_flag() -> dict[str, Any]:
    """Return the flag that a UPS raises by a row in its table of alarms."""
    listed = {"any_of": [BATTERY_BAD], "count": ALARM_COUNT}
    return scalar("replace_indicator", oid=ALARMS, listed=listed)


def profile_data(*points: dict[str, Any], **said: Any) -> dict[str, Any]:
    """Return a profile as it comes from TOML."""
    return {
        "name": "tested",
        "title": "A UPS for tests",
        "protocol": "snmp",
        "poll_interval_s": 10,
        "current_positive_while": "charging",
        "points": list(points or (scalar(),)),
    } | said


def make_profile(*points: dict[str, Any], **said: Any) -> SnmpProfile:
    """Return a checked profile with these points."""
    profile = parse_profile(profile_data(*points, **said), file="tested.toml")
    assert isinstance(profile, SnmpProfile)
    return profile


class FakeAgent:
    """An `SnmpLink` to a dictionary; what stands in `failing` is raised instead of an answer."""

    def __init__(self, objects: Mapping[str, SnmpValue]) -> None:
        self.objects = dict(objects)
        self.failing: dict[str, LinkError] = {}
        self.asked: list[Sequence[str]] = []
        self.walked: list[str] = []
        self.is_closed = False

    async def get(self, oids: Sequence[str]) -> Mapping[str, SnmpValue]:
        self.asked.append(oids)
        for oid in oids:
            if oid in self.failing:
                raise self.failing[oid]
        return {oid: self.objects[oid] for oid in oids if oid in self.objects}

    async def walk(self, oid: str, *, rows_max: int) -> Mapping[str, SnmpValue]:
        self.walked.append(oid)
        if oid in self.failing:
            raise self.failing[oid]
        below = [(o, value) for o, value in self.objects.items() if o.startswith(f"{oid}.")]
        return dict(below[:rows_max])

    async def close(self) -> None:
        self.is_closed = True
