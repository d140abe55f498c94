"""The Modbus link, whatever line it runs over: one request after the other, and reads only.

    modbus.py              functions 1 to 4, and 43/14 for identification; turns and pauses
    modbus_connection.py   judges each frame that pymodbus sends and receives
    modbus_client.py       pymodbus's client for a line
    modbus_line.py         what a connection is made to

After any request without a proper answer the connection is closed: a late answer finds nobody, the
next request a new connection. Where frames have no transaction id (serial lines, and gateways that
pass their bytes on) a late answer would find the new connection as well, so there the next request
also waits until no answer can be under way. Trying again, and when, is the caller's decision;
pymodbus's own retries are off.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import cast

from pymodbus.client.base import ModbusBaseClient
from pymodbus.constants import DeviceInformation
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.mei_message import ReadDeviceInformationResponse

from batteryd.clock import Clock, SystemClock
from batteryd.devices.modbus_connection import ModbusConnection
from batteryd.devices.modbus_line import ModbusLine
from batteryd.devices.plan import BIT_COUNT_MAX, BIT_FUNCTIONS, REGISTER_COUNT_MAX
from batteryd.errors import DeviceRejected, LinkTimeout

# Every loss is told by whoever polls, once; pymodbus would tell it at each request.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

_SYSTEM_CLOCK = SystemClock()
_IDENTIFICATION_READS_MAX = 8  # a device may spread its objects over several answers
_UNIT_MAX = 255

_READS = MappingProxyType(
    {
        1: ModbusBaseClient.read_coils,
        2: ModbusBaseClient.read_discrete_inputs,
        3: ModbusBaseClient.read_holding_registers,
        4: ModbusBaseClient.read_input_registers,
    }
)

# Modbus application protocol V1.1b3, 7.
_REFUSALS = MappingProxyType(
    {
        1: "illegal function",
        2: "illegal data address",
        3: "illegal data value",
        4: "device failure",
        5: "acknowledged, not ready",
        6: "device busy",
        8: "memory parity error",
        10: "gateway path unavailable",
        11: "gateway target did not respond",
    }
)
_NOT_SUPPORTED = frozenset({1, 2, 3})

Ask = Callable[[ModbusBaseClient], Awaitable[ModbusPDU]]


class PymodbusLink:
    """One connection on one line, opened when it is first needed. Requests take turns on it."""

    def __init__(
        self,
        line: ModbusLine,
        *,
        timeout_s: float = 1.0,
        connect_timeout_s: float = 3.0,
        request_pause_s: float = 0.0,
        clock: Clock = _SYSTEM_CLOCK,
    ) -> None:
        self._line = line
        self._timeout_s = timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._request_pause_s = max(request_pause_s, line.silence_s)
        self._clock = clock
        self._turn = asyncio.Lock()
        self._connection: ModbusConnection | None = None
        self._transaction = 0  # the last one used
        self._free_at_s = clock.monotonic_s()

    async def read(self, *, unit: int, function: int, start: int, count: int) -> Sequence[int]:
        """Return `count` registers (functions 3, 4) or bits as 0/1 (functions 1, 2).

        Raises:
            DeviceRejected: the device answered with an exception code.
            LinkError: no answer, connection lost, or an answer out of step.
            ValueError: not a legal read; nothing is sent.
        """
        read = _READS.get(function)
        if read is None:
            raise ValueError(
                f"function {function}: only 1 to 4 read, and nothing else is ever sent"
            )
        is_bits = function in BIT_FUNCTIONS
        count_max = BIT_COUNT_MAX if is_bits else REGISTER_COUNT_MAX
        if not (
            1 <= count <= count_max and 0 <= start <= 0x10000 - count and 0 <= unit <= _UNIT_MAX
        ):
            raise ValueError(f"no legal read: unit {unit}, address {start}, count {count}")
        answer = await self._ask(lambda client: read(client, start, count=count, device_id=unit))
        return [int(bit) for bit in answer.bits[:count]] if is_bits else answer.registers

    async def read_identification(self, *, unit: int) -> Mapping[int, bytes]:
        """Return the objects of function 43/14, by object id; empty where it is not supported."""
        objects: dict[int, bytes] = {}
        object_id = 0
        for _ in range(_IDENTIFICATION_READS_MAX):
            try:
                answer = await self._ask(_identification(unit, object_id=object_id))
            except DeviceRejected as error:
                if error.code not in _NOT_SUPPORTED:
                    raise
                break
            information = cast(ReadDeviceInformationResponse, answer)  # as the frame was judged
            for number, content in information.information.items():
                objects[number] = content if isinstance(content, bytes) else content[0]
            if not information.more_follows:
                break
            object_id = information.next_object_id
        return objects

    async def close(self) -> None:
        """Release the connection. Closing twice is fine."""
        if self._connection is not None:
            self._transaction = self._connection.transaction
            self._connection.close()
            self._connection = None

    async def _ask(self, ask: Ask) -> ModbusPDU:
        async with self._turn:
            await self._pause()
            connection = await self._connected()
            is_answered = False
            try:
                answer = await ask(connection.client)
                is_answered = True
            except ModbusException as error:  # whatever else happened, a judged frame told it
                text = f"no answer from {self._line} in {self._timeout_s:g} s"
                raise LinkTimeout(text) from error
            finally:
                self._free_at_s = self._clock.monotonic_s() + self._rest_s(is_answered=is_answered)
                if not is_answered:  # cancelled included: the answer may still be on its way
                    await self.close()
        if answer.isError():
            raise _refusal(answer, line=self._line)
        return answer

    async def _connected(self) -> ModbusConnection:
        if self._connection is not None and self._connection.client.connected:
            return self._connection
        await self.close()
        connection = ModbusConnection(self._line, timeout_s=self._connect_timeout_s)
        await connection.open(answer_timeout_s=self._timeout_s, last_transaction=self._transaction)
        self._connection = connection
        return connection

    def _rest_s(self, *, is_answered: bool) -> float:
        """Return how long the line has to rest before the next request."""
        if is_answered or not self._line.quiet_after_loss:
            return self._request_pause_s
        return max(self._request_pause_s, self._timeout_s)

    async def _pause(self) -> None:
        # Some devices lose a request that follows too closely on the answer before.
        wait_s = self._free_at_s - self._clock.monotonic_s()
        if wait_s > 0:
            await self._clock.sleep(wait_s * self._clock.rate)  # the network's time is never scaled


def _identification(unit: int, *, object_id: int) -> Ask:
    return lambda client: client.read_device_information(
        read_code=DeviceInformation.REGULAR, object_id=object_id, device_id=unit
    )


def _refusal(answer: ModbusPDU, *, line: ModbusLine) -> DeviceRejected:
    code = answer.exception_code
    text = _REFUSALS.get(code, "unknown reason")
    return DeviceRejected(f"{line} refused: {text} (code {code})", code=code)
