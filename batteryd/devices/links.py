"""Who shares a connection: one for each Modbus endpoint, however many racks are read over it.

Many gateways and BMSs admit one client, so readers of the same endpoint borrow the same link. A
loan begins with the first read and ends when its reader is closed; the last one to end closes the
link. Hence building a device opens nothing, and while a reload replaces one rack of a gateway, its
neighbours keep the connection open.
"""

from collections.abc import Callable, Mapping, Sequence
from weakref import WeakValueDictionary

from batteryd.devices.endpoint import Endpoint
from batteryd.devices.host_port import HostPort
from batteryd.devices.link import ModbusLink
from batteryd.devices.modbus_line import ModbusLine

OpenModbusLink = Callable[[ModbusLine], ModbusLink]
Place = HostPort | ModbusLine


class Endpoints:
    """The endpoints in use; each lasts as long as a device refers to it."""

    def __init__(self) -> None:
        self._in_use: WeakValueDictionary[Place, Endpoint] = WeakValueDictionary()

    def at(self, place: Place) -> Endpoint:
        """Return the endpoint at a place, the same one for everybody."""
        endpoint = self._in_use.get(place)
        if endpoint is None:
            endpoint = self._in_use[place] = Endpoint(str(place))
        return endpoint


class ModbusLinks:
    """The Modbus links that are open, with the number of loans on each."""

    def __init__(self, open_link: OpenModbusLink) -> None:
        self._open_link = open_link
        self._open: dict[ModbusLine, ModbusLink] = {}
        self._loans: dict[ModbusLine, int] = {}

    def lend(self, line: ModbusLine) -> ModbusLink:
        """Return a link that others may use too; closing it ends this loan only."""
        return _BorrowedLink(self, line)

    def take(self, line: ModbusLine) -> ModbusLink:
        """Begin a loan."""
        if line not in self._open:
            self._open[line] = self._open_link(line)
            self._loans[line] = 0
        self._loans[line] += 1
        return self._open[line]

    async def give_back(self, line: ModbusLine) -> None:
        """End a loan, and close the link with the last one."""
        self._loans[line] -= 1
        if not self._loans[line]:
            del self._loans[line]
            await self._open.pop(line).close()


class _BorrowedLink:
    """A `ModbusLink` on loan."""

    def __init__(self, links: ModbusLinks, line: ModbusLine) -> None:
        self._links = links
        self._line = line
        self._link: ModbusLink | None = None

    async def read(self, *, unit: int, function: int, start: int, count: int) -> Sequence[int]:
        return await self._taken().read(unit=unit, function=function, start=start, count=count)

    async def read_identification(self, *, unit: int) -> Mapping[int, bytes]:
        return await self._taken().read_identification(unit=unit)

    async def close(self) -> None:
        if self._link is not None:
            self._link = None
            await self._links.give_back(self._line)

    def _taken(self) -> ModbusLink:
        if self._link is None:
            self._link = self._links.take(self._line)
        return self._link
