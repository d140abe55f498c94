"""Stands between a client and an agent, and notes what kind of message each datagram is.

It reads the octets itself: whatever a library thinks that it has sent, this is what went out.
"""

import asyncio
from collections import Counter
from typing import Self

GET, GETNEXT, RESPONSE, SET, GETBULK, INFORM, TRAP, REPORT = (
    0xA0, 0xA1, 0xA2, 0xA3, 0xA5, 0xA6, 0xA7, 0xA8,
)  # fmt: skip


def kind_of(datagram: bytes) -> int:
    """Return the tag of the PDU in a message of version 1, 2c, or 3 without privacy."""
    [(_, message)] = _items(datagram)
    (_, version), *_, (tag, last) = _items(message)
    if version == b"\x03":
        (_, _engine), (_, _context), (tag, _) = _items(last)
    return tag


def _items(data: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            octets = length & 0x7F
            length = int.from_bytes(data[at : at + octets])
            at += octets
        found.append((tag, data[at : at + length]))
        at += length
    return found


class SnmpWitness(asyncio.DatagramProtocol):
    """Passes requests of one client on to the agent at `agent_port`, and answers back."""

    def __init__(self, agent_port: int) -> None:
        self.kinds: Counter[int] = Counter()
        self.port = 0
        self._agent_port = agent_port
        self._ways: dict[tuple[str, int], asyncio.DatagramTransport] = {}

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0)
        )
        self.port = self._front.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._front.close()
        for way in self._ways.values():
            way.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.kinds[kind_of(data)] += 1
        self._passing = asyncio.ensure_future(self._pass_on(data, addr))

    async def _pass_on(self, data: bytes, client: tuple[str, int]) -> None:
        if client not in self._ways:
            loop = asyncio.get_running_loop()
            self._ways[client], _ = await loop.create_datagram_endpoint(
                lambda: _Way(self._front, client), remote_addr=("127.0.0.1", self._agent_port)
            )
        self._ways[client].sendto(data)


class _Way(asyncio.DatagramProtocol):
    def __init__(self, front: asyncio.DatagramTransport, client: tuple[str, int]) -> None:
        self._front = front
        self._client = client

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._front.sendto(data, self._client)
