"""Hears SNMP traps and informs: each is a hint to poll its sender now, and never a value.

    datagram --known address?--> --within the allowance?--> --words right?--> hint

What a trap says is not read: it was sent once, may be old or made up, and the poll that follows
says more. What comes from an address outside the inventory is counted and not looked at. A flood is
cut before it is decoded, as pysnmp needs a millisecond or more for each datagram.
"""

import asyncio
import logging
import socket
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from batteryd.clock import Clock
from batteryd.devices.allowance import Allowance
from batteryd.devices.hinted import HintedPolls, PollNow
from batteryd.devices.snmp_address import SnmpCredential
from batteryd.devices.trap_arrival import Arrival, Finding
from batteryd.devices.trap_senders import Senders, addresses_in, hosts_of, look_up, plain
from batteryd.domain.inventory import Asset
from batteryd.errors import ConfigError

if TYPE_CHECKING:
    from batteryd.devices.trap_engine import TrapEngine

# Decoded datagrams, of one sender and of all together.
SENDER_BURST, SENDER_PER_S = 20, 1.0
ALL_BURST, ALL_PER_S = 200, 50.0
NAMES_EVERY_S = 600.0  # hosts are looked up again

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrapOptions:
    """Where traps are heard, and how often they may have an asset polled."""

    host: str
    port: int  # 0: a free one
    interval_s: float


@dataclass(slots=True)
class TrapCounters:
    """What came in since the start, and what became of it."""

    received: int = 0
    unknown_sender: int = 0
    flooded: int = 0  # beyond the allowance: not decoded
    refused: int = 0  # wrong community, user or key, or no notification at all
    hints: int = 0


class TrapReceiver:
    """A UDP port: had from the first, heard from `begin` to `end`."""

    def __init__(self, options: TrapOptions, *, poll_now: PollNow, clock: Clock) -> None:
        """Take the port.

        Raises:
            ConfigError: it cannot be had.
        """
        self._door = _opened(options)
        self.port: int = self._door.getsockname()[1]
        self._clock = clock
        self._counters = TrapCounters()
        self._polls = HintedPolls(poll_now, interval_s=options.interval_s, clock=clock)
        self._all = Allowance(per_s=ALL_PER_S, burst=ALL_BURST)
        self._by_sender: dict[str, Allowance] = {}
        self._told: set[str] = set()  # senders whose words do not fit
        self._senders: Senders = {}
        self._following: asyncio.Task[None] | None = None
        self._engine: TrapEngine | None = None

    @property
    def counters(self) -> dict[str, int]:
        """Return the counters as they stand."""
        return asdict(self._counters) | {"polls": self._polls.polls}

    async def begin(
        self, assets: Iterable[Asset], *, credentials: Iterable[SnmpCredential]
    ) -> None:
        """Listen; or, while listening already, go on with other assets and credentials."""
        from batteryd.devices.trap_engine import TrapEngine  # not before: pysnmp takes its time

        self._be_deaf()
        self._by_sender.clear()
        self._told.clear()
        hosts = hosts_of(assets)
        self._senders = addresses_in(hosts)
        self._engine = TrapEngine(credentials, receive=self._receive)
        await self._engine.listen(self._door)
        self._following = asyncio.ensure_future(self._follow_names(hosts))

    async def end(self) -> None:
        """Close the port and begin no more polls."""
        self._be_deaf()
        self._door.close()
        await self._polls.stop()

    def _be_deaf(self) -> None:
        if self._following is not None:
            self._following.cancel()
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    async def _follow_names(self, hosts: Senders) -> None:
        while True:
            self._senders = await look_up(hosts)
            await self._clock.sleep(NAMES_EVERY_S)

    def _receive(self, arrival: Arrival) -> None:
        sender = plain(arrival.address[0])
        self._counters.received += 1
        if sender not in self._senders:
            self._counters.unknown_sender += 1
            log.debug("trap of an unknown sender=%s", sender)
        elif not self._is_allowed(sender):
            self._counters.flooded += 1
        elif self._engine is not None:
            self._act(self._engine.find(arrival), sender=sender)

    def _is_allowed(self, sender: str) -> bool:
        at_s = self._clock.monotonic_s()
        if sender not in self._by_sender:
            self._by_sender[sender] = Allowance(per_s=SENDER_PER_S, burst=SENDER_BURST)
        return self._by_sender[sender].take(at_s=at_s) and self._all.take(at_s=at_s)

    def _act(self, finding: Finding, *, sender: str) -> None:
        match finding:
            case Finding.NOTIFICATION:
                self._counters.hints += 1
                self._polls.hint(self._senders[sender])
            case Finding.NONSENSE:
                self._counters.refused += 1
                self._tell(finding, sender=sender)
            case Finding.QUESTION:
                pass

    def _tell(self, finding: Finding, *, sender: str) -> None:
        if sender not in self._told:
            self._told.add(sender)
            log.warning("trap refused sender=%s: %s", sender, finding.value)


def _opened(options: TrapOptions) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_DGRAM)
    try:
        door.bind((options.host, options.port))
    except OSError as error:
        door.close()
        allowed = f"an address and a port that can be had ({error.strerror})"
        where = f"{options.host} port {options.port}"
        raise ConfigError.one("batteryd.toml", "traps", where, allowed) from error
    door.settimeout(0)
    return door
