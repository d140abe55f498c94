"""Links that answer from a recording, as the device did that it was made from.

Nothing above a link can tell the difference: recognition and readers ask, and what the recording
does not hold is not there. An agent leaves it out; a Modbus device refuses the whole request with
"illegal data address".
"""

from collections.abc import Mapping, Sequence

from batteryd.clock import Clock
from batteryd.devices.link import SnmpValue
from batteryd.devices.probe import probe_modbus, probe_snmp
from batteryd.devices.probe_answer import ProbeAnswer
from batteryd.devices.profile import Profile
from batteryd.devices.recording import (
    ModbusRecording,
    Range,
    Recording,
    SnmpRecording,
    agent_order,
)
from batteryd.errors import DeviceRejected

_ILLEGAL_ADDRESS = 2
_NO_SUCH_UNIT = 11  # a gateway's word for it
_FUNCTIONS = frozenset({1, 2, 3, 4})


async def probe_recording(
    recording: Recording,
    profiles: Mapping[str, Profile],
    *,
    target: str,
    profile_name: str | None = None,
    clock: Clock,
) -> ProbeAnswer:
    """Read a recorded device once, as `probe` does; `target` is what it is called.

    Raises:
        LinkError: it has nothing of what a profile reads.
        ProfileError: no profile fits it, or the one named speaks another protocol.
    """
    match recording:
        case SnmpRecording():
            agent = ReplayedSnmpLink(recording)
            return await probe_snmp(
                agent, profiles, target=target, profile_name=profile_name, clock=clock
            )
        case ModbusRecording():
            line = ReplayedModbusLink(recording)
            return await probe_modbus(
                line, profiles, unit=recording.unit, target=target,
                profile_name=profile_name, clock=clock,
            )  # fmt: skip


class ReplayedSnmpLink:
    """An `SnmpLink` to a recorded agent."""

    def __init__(self, recording: SnmpRecording) -> None:
        self._objects = recording.objects
        self._walked = sorted(recording.objects, key=agent_order)

    async def get(self, oids: Sequence[str]) -> Mapping[str, SnmpValue]:
        """Return the values of scalar OIDs; one that the agent does not have is left out."""
        said = ((oid, self._objects.get(oid)) for oid in oids)
        return {oid: value for oid, value in said if value is not None}

    async def walk(self, oid: str, *, rows_max: int) -> Mapping[str, SnmpValue]:
        """Return everything below `oid` in agent order, at most `rows_max` values."""
        below = [row for row in self._walked if row.startswith(f"{oid}.")]
        return await self.get(below[:rows_max])

    async def close(self) -> None:
        """Do nothing: there is nothing open."""


class ReplayedModbusLink:
    """A `ModbusLink` to a recorded unit."""

    def __init__(self, recording: ModbusRecording) -> None:
        self._unit = recording.unit
        self._identification = recording.identification
        self._held = {
            function: _by_address(ranges) for function, ranges in recording.ranges.items()
        }

    async def read(self, *, unit: int, function: int, start: int, count: int) -> Sequence[int]:
        """Return `count` registers or bits.

        Raises:
            DeviceRejected: not all of them were recorded.
            ValueError: a function that is not 1 to 4.
        """
        if function not in _FUNCTIONS:
            raise ValueError(f"function {function}: only 1 to 4 read")
        if unit != self._unit:
            raise DeviceRejected(f"no unit {unit} was recorded", code=_NO_SUCH_UNIT)
        held = self._held.get(function, {})
        try:
            return [held[address] for address in range(start, start + count)]
        except KeyError as error:
            text = f"function {function}, address {error} was not recorded"
            raise DeviceRejected(text, code=_ILLEGAL_ADDRESS) from None

    async def read_identification(self, *, unit: int) -> Mapping[int, bytes]:
        """Return the objects of function 43/14, by object id."""
        return self._identification if unit == self._unit else {}

    async def close(self) -> None:
        """Do nothing: there is nothing open."""


def _by_address(ranges: Sequence[Range]) -> Mapping[int, int]:
    return {found.start + at: value for found in ranges for at, value in enumerate(found.values)}
