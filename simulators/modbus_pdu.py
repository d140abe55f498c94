"""Answers Modbus requests from a register image, byte for byte after the protocol's specification.

Only what a monitoring client may send is answered: reads (function codes 1 to 4) and device
identification (43/14). Every other function, writes above all, is refused with exception 1: a test
that sees a write asked for here has found the worst bug that batteryd can have. Pure.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Registers = npt.NDArray[np.uint16]

ILLEGAL_FUNCTION = 1
ILLEGAL_ADDRESS = 2
ILLEGAL_VALUE = 3
GATEWAY_TARGET_SILENT = 11

_COUNT_MAX = {1: 2000, 2: 2000, 3: 125, 4: 125}
_IDENTIFICATION = 0x2B
_READ_DEVICE_ID = 0x0E
_STREAMED_UNTIL = {1: 0x02, 2: 0x7F, 3: 0xFF}  # read code: last object id of basic, regular, all


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Consecutive registers (or bits, one a word) of one function code."""

    start: int
    words: Registers

    def read(self, start: int, count: int) -> Registers | None:
        """Return `count` words from `start`; None where the block does not have all of them."""
        offset = start - self.start
        if offset < 0 or offset + count > len(self.words):
            return None
        return self.words[offset : offset + count]


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """What one unit can be asked: blocks by function code, and objects of its identification."""

    blocks: Mapping[int, tuple[Block, ...]]
    identification: Mapping[int, bytes] = field(default_factory=dict)

    def read(self, function: int, start: int, count: int) -> Registers | None:
        """Return registers of one block; None where no block has all of them."""
        found = (block.read(start, count) for block in self.blocks[function])
        return next((words for words in found if words is not None), None)


def answer(request: bytes, image: Image) -> bytes:
    """Return the response PDU to a request PDU of at least one byte."""
    function = request[0]
    if function == _IDENTIFICATION:
        return _identification(request, image.identification)
    if function not in _COUNT_MAX or function not in image.blocks:
        return exception(function, ILLEGAL_FUNCTION)
    asked = registers_asked_for(request)
    if not 1 <= len(asked) <= _COUNT_MAX[function]:
        return exception(function, ILLEGAL_VALUE)
    words = image.read(function, asked.start, len(asked))
    if words is None:
        return exception(function, ILLEGAL_ADDRESS)
    payload = _packed_bits(words) if function <= 2 else words.astype(">u2").tobytes()
    return bytes((function, len(payload))) + payload


def exception(function: int, code: int) -> bytes:
    """Return the response PDU that refuses a function."""
    return bytes((function | 0x80, code))


def registers_asked_for(request: bytes) -> range:
    """Return the registers that a read request touches; empty for anything else."""
    if len(request) != 5 or request[0] not in _COUNT_MAX:
        return range(0)
    start, count = struct.unpack(">HH", request[1:])
    return range(start, start + count)


def _packed_bits(words: Registers) -> bytes:
    return np.packbits(words.astype(bool), bitorder="little").tobytes()


def _identification(request: bytes, objects: Mapping[int, bytes]) -> bytes:
    if len(request) != 4 or request[1] != _READ_DEVICE_ID or not objects:
        return exception(_IDENTIFICATION, ILLEGAL_FUNCTION)
    code, first = request[2], request[3]
    if code == 4:  # one object by its id
        chosen = {first: objects[first]} if first in objects else {}
    else:
        last = _STREAMED_UNTIL.get(code, -1)
        chosen = {key: objects[key] for key in sorted(objects) if first <= key <= last}
    if not chosen:
        return exception(_IDENTIFICATION, ILLEGAL_ADDRESS)
    # All of it fits into one answer: conformity 0x83 (everything, one by one too), nothing follows.
    head = bytes((_IDENTIFICATION, _READ_DEVICE_ID, code, 0x83, 0x00, 0x00, len(chosen)))
    return head + b"".join(bytes((key, len(text))) + text for key, text in chosen.items())
