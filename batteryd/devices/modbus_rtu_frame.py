"""Judges whether received bytes are the answer to the request that is open on a serial line.

A frame of Modbus RTU (Modbus over serial line V1.02, 2.5.1) is

    unit (1)  function (1)  data  CRC (2)

It says neither how long it is nor which question it answers. Unit, function and length follow from
the request, and the checksum is compared here too: a damaged answer is known at once, not after the
time-out. What cannot be seen here is a late answer to the same kind of question; the link waits for
silence after a loss because of that.
"""

from batteryd.devices.modbus_frame import Verdict

_REFUSED = 0x80
_REFUSAL_LENGTH = 5  # unit, function, code, CRC
_IDENTIFICATION = 0x2B
_READ_OVERHEAD = 5  # unit, function, byte count, CRC
_OBJECTS_AT = 8  # of an identification; what stands before counts them


def judge_rtu(request: bytes, received: bytes) -> Verdict:
    """Return what `received` is; `request` is the open request's frame, empty if none is open."""
    if not request:
        return Verdict.UNASKED
    if received[0] != request[0]:
        return Verdict.WRONG_UNIT
    if len(received) < 2:
        return Verdict.INCOMPLETE
    if received[1] & ~_REFUSED != request[1]:
        return Verdict.WRONG_FUNCTION
    return _judge_content(request, received)


def crc(data: bytes) -> bytes:
    """Return the checksum of a frame's beginning, as it goes over the line."""
    register = 0xFFFF
    for octet in data:
        register = (register >> 8) ^ _CRC_TABLE[(register ^ octet) & 0xFF]
    return register.to_bytes(2, "little")


def _judge_content(request: bytes, received: bytes) -> Verdict:
    length = _length(request, received)
    if length is None or len(received) < length:
        return Verdict.INCOMPLETE
    if len(received) > length:
        return Verdict.WRONG_LENGTH
    return Verdict.COMPLETE if crc(received[:-2]) == received[-2:] else Verdict.DAMAGED


def _length(request: bytes, received: bytes) -> int | None:
    """Return how long the whole frame has to be; None while that cannot be told."""
    if received[1] & _REFUSED:
        return _REFUSAL_LENGTH
    if request[1] == _IDENTIFICATION:
        return _identification_length(received)
    count = int.from_bytes(request[4:6])
    byte_count = (count + 7) // 8 if request[1] in (1, 2) else 2 * count
    if len(received) > 2 and received[2] != byte_count:
        return 0  # whatever has come is too long
    return _READ_OVERHEAD + byte_count


def _identification_length(received: bytes) -> int | None:
    if len(received) < _OBJECTS_AT:
        return None
    at = _OBJECTS_AT
    for _ in range(received[_OBJECTS_AT - 1]):  # each is an id, a length and a text
        if at + 2 > len(received):
            return None
        at += 2 + received[at + 1]
    return at + 2


def _crc_of_octet(octet: int) -> int:
    for _ in range(8):
        octet = (octet >> 1) ^ 0xA001 if octet & 1 else octet >> 1
    return octet


_CRC_TABLE = tuple(_crc_of_octet(octet) for octet in range(256))
