"""What a device answered, kept: how a device that is elsewhere can be read here.

A recording holds raw objects or registers, before any profile has been at them, so it can be read
with a profile that did not exist when it was made. What is not in it, the device did not answer.

    recording.py        this: what a recording is
    recording_file.py   the file that holds it
    replayed.py         links that answer from it
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from batteryd.devices.link import SnmpValue


class Range(NamedTuple):
    """Neighbouring registers, or bits as 0 and 1, that a device answered."""

    start: int
    values: tuple[int, ...]

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.start + len(self.values)


@dataclass(frozen=True, slots=True)
class SnmpRecording:
    """The objects of an agent by OID; None is NULL."""

    objects: Mapping[str, SnmpValue | None]
    note: str = ""

    @property
    def size(self) -> str:
        """How much it holds, in words."""
        return f"{len(self.objects)} objects"


@dataclass(frozen=True, slots=True)
class ModbusRecording:
    """The ranges that one unit answered, by function code, each in rising order."""

    unit: int
    ranges: Mapping[int, tuple[Range, ...]]
    identification: Mapping[int, bytes] = field(default_factory=dict)  # of function 43/14
    note: str = ""

    @property
    def size(self) -> str:
        """How much it holds, in words."""
        held = [found for ranges in self.ranges.values() for found in ranges]
        return f"{sum(len(found.values) for found in held)} registers in {len(held)} ranges"


Recording = SnmpRecording | ModbusRecording


def agent_order(oid: str) -> tuple[int, ...]:
    """Return the sort key of an OID: number by number, as agents walk."""
    return tuple(map(int, oid.split(".")))


def is_oid(text: str) -> bool:
    """Whether an agent's value is an OID, and not an address.

    An IPv4 address is four numbers; no object that a device tells of has so few.
    """
    return text.count(".") != 3 and text.replace(".", "").isdigit()
