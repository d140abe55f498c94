"""Judges whether received bytes are the answer to the request that is open on a connection.

A Modbus TCP frame (Modbus messaging on TCP/IP V1.0b, 3.1.3) is

    transaction id (2)  protocol id (2) = 0  length (2)  unit (1)  function (1)  data

A device that answers late answers the question before; from then on every answer would be taken for
the next one's. Everything that ties an answer to its question is compared here: transaction, unit,
function and the length that the question implies. Nothing that passes can fail to decode.
"""

from enum import StrEnum

_HEADER_LENGTH = 6  # what stands before the part that `length` counts
_LENGTH_MIN = 3  # unit, function, one byte: the answer of a device that refuses
_FRAME_LENGTH_MIN = _HEADER_LENGTH + _LENGTH_MIN
_REFUSED = 0x80
_IDENTIFICATION = 0x2B
_MEI_TYPE = 0x0E


class Verdict(StrEnum):
    """What received bytes are, judged by the open request."""

    INCOMPLETE = "the beginning of the answer"
    COMPLETE = "the answer"
    UNASKED = "data that nobody asked for"
    WRONG_TRANSACTION = "the answer to another request"
    WRONG_PROTOCOL = "no Modbus frame"
    WRONG_UNIT = "the answer of another unit"
    WRONG_FUNCTION = "the answer to another function"
    WRONG_LENGTH = "an answer of the wrong length"
    WRONG_CONTENT = "an answer that contradicts itself"
    DAMAGED = "an answer whose checksum is wrong"

    @property
    def is_fault(self) -> bool:
        """Whether the connection is out of step."""
        return self not in (Verdict.INCOMPLETE, Verdict.COMPLETE)


def judge(request: bytes, received: bytes) -> Verdict:
    """Return what `received` is; `request` is the open request's frame, empty if none is open."""
    if not request:
        return Verdict.UNASKED
    if not request.startswith(received[:2]):
        return Verdict.WRONG_TRANSACTION
    if any(received[2:4]):
        return Verdict.WRONG_PROTOCOL
    if len(received) < _FRAME_LENGTH_MIN:
        is_too_short = len(received) >= _HEADER_LENGTH and _length(received) < _LENGTH_MIN
        return Verdict.WRONG_LENGTH if is_too_short else Verdict.INCOMPLETE
    return _judge_body(request, received)


def _judge_body(request: bytes, received: bytes) -> Verdict:
    if received[6] != request[6]:
        return Verdict.WRONG_UNIT
    if received[7] & ~_REFUSED != request[7]:
        return Verdict.WRONG_FUNCTION
    return _judge_content(request, received)


def _judge_content(request: bytes, received: bytes) -> Verdict:
    length = _length(received)
    missing = _HEADER_LENGTH + length - len(received)
    if missing < 0 or not _is_length_right(request, received, length=length):
        return Verdict.WRONG_LENGTH
    if missing > 0:
        return Verdict.INCOMPLETE
    if received[7] == _IDENTIFICATION and not _is_identification(received[8:]):
        return Verdict.WRONG_CONTENT
    return Verdict.COMPLETE


def _length(received: bytes) -> int:
    return int.from_bytes(received[4:6])


def _is_length_right(request: bytes, received: bytes, *, length: int) -> bool:
    if received[7] & _REFUSED:
        return length == _LENGTH_MIN
    if request[7] == _IDENTIFICATION:
        return 8 <= length <= 254
    count = int.from_bytes(request[10:12])
    byte_count = (count + 7) // 8 if request[7] in (1, 2) else 2 * count
    return length == _LENGTH_MIN + byte_count and received[8] == byte_count


def _is_identification(data: bytes) -> bool:
    # MEI type, read code, conformity, more follows, next object, number of objects; then objects.
    at, objects = 6, 0
    while at + 2 <= len(data):
        at += 2 + data[at + 1]
        objects += 1
    return data[0] == _MEI_TYPE and at == len(data) and objects == data[5]
