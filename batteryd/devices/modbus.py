"""The Modbus TCP link: pymodbus, held on a short lead.

Reads only: functions 1 to 4, and 43/14 for identification. There is no way to send another one.

pymodbus (3.16) skips an answer with a foreign transaction id and waits on, takes id 0 for any, and
does not notice a closed connection before the time-out. So each received frame is judged before
pymodbus sees it (`modbus_frame`), and a fault ends the request at once. After any request without a
proper answer the connection is closed: a late answer finds nobody, the next request a new
connection. Trying again, and when, is the caller's decision; pymodbus's own retries are off.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import cast

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.constants import DeviceInformation
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.mei_message import ReadDeviceInformationResponse

from batteryd.clock import Clock, SystemClock
from batteryd.devices.modbus_frame import Verdict, judge
from batteryd.devices.plan import BIT_COUNT_MAX, BIT_FUNCTIONS, REGISTER_COUNT_MAX
from batteryd.errors import DeviceRejected, LinkError, LinkOutOfStep, LinkRefused, LinkTimeout

# Every loss is told by whoever polls, once; pymodbus would tell it at each request.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

_SYSTEM_CLOCK = SystemClock()
_IDENTIFICATION_READS_MAX = 8  # a device may spread its objects over several answers
_UNIT_MAX = 255

_READS = MappingProxyType(
    {
        1: AsyncModbusTcpClient.read_coils,
        2: AsyncModbusTcpClient.read_discrete_inputs,
        3: AsyncModbusTcpClient.read_holding_registers,
        4: AsyncModbusTcpClient.read_input_registers,
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

Ask = Callable[[AsyncModbusTcpClient], Awaitable[ModbusPDU]]


class PymodbusLink:
    """One connection to one endpoint, opened when it is first needed. Requests take turns on it."""

    def __init__(
        self,
        host: str,
        port: int = 502,
        *,
        timeout_s: float = 1.0,
        connect_timeout_s: float = 3.0,
        request_pause_s: float = 0.0,
        clock: Clock = _SYSTEM_CLOCK,
    ) -> None:
        self._host = host
        self._port = port
        self._name = f"{host}:{port}"
        self._timeout_s = timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._request_pause_s = request_pause_s
        self._clock = clock
        self._turn = asyncio.Lock()
        self._connection: _Connection | None = None
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
                text = f"no answer from {self._name} in {self._timeout_s:g} s"
                raise LinkTimeout(text) from error
            finally:
                self._free_at_s = self._clock.monotonic_s() + self._request_pause_s
                if not is_answered:  # cancelled included: the answer may still be on its way
                    await self.close()
        if answer.isError():
            raise _refusal(answer, name=self._name)
        return answer

    async def _connected(self) -> "_Connection":
        if self._connection is not None and self._connection.client.connected:
            return self._connection
        await self.close()
        connection = _Connection(self._host, self._port, timeout_s=self._connect_timeout_s)
        if not await connection.open(
            answer_timeout_s=self._timeout_s, last_transaction=self._transaction
        ):
            raise LinkRefused(
                f"no connection to {self._name}: refused, unreachable"
                f" or not answered in {self._connect_timeout_s:g} s"
            )
        self._connection = connection
        return connection

    async def _pause(self) -> None:
        # Some devices lose a request that follows too closely on the answer before.
        wait_s = self._free_at_s - self._clock.monotonic_s()
        if self._request_pause_s and wait_s > 0:
            await self._clock.sleep(wait_s * self._clock.rate)  # the network's time is never scaled


class _Connection:
    """One TCP connection: pymodbus's client, with each frame judged before it is let through."""

    def __init__(self, host: str, port: int, *, timeout_s: float) -> None:
        self._name = f"{host}:{port}"
        self._request = b""  # the frame of the open request
        self.client = AsyncModbusTcpClient(
            host,
            port=port,
            timeout=timeout_s,
            retries=0,
            reconnect_delay=0,
            trace_packet=self._on_packet,
            trace_connect=self._on_connect,
        )

    async def open(self, *, answer_timeout_s: float, last_transaction: int) -> bool:
        """Connect; return whether that succeeded."""
        try:
            is_open = await self.client.connect()
        except UnicodeError:  # a host name that cannot be one
            return False
        # pymodbus has one time-out for both; it is looked up anew at each request.
        self.client.ctx.comm_params.timeout_connect = answer_timeout_s
        # It would count from 1 again. A gateway may send an answer that it owes to the connection
        # before, so ids go on where that one ended.
        self.client.ctx.next_tid = last_transaction
        return is_open

    @property
    def transaction(self) -> int:
        """The last transaction id used."""
        return self.client.ctx.next_tid

    def close(self) -> None:
        """Close the socket."""
        self._request = b""
        self.client.close()

    def _on_packet(self, sending: bool, packet: bytes) -> bytes:  # noqa: FBT001  pymodbus's signature
        if sending:
            self._request = packet
            return packet
        verdict = judge(self._request, packet)
        if verdict.is_fault:
            self._fail(LinkOutOfStep(f"{self._name} sent {verdict.value}"))
        if verdict is not Verdict.COMPLETE:
            return b""  # pymodbus keeps what it was not shown and comes again with more
        self._request = b""
        return packet

    def _on_connect(self, is_connected: bool) -> None:  # noqa: FBT001  pymodbus's signature
        if not is_connected:
            self._fail(LinkRefused(f"{self._name} closed the connection"))

    def _fail(self, error: LinkError) -> None:
        waiting = self.client.ctx.response_future
        if self._request and not waiting.done():
            waiting.set_exception(error)
        self.close()


def _identification(unit: int, *, object_id: int) -> Ask:
    return lambda client: client.read_device_information(
        read_code=DeviceInformation.REGULAR, object_id=object_id, device_id=unit
    )


def _refusal(answer: ModbusPDU, *, name: str) -> DeviceRejected:
    code = answer.exception_code
    text = _REFUSALS.get(code, "unknown reason")
    return DeviceRejected(f"{name} refused: {text} (code {code})", code=code)
