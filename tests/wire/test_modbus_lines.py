"""What a Modbus link owes its reader on every line: one class of tests, run over each of them.

The other end is pymodbus's own server, which frames and checks by itself.
"""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pymodbus.framer import FramerType
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.device import ModbusDeviceIdentification
from pymodbus.server import ModbusSerialServer, ModbusTcpServer, ModbusTlsServer
from pymodbus.simulator import DataType, SimData, SimDevice

from batteryd.devices.modbus import PymodbusLink
from batteryd.devices.modbus_line import ModbusLine, RtuTcpLine, SerialLine, TcpLine, TlsLine
from batteryd.errors import DeviceRejected, LinkRefused
from tests.wire.certificates import Authority
from tests.wire.serial_pair import SerialPair
from tests.wire.servers import free_port

pytestmark = pytest.mark.wire

LINES = ("tcp", "tls", "rtu", "serial")
PATIENCE_S = 5.0


class Peer:
    """pymodbus's server on one line, with the function codes that it received."""

    def __init__(self, line: ModbusLine) -> None:
        self.line = line
        self.functions: list[int] = []

    def note(self, sending: bool, pdu: ModbusPDU) -> ModbusPDU:
        if not sending:
            self.functions.append(pdu.function_code)
        return pdu


IDENTITY = ModbusDeviceIdentification(
    info_name={"VendorName": "Hanbit", "ProductCode": "LR", "MajorMinorRevision": "2.1"}
)


def devices() -> list[SimDevice]:
    return [_device(1, volts=4012), _device(7, volts=4077)]


def _device(unit: int, *, volts: int) -> SimDevice:
    bits = [SimData(0, values=[True, False, True, True] * 4, datatype=DataType.BITS)]
    words = [SimData(100, values=[volts, *range(1, 125)], datatype=DataType.REGISTERS)]
    return SimDevice(unit, simdata=(bits, bits, words, words))


@asynccontextmanager
async def peer(kind: str, folder: Path) -> AsyncIterator[Peer]:
    port = free_port()
    where = ("127.0.0.1", port)
    server: ModbusTcpServer | ModbusSerialServer
    match kind:
        case "tcp":
            found = Peer(TcpLine(*where))
            server = ModbusTcpServer(
                devices(), address=where, identity=IDENTITY, trace_pdu=found.note
            )
        case "tls":
            authority = Authority(folder)
            found = Peer(TlsLine(*where, ca_file=str(authority.ca_file)))
            context = server_side(authority.issue("bms-1", address="127.0.0.1"))
            server = ModbusTlsServer(
                devices(), address=where, sslctx=context, identity=IDENTITY, trace_pdu=found.note
            )
        case "rtu":
            found = Peer(RtuTcpLine(*where))
            server = ModbusTcpServer(
                devices(),
                address=where,
                framer=FramerType.RTU,
                identity=IDENTITY,
                trace_pdu=found.note,
            )
        case _:
            with SerialPair() as cable:
                found = Peer(SerialLine(cable.here, baudrate=19200))
                server = ModbusSerialServer(
                    devices(),
                    port=cable.there,
                    baudrate=19200,
                    identity=IDENTITY,
                    trace_pdu=found.note,
                )
                async with running(server):
                    yield found
            return
    async with running(server):
        yield found


@asynccontextmanager
async def running(server) -> AsyncIterator[None]:
    await server.serve_forever(background=True)
    try:
        yield
    finally:
        await server.shutdown()


def server_side(certificate: Path, *, client_ca: Path | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_ca)
    return context


@pytest.fixture(params=LINES)
async def served(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Peer]:
    async with peer(str(request.param), tmp_path) as found:
        yield found


@pytest.fixture
async def link(served: Peer) -> AsyncIterator[PymodbusLink]:
    opened = PymodbusLink(served.line, timeout_s=PATIENCE_S, connect_timeout_s=PATIENCE_S)
    yield opened
    await opened.close()


