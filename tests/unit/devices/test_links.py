"""One connection an endpoint, opened by the first read and closed by the last reader."""

from batteryd.devices.host_port import HostPort
from batteryd.devices.links import Endpoints, ModbusLinks
from batteryd.devices.modbus_line import ModbusLine, TcpLine

GATEWAY = TcpLine("10.0.5.11", 502)
OTHER_GATEWAY = TcpLine("10.0.5.12", 502)


class FakeModbusLink:
    """Registers that hold their own unit and address."""

    def __init__(self) -> None:
        self.closed = 0

    async def read(self, *, unit, function, start, count):
        return [unit * 1000 + start + n for n in range(count)]

    async def read_identification(self, *, unit):
        return {0: b"Cellworks"}

    async def close(self):
        self.closed += 1


class Opened(dict[ModbusLine, FakeModbusLink]):
    """What was opened, by address; opening an open one again is a mistake."""

    def __call__(self, address):
        assert address not in self or self[address].closed
        self[address] = FakeModbusLink()
        return self[address]


async def test_nothing_is_opened_before_the_first_read():
    opened = Opened()
    link = ModbusLinks(opened).lend(GATEWAY)

    await link.close()

    assert not opened


async def test_racks_behind_one_gateway_share_its_connection():
    opened = Opened()
    links = ModbusLinks(opened)
    first, second = links.lend(GATEWAY), links.lend(GATEWAY)

    registers = await first.read(unit=1, function=3, start=40, count=2)
    identification = await second.read_identification(unit=2)

    assert registers == [1040, 1041]
    assert identification == {0: b"Cellworks"}
    assert list(opened) == [GATEWAY]


async def test_different_gateways_have_different_connections():
    opened = Opened()
    links = ModbusLinks(opened)

    for address in (GATEWAY, OTHER_GATEWAY):
        await links.lend(address).read(unit=1, function=3, start=0, count=1)

    assert set(opened) == {GATEWAY, OTHER_GATEWAY}


async def test_the_last_reader_closes_the_connection():
    opened = Opened()
    links = ModbusLinks(opened)
    borrowed = [links.lend(GATEWAY) for _ in range(3)]
    for link in borrowed:
        await link.read(unit=1, function=3, start=0, count=1)

    await borrowed[0].close()
    await borrowed[0].close()  # twice is fine, and is one loan
    await borrowed[1].close()
    closed_too_soon = opened[GATEWAY].closed
    await borrowed[2].close()

    assert (closed_too_soon, opened[GATEWAY].closed) == (0, 1)


async def test_a_gateway_that_nobody_used_any_more_is_opened_anew():
    opened = Opened()
    links = ModbusLinks(opened)
    before = links.lend(GATEWAY)
    await before.read(unit=1, function=3, start=0, count=1)
    await before.close()
    first_connection = opened[GATEWAY]

    await links.lend(GATEWAY).read(unit=1, function=3, start=0, count=1)

    assert opened[GATEWAY] is not first_connection


def test_devices_at_one_address_share_an_endpoint_as_long_as_one_of_them_is_left():
    endpoints = Endpoints()
    endpoint = endpoints.at(GATEWAY)

    assert endpoints.at(TcpLine("10.0.5.11", 502)) is endpoint
    assert endpoints.at(OTHER_GATEWAY) is not endpoint
    assert endpoint.name == "10.0.5.11:502"
    assert endpoints.at(HostPort("fd00::5:11", 161)).name == "[fd00::5:11]:161"
