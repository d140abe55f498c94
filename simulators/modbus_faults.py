"""How a Modbus device misbehaves on the wire: one function a fault, in one table. Pure.

Each takes the exchange at hand and says what the line carries instead: which bytes, how late, and
whether the connection closes. A connection remembers the answer before (devices repeat it) and an
answer held back (devices send it when the next request comes), nothing else.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from simulators.faults import Fault
from simulators.modbus_pdu import ILLEGAL_ADDRESS, exception, registers_asked_for

_GARBAGE = b"\x55\xaa\x00\xff\x13\x37\xde\xad\xbe\xef\x42\x00"


@dataclass(slots=True)
class LineMemory:
    """What one connection remembers of one unit."""

    answer_before: bytes | None = None  # a PDU
    held_back: bytes = b""  # a frame


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and the answer that a healthy device would give."""

    transaction: int
    unit: int
    request: bytes
    answer: bytes
    memory: LineMemory

    def frame(self, pdu: bytes, *, transaction: int | None = None) -> bytes:
        """Return a PDU under its MBAP header."""
        number = self.transaction if transaction is None else transaction & 0xFFFF
        return struct.pack(">HHHB", number, 0, len(pdu) + 1, self.unit) + pdu


@dataclass(frozen=True, slots=True)
class Reply:
    """What the line carries: nothing at all, or bytes after a while; and whether it closes."""

    sent: bytes = b""
    delay_s: float = 0.0
    closes: bool = field(default=False)


def reply_to(exchange: Exchange, fault: Fault | None) -> Reply:
    """Return what a device with this fault, or a healthy one, puts on the line."""
    misbehave = MISBEHAVIOURS.get(fault.kind.name) if fault is not None else None
    if fault is None or misbehave is None:
        reply = Reply(exchange.frame(exchange.answer))
    else:
        reply = misbehave(exchange, fault)
    exchange.memory.answer_before = exchange.answer
    return reply


def _slow(exchange: Exchange, fault: Fault) -> Reply:
    return Reply(exchange.frame(exchange.answer), delay_s=fault.number("delay_s"))


def _silent(_exchange: Exchange, _fault: Fault) -> Reply:
    return Reply()


def _drop(_exchange: Exchange, _fault: Fault) -> Reply:
    return Reply(closes=True)


def _exception(exchange: Exchange, fault: Fault) -> Reply:
    return Reply(exchange.frame(exception(exchange.request[0], int(fault.number("code")))))


def _garbage(_exchange: Exchange, _fault: Fault) -> Reply:
    return Reply(_GARBAGE)


def _truncated(exchange: Exchange, _fault: Fault) -> Reply:
    frame = exchange.frame(exchange.answer)
    return Reply(frame[: len(frame) // 2])


def _wrong_transaction(exchange: Exchange, _fault: Fault) -> Reply:
    return Reply(exchange.frame(exchange.answer, transaction=exchange.transaction - 1))


def _late(exchange: Exchange, _fault: Fault) -> Reply:
    due = exchange.memory.held_back
    exchange.memory.held_back = exchange.frame(exchange.answer)
    return Reply(due)


def _repeat(exchange: Exchange, _fault: Fault) -> Reply:
    return Reply(exchange.frame(exchange.memory.answer_before or exchange.answer))


def _missing_registers(exchange: Exchange, fault: Fault) -> Reply:
    asked = registers_asked_for(exchange.request)
    start = int(fault.number("start"))
    end = start + int(fault.number("count"))
    if asked.start < end and start < asked.stop:
        return Reply(exchange.frame(exception(exchange.request[0], ILLEGAL_ADDRESS)))
    return Reply(exchange.frame(exchange.answer))


MISBEHAVIOURS: Mapping[str, Callable[[Exchange, Fault], Reply]] = MappingProxyType(
    {
        "slow": _slow,
        "silent": _silent,
        "drop": _drop,
        "exception": _exception,
        "garbage": _garbage,
        "truncated": _truncated,
        "wrong_transaction": _wrong_transaction,
        "late": _late,
        "repeat": _repeat,
        "missing_registers": _missing_registers,
    }
)
