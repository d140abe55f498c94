"""An SNMP agent that costs next to nothing: ten thousand devices in one small process.

It listens on every address of 127.0.0.0/8 at once, so each address is a device. It knows no more of
SNMP than it must: v2c GET, every object exists, upsIdent is text and all else a number. All the
devices of a benchmark ask for the same objects, so an answer is looked up, and only community and
request id are copied into it.
"""

import socket
import struct
import sys

INTEGER, TEXT, SEQUENCE, RESPONSE = 0x02, 0x04, 0x30, 0xA2
UPS_IDENT = bytes((0x2B, 6, 1, 2, 1, 33, 1, 1))  # 1.3.6.1.2.1.33.1.1
IP_PKTINFO = 8  # <linux/in.h>; the socket module does not name it before Python 3.14
# What a healthy UPS says of the fifteen objects that the benchmarks ask for, in their order.
NUMBERS = (2, 0, 2700, 97, 540, 1, 24, 3, 40, 96, 45, 23, 120, 100, 0)
NO_ERROR = bytes((INTEGER, 1, 0, INTEGER, 1, 0))  # error-status and error-index


def device_host(number: int) -> str:
    """Return the address of a device, counted from 0."""
    return f"127.{1 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"


class Responder:
    """Turns a request into its answer."""

    def __init__(self) -> None:
        self._answers: dict[bytes, bytes] = {}

    def answer(self, request: bytes) -> bytes:
        """Return the response to a GET."""
        _, message, _ = _element(request)
        _, _, pdu_at = _element(message, _element(message)[2])
        header = message[:pdu_at]  # version and community
        _, pdu, _ = _element(message, pdu_at)
        _, _, request_id_end = _element(pdu)
        _, _, status_end = _element(pdu, request_id_end)
        _, _, index_end = _element(pdu, status_end)
        asked = pdu[index_end:]
        if asked not in self._answers:
            self._answers[asked] = _values(asked)
        body = pdu[:request_id_end] + NO_ERROR + self._answers[asked]
        return _encoded(SEQUENCE, header + _encoded(RESPONSE, body))


def _values(asked: bytes) -> bytes:
    _, bindings, _ = _element(asked)
    answered = b""
    at = 0
    while at < len(bindings):
        _, binding, at = _element(bindings, at)
        _, oid, value_at = _element(binding)
        is_text = oid.startswith(UPS_IDENT)
        value = _encoded(TEXT, b"Cellworks") if is_text else _encoded(INTEGER, _number(oid))
        answered += _encoded(SEQUENCE, binding[:value_at] + value)
    return _encoded(SEQUENCE, answered)


def _number(oid: bytes) -> bytes:
    place = oid[-2] - 1  # 1.3.6.1.2.1.33.1.2.PLACE.0
    number = NUMBERS[place] if 0 <= place < len(NUMBERS) else 2
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _element(data: bytes, at: int = 0) -> tuple[int, bytes, int]:
    """Return tag, content and the place behind the element at `at`."""
    tag, length, start = data[at], data[at + 1], at + 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[at + 2 : start], "big")
    return tag, data[start : start + length], start + length


def _encoded(tag: int, content: bytes) -> bytes:
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    return struct.pack("!BBH", tag, 0x82, len(content)) + content


def serve() -> None:
    """Answer until killed; the port is printed first."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        server.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        server.bind(("0.0.0.0", 0))
        sys.stdout.write(f"{server.getsockname()[1]}\n")
        sys.stdout.flush()
        responder = Responder()
        while True:
            # The answer must come from the address that was asked, or the asker ignores it.
            request, ancillary, _, asker = server.recvmsg(4096, 64)
            server.sendmsg([responder.answer(request)], ancillary, 0, asker)


if __name__ == "__main__":
    serve()
