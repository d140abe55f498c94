"""The part of the trap receiver that knows pysnmp: a socket, an engine, and what it understands.

pysnmp hands every datagram to `receive`, which hands those that deserve it back to `find`.
An engine lasts as long as a configuration; the socket is the receiver's, and outlives it.
"""

import logging
import socket
from collections.abc import Callable, Iterable
from types import MappingProxyType

from pysnmp.carrier.asyncio.dgram import udp, udp6
from pysnmp.carrier.asyncio.dispatch import AsyncioDispatcher
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413.ntfrcv import NotificationReceiver

from batteryd.devices.snmp_address import SnmpCredential
from batteryd.devices.trap_arrival import Arrival, Finding
from batteryd.devices.trap_users import TrapUsers, author_of

_TRANSPORTS = MappingProxyType(
    {
        socket.AF_INET: (udp.UdpAsyncioTransport, udp.DOMAIN_NAME),
        socket.AF_INET6: (udp6.Udp6AsyncioTransport, udp6.DOMAIN_NAME),
    }
)
_US = "traps"  # what pysnmp's dispatcher calls us

log = logging.getLogger(__name__)


class TrapEngine:
    """An engine of pysnmp that listens on a socket."""

    def __init__(
        self, credentials: Iterable[SnmpCredential], *, receive: Callable[[Arrival], None]
    ) -> None:
        self._engine = SnmpEngine()
        self._users = TrapUsers(self._engine, credentials)
        self._is_notification = False
        self._dispatcher = AsyncioDispatcher()
        self._dispatcher.register_recv_callback(lambda _, *came: receive(Arrival(*came)), _US)
        self._dispatcher.register_routing_callback(lambda *_: _US)
        self._engine.register_transport_dispatcher(self._dispatcher)
        NotificationReceiver(self._engine, self._note)

    async def listen(self, door: socket.socket) -> None:
        """Listen on a copy of `door`, which stays open when this engine is closed."""
        kind, domain = _TRANSPORTS[door.family]
        transport = kind().open_server_mode(sock=door.dup())
        await transport._lport  # noqa: SLF001  pysnmp has no other way to wait for the socket
        self._dispatcher.register_transport(domain, transport)

    def find(self, arrival: Arrival) -> Finding:
        """Decode a datagram; an inform is answered on the way."""
        author = author_of(arrival.datagram)
        if author is not None and not self._users.takes(author):
            return Finding.NONSENSE
        self._is_notification = False
        try:
            self._engine.message_dispatcher.receive_message(self._engine, *arrival)
        except Exception as error:  # noqa: BLE001  damaged datagrams bring out many kinds
            log.debug("trap not decoded error=%s", type(error).__name__)
        if self._is_notification:
            return Finding.NOTIFICATION
        is_question = author is not None and author.engine_id in (b"", self._users.engine_id)
        return Finding.QUESTION if is_question else Finding.NONSENSE

    def close(self) -> None:
        """Stop listening."""
        self._engine.close_dispatcher()

    def _note(self, *_: object) -> None:
        self._is_notification = True
