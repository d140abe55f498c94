"""A device behind a gateway that passes the bytes of its serial line on as they are."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Self

from batteryd.devices.modbus_rtu_frame import crc

REQUEST_LENGTH = 8

Piece = bytes | float  # bytes to send, or seconds to wait before the next piece
Script = Callable[[bytes], Sequence[Piece]]


def honest(request: bytes) -> Sequence[bytes]:
    """Answer each register with its own address."""
    start, count = int.from_bytes(request[2:4]), int.from_bytes(request[4:6])
    words = b"".join(number.to_bytes(2) for number in range(start, start + count))
    return [framed(request[:2] + bytes([len(words)]) + words)]


def framed(content: bytes) -> bytes:
    """Return a frame with its checksum."""
    return content + crc(content)


class RtuDevice:
    """What it sends goes to whoever is connected at that moment, as through a real gateway."""

    def __init__(self, script: Script = honest) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.connections = 0
        self._writer: asyncio.StreamWriter | None = None
        self._answers: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        if self._writer is not None:
            self._writer.close()
        await asyncio.gather(*self._answers)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writer = writer
        try:
            while True:
                request = await reader.readexactly(REQUEST_LENGTH)
                self.requests.append(request)
                self._answers.add(asyncio.ensure_future(self._answer(self.script(request))))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(self, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            if isinstance(piece, float):
                await asyncio.sleep(piece)
            elif self._writer is not None and not self._writer.is_closing():
                self._writer.write(piece)
