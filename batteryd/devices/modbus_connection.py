"""One connection of pymodbus, held on a short lead: every frame is judged before it is let through.

pymodbus (3.16) skips an answer with a foreign transaction id and waits on, takes id 0 for any, and
does not notice a closed connection before the time-out. So each received frame is judged before
pymodbus sees it (`modbus_frame`, `modbus_rtu_frame`), and a fault ends the request at once. What is
sent is looked at as well: this is the last place before the wire, whatever line it is.
"""

import ssl
from collections.abc import Callable, Coroutine
from typing import Any

from batteryd.devices.modbus_client import FRAMINGS, make_client
from batteryd.devices.modbus_frame import Verdict
from batteryd.devices.modbus_line import ModbusLine, SerialLine, obstacle
from batteryd.errors import LinkError, LinkOutOfStep, LinkRefused

FUNCTIONS_SENT = frozenset({1, 2, 3, 4, 0x2B})


class ModbusConnection:
    """A connection that is opened once and closed once."""

    def __init__(self, line: ModbusLine, *, timeout_s: float) -> None:
        """Prepare a connection; nothing is opened yet.

        Raises:
            LinkRefused: this machine lacks what the line needs.
        """
        lacking = obstacle(line)
        if lacking:
            raise LinkRefused(f"no connection to {line} without {lacking}")
        self._line = line
        self._framing = FRAMINGS[type(line)]
        self._timeout_s = timeout_s
        self._request = b""  # the frame of the open request
        self._failure: OSError | None = None
        try:
            self.client = make_client(
                line,
                timeout=timeout_s,
                retries=0,
                reconnect_delay=0,
                trace_packet=self._on_packet,
                trace_connect=self._on_connect,
            )
        except OSError as error:  # of a TLS line's files
            raise LinkRefused(f"no connection to {line}: {_reason(error)}") from error
        self.client.ctx.call_create = self._watched(self.client.ctx.call_create)

    async def open(self, *, answer_timeout_s: float, last_transaction: int) -> None:
        """Connect.

        Raises:
            LinkRefused: that did not succeed.
        """
        try:
            is_open = await self.client.connect()
        except UnicodeError:  # a host name that cannot be one
            is_open = False
        if not is_open:
            raise LinkRefused(f"no connection to {self._line}: {self._why()}") from self._failure
        # pymodbus has one time-out for both; it is looked up anew at each request.
        self.client.ctx.comm_params.timeout_connect = answer_timeout_s
        # It would count from 1 again. A gateway may send an answer that it owes to the connection
        # before, so ids go on where that one ended.
        self.client.ctx.next_tid = last_transaction

    @property
    def transaction(self) -> int:
        """The last transaction id used."""
        return self.client.ctx.next_tid

    def close(self) -> None:
        """Close the socket or the port."""
        self._request = b""
        self.client.close()

    def _watched(
        self, create: Callable[[], Coroutine[Any, Any, Any]]
    ) -> Callable[[], Coroutine[Any, Any, Any]]:
        # pymodbus keeps to itself why it could not connect.
        async def watched() -> Any:
            try:
                return await create()
            except OSError as error:
                self._failure = error
                raise

        return watched

    def _why(self) -> str:
        is_telling = isinstance(self._line, SerialLine) or isinstance(self._failure, ssl.SSLError)
        if self._failure is not None and is_telling:
            return _reason(self._failure)
        return f"refused, unreachable or not answered in {self._timeout_s:g} s"

    def _on_packet(self, sending: bool, packet: bytes) -> bytes:  # noqa: FBT001  pymodbus's signature
        if sending:
            return self._sent(packet)
        verdict = self._framing.judge(self._request, packet)
        if verdict.is_fault:
            self._fail(LinkOutOfStep(f"{self._line} sent {verdict.value}"))
        if verdict is not Verdict.COMPLETE:
            return b""  # pymodbus keeps what it was not shown and comes again with more
        self._request = b""
        return packet

    def _sent(self, packet: bytes) -> bytes:
        if packet[self._framing.function_at] not in FUNCTIONS_SENT:
            raise ValueError("only functions 1 to 4 and 43 are ever sent")
        self._request = packet
        return packet

    def _on_connect(self, is_connected: bool) -> None:  # noqa: FBT001  pymodbus's signature
        if not is_connected:
            self._fail(LinkRefused(f"{self._line} closed the connection"))

    def _fail(self, error: LinkError) -> None:
        waiting = self.client.ctx.response_future
        if self._request and not waiting.done():
            waiting.set_exception(error)
        self.close()


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    return error.strerror or str(error)