class TestEveryLine:
    async def test_registers_and_bits_of_many_units_come_over_one_connection(self, link):
        for unit, volts in ((1, 4012), (7, 4077), (1, 4012)):
            for function in (3, 4):
                words = await link.read(unit=unit, function=function, start=100, count=125)
                assert words == [volts, *range(1, 125)]
            for function in (1, 2):
                bits = await link.read(unit=unit, function=function, start=0, count=11)
                assert bits == [1, 0, 1, 1] * 2 + [1, 0, 1]

    async def test_a_device_says_what_it_is(self, link):
        identity = await link.read_identification(unit=1)

        assert {n: identity[n] for n in (0, 1, 2)} == {0: b"Hanbit", 1: b"LR", 2: b"2.1"}

    async def test_a_refusal_is_no_loss(self, link):
        with pytest.raises(DeviceRejected, match="illegal data address") as raised:
            await link.read(unit=1, function=3, start=9000, count=2)

        assert raised.value.code == 2
        assert await link.read(unit=1, function=3, start=100, count=1) == [4012]

    async def test_nothing_but_reads_and_identification_reaches_a_device(self, served, link):
        for function in range(256):
            try:
                await link.read(unit=1, function=function, start=0, count=1)
            except (ValueError, DeviceRejected):
                continue
        await link.read_identification(unit=1)

        assert set(served.functions) == {1, 2, 3, 4, 43}

    async def test_a_write_is_stopped_at_the_last_place_before_the_wire(self, served, link):
        await link.read(unit=1, function=3, start=100, count=1)
        client = link._connection.client

        with pytest.raises(ValueError, match="only functions 1 to 4 and 43"):
            await client.write_register(100, 1, device_id=1)

        assert set(served.functions) == {3}

    async def test_a_closed_link_opens_again(self, link):
        for _ in range(2):
            assert await link.read(unit=7, function=3, start=100, count=1) == [4077]
            await link.close()


Serve = Callable[..., Awaitable[int]]


@pytest.fixture
async def tls_server() -> AsyncIterator[Serve]:
    started: list[ModbusTlsServer] = []

    async def serve(certificate: Path, **words) -> int:
        port = free_port()
        context = server_side(certificate, **words)
        server = ModbusTlsServer(devices(), address=("127.0.0.1", port), sslctx=context)
        await server.serve_forever(background=True)
        started.append(server)
        return port

    yield serve
    for server in started:
        await server.shutdown()


async def ask(line: ModbusLine) -> object:
    link = PymodbusLink(line, timeout_s=PATIENCE_S, connect_timeout_s=PATIENCE_S)
    try:
        return await link.read(unit=1, function=3, start=100, count=1)
    finally:
        await link.close()


async def test_a_certificate_for_another_name_is_not_trusted(tls_server, tmp_path):
    authority = Authority(tmp_path)
    port = await tls_server(authority.issue("bms-1"))

    with pytest.raises(LinkRefused, match=r"not trusted.*127\.0\.0\.1"):
        await ask(TlsLine("127.0.0.1", port, ca_file=str(authority.ca_file)))


async def test_the_name_in_the_certificate_may_be_told(tls_server, tmp_path):
    authority = Authority(tmp_path)
    port = await tls_server(authority.issue("bms-1"))
    line = TlsLine("127.0.0.1", port, ca_file=str(authority.ca_file), server_name="bms-1")

    assert await ask(line) == [4012]


@pytest.mark.parametrize("ca", ["another", "the system's"])
async def test_a_certificate_of_a_stranger_is_not_trusted(tls_server, tmp_path, ca):
    port = await tls_server(Authority(tmp_path).issue("bms-1", address="127.0.0.1"))
    ca_file = str(Authority(tmp_path, name="Other CA").ca_file) if ca == "another" else None

    with pytest.raises(LinkRefused, match="certificate is not trusted"):
        await ask(TlsLine("127.0.0.1", port, ca_file=ca_file))


async def test_a_device_that_wants_our_certificate_gets_it(tls_server, tmp_path):
    authority = Authority(tmp_path)
    server = authority.issue("bms-1", address="127.0.0.1")
    port = await tls_server(server, client_ca=authority.ca_file)
    ca_file, ours = str(authority.ca_file), str(authority.issue("batteryd"))

    with pytest.raises(LinkRefused):
        await ask(TlsLine("127.0.0.1", port, ca_file=ca_file))
    line = TlsLine("127.0.0.1", port, ca_file=ca_file, certificate_file=ours)

    assert await ask(line) == [4012]


async def test_what_a_line_lacks_on_this_machine_is_told_before_anything_is_sent(tmp_path):
    missing = str(tmp_path / "ca.pem")

    with pytest.raises(LinkRefused, match=r"without a file that is there: .*ca\.pem"):
        await ask(TlsLine("127.0.0.1", 1, ca_file=missing))
    with pytest.raises(LinkRefused, match=r"no connection to /dev/ttyNONE7: .*No such file"):
        await ask(SerialLine("/dev/ttyNONE7"))


async def test_a_file_that_holds_no_certificate_is_told(tmp_path):
    empty = tmp_path / "ca.pem"
    empty.write_text("")

    with pytest.raises(LinkRefused, match=r"no connection to 127\.0\.0\.1:1: "):
        await ask(TlsLine("127.0.0.1", 1, ca_file=str(empty)))
