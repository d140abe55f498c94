"""A Modbus TCP device whose answers a test writes byte by byte."""

import asyncio
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

READS = frozenset({1, 2, 3, 4})


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    transaction: int
    unit: int
    pdu: bytes

    @property
    def function(self) -> int:
        return self.pdu[0]

    @property
    def start(self) -> int:
        return int.from_bytes(self.pdu[1:3])

    @property
    def count(self) -> int:
        return int.from_bytes(self.pdu[3:5])

    def frame(
        self, pdu: bytes, *, transaction: int | None = None, unit: int | None = None
    ) -> bytes:
        """Return an answer to this request, in step unless said otherwise."""
        transaction = self.transaction if transaction is None else transaction
        unit = self.unit if unit is None else unit
        return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


Answer = Sequence[bytes] | None  # pieces sent one after the other; None closes the connection
Script = Callable[[Asked], Answer]


def honest(asked: Asked) -> Answer:
    """Answer each register with its own address, each bit with its address's lowest bit."""
    if asked.function not in READS:
        return [refusal(asked, code=1)]
    numbers = range(asked.start, asked.start + asked.count)
    if asked.function in (3, 4):
        content = struct.pack(f">{asked.count}H", *numbers)
    else:
        bits = sum((number & 1) << i for i, number in enumerate(numbers))
        content = bits.to_bytes((asked.count + 7) // 8, "little")
    return [asked.frame(bytes([asked.function, len(content)]) + content)]


def refusal(asked: Asked, *, code: int) -> bytes:
    """Return an exception answer."""
    return asked.frame(bytes([asked.function | 0x80, code]))


class ModbusDevice:
    """Listens on loopback; `script` may be changed at any time."""

    def __init__(self, script: Script = honest) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.connections = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._conversations: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.hang_up()
        await asyncio.gather(*self._conversations)
        await self._server.wait_closed()

    def hang_up(self) -> None:
        """Close every connection from the device's side."""
        for writer in self._writers:
            writer.close()

    async def say(self, raw: bytes) -> None:
        """Send bytes that nobody asked for."""
        for writer in self._writers:
            writer.write(raw)
            await writer.drain()

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._conversations.append(asyncio.ensure_future(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                header = await reader.readexactly(7)
                transaction, _, length, unit = struct.unpack(">HHHB", header)
                asked = Asked(transaction, unit, await reader.readexactly(length - 1))
                self.asked.append(asked)
                answer = self.script(asked)
                if answer is None:
                    return
                for piece in answer:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self._writers.discard(writer)
            writer.close()
