"""Modbus racks that cost next to nothing: a thousand of them in one small process.

It listens on every address of 127.0.0.0/8 at once, so each address is a rack with 272 cells and
sensors. A simulated rack at rest is looked at for some minutes, and what it would have answered is
kept; then every rack goes through these polls again and again, each from another one on. So the
numbers are those of a rack, noise and resolution too, and an answer is looked up.
"""

import asyncio
import itertools
import sys

from simulators.modbus_pdu import Image, answer
from tests.simulated import make_world

POLLS = 30
POLL_S = 10.0
RESTED_S = 1200.0
_HEADER = 6  # transaction, protocol, length
_FIRST_REGISTER = bytes((3, 0, 0))  # every poll begins with it


class Answers:
    """What a rack answers at one poll: prepared when it is first asked."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._by_request: dict[bytes, bytes] = {}

    def to(self, request: bytes) -> bytes:
        """Return the response to a request, both without their headers."""
        if request not in self._by_request:
            self._by_request[request] = answer(request, self._image)
        return self._by_request[request]


class RackConnection(asyncio.Protocol):
    """One rack, as far as its client can tell."""

    def __init__(self, polls: tuple[Answers, ...], *, first: int) -> None:
        self._polls, self._number = polls, first
        self._waiting = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole frame."""
        assert self._transport is not None
        self._waiting += data
        while len(self._waiting) > _HEADER:
            end = _HEADER + int.from_bytes(self._waiting[4:_HEADER])
            frame, self._waiting = self._waiting[:end], self._waiting[end:]
            unit, request = frame[_HEADER : _HEADER + 1], frame[_HEADER + 1 :]
            self._number += request.startswith(_FIRST_REGISTER)
            said = self._polls[self._number % len(self._polls)].to(request)
            length = (len(said) + 1).to_bytes(2)
            self._transport.write(frame[:4] + length + unit + said)


def _prepared() -> tuple[Answers, ...]:
    world = make_world(every_rack={"ups_id": "U1", "soc_pct": 95})  # full: it is left alone
    polls = []
    for number in range(POLLS):
        world.advance(to_s=RESTED_S + number * POLL_S)
        polls.append(Answers(world.racks["R1"].image()))
    return tuple(polls)


async def serve() -> None:
    """Answer until killed; the port is printed first."""
    polls, numbers = _prepared(), itertools.count()
    server = await asyncio.get_running_loop().create_server(
        lambda: RackConnection(polls, first=next(numbers)), "0.0.0.0", 0, backlog=1024
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
