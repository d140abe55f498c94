"""A Modbus TCP server for simulated devices: one listener, several unit ids, faults on demand.

Written on asyncio streams because faults live below what a Modbus library shows: half a frame,
another transaction's number, an answer held back. Every function code that anybody sends is
counted, so that a test can prove that nothing but reads was ever asked for.
"""

import asyncio
import contextlib
import struct
from collections import Counter
from collections.abc import Mapping
from typing import Protocol

from batteryd.clock import Clock, SystemClock
from simulators.faults import Fault
from simulators.modbus_faults import Exchange, LineMemory, Reply, reply_to
from simulators.modbus_pdu import GATEWAY_TARGET_SILENT, Image, answer, exception

_HEADER_LENGTH = 7
_PDU_LENGTH_MAX = 253
CONNECTIONS_MAX = 64


class ModbusUnit(Protocol):
    """A device behind a unit id."""

    def image(self) -> Image:
        """Return what the device can be asked at this instant."""
        ...

    def modbus_fault(self) -> Fault | None:
        """Return how the device misbehaves on the wire at this instant."""
        ...


class ModbusServer:
    """One endpoint. `function_codes` counts everything that was ever received."""

    def __init__(
        self,
        units: Mapping[int, ModbusUnit],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        real_time: Clock | None = None,
    ) -> None:
        self.host = host
        self.port = port  # 0 until `start` has found a free one
        self.function_codes: Counter[int] = Counter()
        self.refused_connections = 0
        self._units = units
        self._real_time = real_time or SystemClock()  # the network does not go faster in a demo
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the listener and every connection."""
        if self._server is None:
            return
        self._server.close()
        for writer in tuple(self._connections):
            writer.transport.abort()
        await self._server.wait_closed()
        while self._connections:  # each one leaves the set as soon as it sees its end
            await self._real_time.sleep(0.001)
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= self._connections_max():
            self.refused_connections += 1
            writer.close()
            return
        self._connections.add(writer)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await self._converse(reader, writer)
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        memories: dict[int, LineMemory] = {}
        while True:
            header = await reader.readexactly(_HEADER_LENGTH)
            transaction, protocol, length, unit = struct.unpack(">HHHB", header)
            if protocol != 0 or not 2 <= length <= _PDU_LENGTH_MAX + 1:
                return  # not Modbus: a device that has lost the frame's start cannot find it again
            request = await reader.readexactly(length - 1)
            memory = memories.setdefault(unit, LineMemory())
            reply = self._reply(transaction, unit, request, memory)
            await self._real_time.sleep(reply.delay_s)
            writer.write(reply.sent)
            if reply.closes:
                return
            await writer.drain()

    def _reply(self, transaction: int, unit: int, request: bytes, memory: LineMemory) -> Reply:
        self.function_codes[request[0]] += 1
        device = self._units.get(unit)
        if device is None:
            refusal = exception(request[0], GATEWAY_TARGET_SILENT)
            return reply_to(Exchange(transaction, unit, request, refusal, memory), None)
        response = answer(request, device.image())
        exchange = Exchange(transaction, unit, request, response, memory)
        return reply_to(exchange, device.modbus_fault())

    def _connections_max(self) -> int:
        faults = (unit.modbus_fault() for unit in self._units.values())
        one_client = any(f is not None and f.kind.name == "one_client" for f in faults)
        return 1 if one_client else CONNECTIONS_MAX
