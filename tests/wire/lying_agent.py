"""A UDP socket that answers SNMP requests with whatever a test wants, however wrong."""

import asyncio
import socket
from collections.abc import Callable
from typing import Self

from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto.api import v2c

Answer = Callable[[bytes], list[bytes]]


def free_port() -> int:
    """Return a UDP port where nobody listens, at least for now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class LyingAgent(asyncio.DatagramProtocol):
    """Sends the datagrams that `answer` returns for a request."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.request_count = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0)
        )
        self.port = self._transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.request_count += 1
        for answer in self.answer(data):
            self._transport.sendto(answer, addr)

    @staticmethod
    def good_response(request: bytes) -> bytes:
        """Answer a v2c request: 2 for the first OID, a text for any other."""
        return _response(request, lambda at: v2c.Integer32(2) if at == 0 else v2c.OctetString("LR"))

    @staticmethod
    def rows(*rows: tuple[str, int]) -> Answer:
        """Answer every request with the same rows, whatever was asked."""

        def answer(request: bytes) -> list[bytes]:
            pdu = v2c.ResponsePDU()
            v2c.apiPDU.set_defaults(pdu)
            v2c.apiPDU.set_request_id(pdu, v2c.apiPDU.get_request_id(_pdu(request)))
            v2c.apiPDU.set_varbinds(pdu, [(oid, v2c.Integer32(value)) for oid, value in rows])
            return [_message(pdu)]

        return answer

    @staticmethod
    def other_response() -> bytes:
        """Answer a request that nobody made."""
        pdu = v2c.ResponsePDU()
        v2c.apiPDU.set_defaults(pdu)
        v2c.apiPDU.set_request_id(pdu, 4711)
        return _message(pdu)

    @staticmethod
    def same_row(oid: str) -> Answer:
        """Answer every step of a walk with the same row."""
        return LyingAgent.rows((oid, 1))


def _response(request: bytes, value: Callable[[int], object]) -> bytes:
    asked = _pdu(request)
    pdu = v2c.ResponsePDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, v2c.apiPDU.get_request_id(asked))
    rows = enumerate(v2c.apiPDU.get_varbinds(asked))
    v2c.apiPDU.set_varbinds(pdu, [(name, value(at)) for at, (name, _) in rows])
    return _message(pdu)


def _pdu(request: bytes) -> object:
    message, _ = decoder.decode(request, asn1Spec=v2c.Message())
    return v2c.apiMessage.get_pdu(message)


def _message(pdu: object) -> bytes:
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, "public")
    v2c.apiMessage.set_pdu(message, pdu)
    encoded: bytes = encoder.encode(message)
    return encoded
