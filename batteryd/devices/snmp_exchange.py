"""The seam below the SNMP link: one request, one answer.

There are two engines behind it. What is the same for both (retries, batches, bounds) stands above,
in `snmp.py`; what an engine's library says and raises stays in its own module.
"""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import NamedTuple, Protocol

from batteryd.devices.link import SnmpValue
from batteryd.errors import LinkRefused

BULK_ROWS = 20  # asked of an agent in one GETBULK

# An Opaque that holds a number (net-snmp's extension): its tag, its length, the number.
_OPAQUE_NUMBERS = (
    (bytes.fromhex("9f7804"), struct.Struct(">f")),
    (bytes.fromhex("9f7908"), struct.Struct(">d")),
)


WalkRow = tuple[str, SnmpValue | None]


class SnmpWalk(Protocol):
    """A walk under way. After a `LinkError` the same step may be asked for again."""

    async def next(self) -> WalkRow | None:
        """Return the next OID below the root and its value (None for NULL); None at the end.

        Raises:
            LinkError: no answer, or none that can be read.
        """
        ...


class SnmpExchange(Protocol):
    """An open session that asks once and waits once. One request at a time."""

    async def get(self, oids: Sequence[str]) -> Mapping[str, SnmpValue]:
        """Ask for all `oids` in one message.

        What the agent does not have is left out. Where it refuses the whole message (noSuchName of
        version 1, tooBig, genErr) nothing comes back.

        Raises:
            LinkError: no answer, refused credentials, or an answer that cannot be read.
        """
        ...

    def walk(self, oid: str) -> SnmpWalk:
        """Begin a walk below `oid`."""
        ...

    async def close(self) -> None:
        """Release the socket."""
        ...


OpenExchange = Callable[[], Awaitable[SnmpExchange]]


class HostAddress(NamedTuple):
    """Where a host name led, this time."""

    host: str
    is_ipv6: bool


async def resolve(host: str, port: int) -> HostAddress:
    """Find the IP address of a host. An address is one already and costs no thread.

    Raises:
        LinkRefused: the name leads nowhere.
    """
    try:
        return HostAddress(host, ip_address(host).version == 6)
    except ValueError:
        pass  # it is a name
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise LinkRefused(f"no address for host {host}: {error.strerror}") from error
    family, *_, place = found[0]
    return HostAddress(str(place[0]), family is socket.AF_INET6)


def number_or_bytes(octets: bytes) -> float | bytes:
    """Return the number of an Opaque that holds one; any other octets as they are."""
    for head, form in _OPAQUE_NUMBERS:
        if octets.startswith(head) and len(octets) == len(head) + form.size:
            number: float = form.unpack_from(octets, len(head))[0]
            return number
    return octets
