"""The seams to the network: what a link can be asked, and what a reader gives back.

There is one seam a protocol. Both are read-only by construction: neither has a method that could
change anything in a device. Library exceptions stop inside the modules that implement these; what
comes out is a `LinkError` of `batteryd.errors`.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from batteryd.domain.nameplate import Nameplate
from batteryd.domain.snapshot import Layout, Qualities, Values

SnmpValue = int | float | bytes | str  # str: an object identifier or an address; text is bytes


class SnmpLink(Protocol):
    """One SNMP session to one agent."""

    async def get(self, oids: Sequence[str]) -> Mapping[str, SnmpValue]:
        """Return the values of scalar OIDs; one that the agent does not have is left out.

        Raises:
            LinkError: no answer, refused credentials, or an answer that cannot be read.
        """
        ...

    async def walk(self, oid: str, *, rows_max: int) -> Mapping[str, SnmpValue]:
        """Return everything below `oid` in agent order, at most `rows_max` values.

        Raises:
            LinkError: as for `get`. An empty subtree is an empty mapping.
        """
        ...

    async def close(self) -> None:
        """Release the socket. Closing twice is fine."""
        ...


class ModbusLink(Protocol):
    """One Modbus connection to one endpoint; several unit ids may share it."""

    async def read(self, *, unit: int, function: int, start: int, count: int) -> Sequence[int]:
        """Return `count` registers (functions 3, 4) or bits as 0/1 (functions 1, 2).

        Raises:
            DeviceRejected: the device answered with an exception code.
            LinkError: no answer, connection lost, or an answer out of step.
            ValueError: a function that is not 1 to 4; nothing is sent.
        """
        ...

    async def read_identification(self, *, unit: int) -> Mapping[int, bytes]:
        """Return the objects of function 43/14, by object id; empty where it is not supported."""
        ...

    async def close(self) -> None:
        """Release the connection. Closing twice is fine."""
        ...


class RawReading(NamedTuple):
    """One decoded poll: arrays in the order of the reader's layout."""

    values: Values
    quality: Qualities


class Reader(Protocol):
    """A compiled profile on a link: reads one asset, decodes, never writes."""

    poll_interval_s: float  # as the profile says; an asset may override it

    @property
    def layout(self) -> Layout:
        """What the columns of the last reading are."""
        ...

    @property
    def sources(self) -> Sequence[str]:
        """The device's own name of each column, for people."""
        ...

    @property
    def restart_count(self) -> int:
        """How often the device is known to have restarted; 0 where it does not tell."""
        ...

    async def read(self) -> RawReading:
        """Read everything once. Blocks that the device refuses cost their values only.

        Raises:
            LinkError: nothing usable came back.
        """
        ...

    async def read_nameplate(self) -> Nameplate:
        """Read identity and dates. What cannot be read is None; it never costs the other fields.

        Raises:
            LinkError: nothing usable came back.
        """
        ...

    async def close(self) -> None:
        """Let go of the link."""
        ...
