"""Who shares a connection: one for each Modbus endpoint, however many racks are read over it.

Many gateways and BMSs admit one client, so readers of the same endpoint borrow the same link. A
loan begins with the first read and ends when its reader is closed; the last one to end closes the
link. Hence building a device opens nothing, and while a reload replaces one rack of a gateway, its
neighbours keep the connection open.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from weakref import WeakValueDictionary

from batteryd.devices.endpoint import Endpoint
from batteryd.devices.link import ModbusLink


class HostPort(NamedTuple):
    """Where something listens."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


OpenModbusLink = Callable[[HostPort], ModbusLink]


class Endpoints:
    """The endpoints in use; each lasts as long as a device refers to it."""

    def __init__(self) -> None:
        self._in_use: WeakValueDictionary[HostPort, Endpoint] = WeakValueDictionary()

    def at(self, address: HostPort) -> Endpoint:
        """Return the endpoint at an address, the same one for everybody."""
        endpoint = self._in_use.get(address)
        if endpoint is None:
            endpoint = self._in_use[address] = Endpoint(str(address))
        return endpoint


class ModbusLinks:
    """The Modbus links that are open, with the number of loans on each."""

    def __init__(self, open_link: OpenModbusLink) -> None:
        self._open_link = open_link
        self._open: dict[HostPort, ModbusLink] = {}
        self._loans: dict[HostPort, int] = {}

    def lend(self, address: HostPort) -> ModbusLink:
        """Return a link that others may use too; closing it ends this loan only."""
        return _BorrowedLink(self, address)

    def take(self, address: HostPort) -> ModbusLink:
        """Begin a loan."""
        if address not in self._open:
            self._open[address] = self._open_link(address)
            self._loans[address] = 0
        self._loans[address] += 1
        return self._open[address]

    async def give_back(self, address: HostPort) -> None:
        """End a loan, and close the link with the last one."""
        self._loans[address] -= 1
        if not self._loans[address]:
            del self._loans[address]
            await self._open.pop(address).close()


class _BorrowedLink:
    """A `ModbusLink` on loan."""

    def __init__(self, links: ModbusLinks, address: HostPort) -> None:
        self._links = links
        self._address = address
        self._link: ModbusLink | None = None

    async def read(self, *, unit: int, function: int, start: int, count: int) -> Sequence[int]:
        return await self._taken().read(unit=unit, function=function, start=start, count=count)

    async def read_identification(self, *, unit: int) -> Mapping[int, bytes]:
        return await self._taken().read_identification(unit=unit)

    async def close(self) -> None:
        if self._link is not None:
            self._link = None
            await self._links.give_back(self._address)

    def _taken(self) -> ModbusLink:
        if self._link is None:
            self._link = self._links.take(self._address)
        return self._link
