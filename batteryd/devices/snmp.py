"""Reads SNMP agents patiently: what an SNMP link does, whichever engine speaks for it.

    snmp.py            retries, batches, walks with an end; the session is opened when it is needed
    snmp_batches.py    which OIDs go together (pure)
    snmp_exchange.py   the seam: one request, one answer
    snmp_gufo.py       fast, Linux only            snmp_pysnmp.py   slow, runs everywhere

After a loss the session is dropped and opened anew by the next request: the host's name may lead
elsewhere by then, and an agent that has restarted wants a new time window (SNMPv3).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Literal, TypeVar

from batteryd.devices.address import SnmpAddress, SnmpCredential
from batteryd.devices.link import SnmpLink, SnmpValue
from batteryd.devices.snmp_batches import Batches, halves
from batteryd.devices.snmp_exchange import OpenExchange, SnmpExchange
from batteryd.errors import ConfigError, LinkAuthFailed, LinkError, LinkRefused

TIMEOUT_S = 1.0  # for one answer
ATTEMPTS_MAX = 2  # of one request: a lost datagram is usual, two in a row are an outage

EngineName = Literal["auto", "gufo", "pysnmp"]
T = TypeVar("T")


def open_snmp_link(
    address: SnmpAddress, *, engine: EngineName = "auto", timeout_s: float = TIMEOUT_S
) -> SnmpLink:
    """Return a link to an agent. Nothing is sent before the first request.

    Raises:
        ConfigError: the engine asked for cannot do what the address asks for.
    """
    return PatientSnmpLink(exchange_opener(address, engine=engine, timeout_s=timeout_s))


def exchange_opener(
    address: SnmpAddress, *, engine: EngineName = "auto", timeout_s: float = TIMEOUT_S
) -> OpenExchange:
    """Return what opens a session with an agent, by the engine that can.

    Raises:
        ConfigError: the engine asked for cannot do what the address asks for.
    """
    obstacle = gufo_obstacle(address)
    if engine == "gufo" and obstacle:
        raise ConfigError.one(
            address.redacted, "snmp_engine", engine, f"auto or pysnmp: {obstacle}"
        )
    opens = _open_pysnmp if engine == "pysnmp" or obstacle else _open_gufo
    return partial(opens, address, timeout_s)


def gufo_obstacle(words: SnmpAddress | SnmpCredential) -> str:
    """Return why gufo cannot speak to an agent with these words, or an empty text."""
    if find_spec("gufo") is None:
        return "gufo-snmp is not installed"
    if words.context_name:
        return "gufo-snmp knows no SNMPv3 contexts"
    return "gufo-snmp knows no 3DES" if words.privacy_protocol == "3DES" else ""


class PatientSnmpLink:
    """An `SnmpLink` over one exchange at a time."""

    def __init__(self, open_exchange: OpenExchange) -> None:
        self._open_exchange = open_exchange
        self._exchange: SnmpExchange | None = None
        self._batches = Batches()
        self._turn = asyncio.Lock()  # gufo allows one outstanding request
        self.retries = 0  # requests that were sent again, since the start

    async def get(self, oids: Sequence[str]) -> Mapping[str, SnmpValue]:
        """Return the values of scalar OIDs; one that the agent does not have is left out.

        Raises:
            LinkError: no answer, refused credentials, or an answer that cannot be read.
        """
        async with self._turn:
            return await self._get_all(deque(self._batches.plan(oids)))

    async def walk(self, oid: str, *, rows_max: int) -> Mapping[str, SnmpValue]:
        """Return everything below `oid` in agent order, at most `rows_max` values.

        A walk that comes by the same OID again ends there: the agent goes in circles.

        Raises:
            LinkError: as for `get`. An empty subtree is an empty mapping.
        """
        found: dict[str, SnmpValue] = {}
        async with self._turn:
            walk = (await self._opened()).walk(oid)
            for _ in range(rows_max):
                row = await self._patiently(walk.next)
                if row is None or row[0] in found:
                    break
                if row[1] is not None:
                    found[row[0]] = row[1]
        return found

    async def close(self) -> None:
        """Release the socket. Closing twice is fine."""
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            await exchange.close()

    async def _get_all(self, waiting: deque[Sequence[str]]) -> Mapping[str, SnmpValue]:
        found: dict[str, SnmpValue] = {}
        size_answered = 0
        was_halved = is_any_refused = False
        while waiting:  # each refusal halves a batch, so there are fewer than 2 x OIDs requests
            batch = waiting.popleft()
            answer = await self._patiently(partial((await self._opened()).get, batch))
            if answer:
                found.update(answer)
                size_answered = max(size_answered, len(batch))
                self._batches.note_answered(batch)
            elif len(batch) > 1:
                waiting.extend(halves(batch))
                was_halved = True
            else:
                self._batches.note_refused(batch[0])
                is_any_refused = True
        if was_halved and not is_any_refused:
            self._batches.note_too_big(size_answered)
        return found

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask again after a lost or unreadable answer; give the session up after the last."""
        for attempts_left in reversed(range(ATTEMPTS_MAX)):
            try:
                return await ask()
            except LinkError as error:
                if attempts_left and not isinstance(error, LinkRefused | LinkAuthFailed):
                    self.retries += 1
                    continue
                await self._give_up()
                raise
        raise AssertionError("ATTEMPTS_MAX is at least 1")

    async def _opened(self) -> SnmpExchange:
        if self._exchange is None:
            self._exchange = await self._open_exchange()
        return self._exchange

    async def _give_up(self) -> None:
        self._batches = Batches()
        await self.close()


# Imported when needed: gufo is not installed everywhere, and pysnmp takes a third of a second.


async def _open_gufo(address: SnmpAddress, timeout_s: float) -> SnmpExchange:
    from batteryd.devices.snmp_gufo import GufoExchange

    return await GufoExchange.open(address, timeout_s=timeout_s)


async def _open_pysnmp(address: SnmpAddress, timeout_s: float) -> SnmpExchange:
    from batteryd.devices.snmp_pysnmp import PysnmpExchange

    return await PysnmpExchange.open(address, timeout_s=timeout_s)
