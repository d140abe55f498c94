"""Speaks SNMP through pysnmp, in plain Python: forty times slower than gufo-snmp, but everywhere.

All links of a process share one `SnmpEngine`, which takes a tenth of a second to build and belongs
to one event loop. It knows a user by its name alone; so two devices that give one name different
passphrases get engines of their own. An engine ends with its last link.

A time-out is ours, not the library's, which rounds it up to its half-second ticks. What it has sent
it forgets at its own time-out, also when the answer is no longer waited for, so nothing piles up.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from pyasn1.error import PyAsn1Error
from pyasn1.type import univ
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    Udp6TransportTarget,
    UdpTransportTarget,
    UsmUserData,
    bulk_cmd,
    get_cmd,
    next_cmd,
)
from pysnmp.proto import errind, rfc1902
from pysnmp.smi.rfc1902 import ObjectIdentity, ObjectType

from batteryd.devices.address import Passphrase, SnmpAddress
from batteryd.devices.link import SnmpValue
from batteryd.devices.snmp_exchange import BULK_ROWS, WalkRow, number_or_bytes, resolve
from batteryd.devices.snmp_protocols import AUTH_SERVICES, PRIVACY_SERVICES
from batteryd.errors import LinkAuthFailed, LinkError, LinkRefused, LinkTimeout

_V1_MODEL, _V2C_MODEL = 0, 1
_AUTHORIZATION_ERROR = 16
_TIMED_OUT = (errind.RequestTimedOut,)
_REFUSALS = (
    errind.AuthenticationError,
    errind.AuthenticationFailure,
    errind.DecryptionError,
    errind.NotInTimeWindow,
    errind.UnknownCommunityName,
    errind.NoSuchContext,
    errind.UnknownSecurityName,
    errind.UnknownUserName,
    errind.UnsupportedAuthProtocol,
    errind.UnsupportedPrivProtocol,
    errind.UnsupportedSecurityLevel,
    errind.WrongDigest,
)

_Rows = Sequence[tuple[Any, Any]]


class _SharedEngine:
    """An engine of pysnmp with the users that it knows and the number of links that use it."""

    def __init__(self) -> None:
        self.snmp = SnmpEngine()
        self.users: dict[str, tuple[Passphrase | None, Passphrase | None]] = {}
        self.loans = 0

    def takes(self, address: SnmpAddress) -> bool:
        """Whether the address's user is new here, or has the passphrases it had before."""
        words = (address.auth, address.privacy)
        return address.user is None or self.users.setdefault(address.user, words) == words


_engines: WeakKeyDictionary[asyncio.AbstractEventLoop, list[_SharedEngine]] = WeakKeyDictionary()


def _borrow(address: SnmpAddress) -> _SharedEngine:
    engines = _engines.setdefault(asyncio.get_running_loop(), [])
    engine = next((e for e in engines if e.takes(address)), None)
    if engine is None:
        engine = _SharedEngine()
        engine.takes(address)
        engines.append(engine)
    engine.loans += 1
    return engine


def _give_back(engine: _SharedEngine) -> None:
    engine.loans -= 1
    if not engine.loans:
        _engines[asyncio.get_running_loop()].remove(engine)
        engine.snmp.close_dispatcher()


class PysnmpExchange:
    """One agent, as pysnmp reaches it."""

    def __init__(
        self, engine: _SharedEngine, *, address: SnmpAddress, target: Any, timeout_s: float
    ) -> None:
        self._engine: _SharedEngine | None = engine
        self._name = f"{address.host}:{address.port}"
        self._timeout_s = timeout_s
        self._who = _user(address) if address.version == "3" else _community(address)
        self._target = target
        self._context = ContextData(contextName=address.context_name.encode())
        self._objects: dict[str, Any] = {}  # by OID: what is asked at every poll is made once
        self.has_bulk = address.version != "1"

    @classmethod
    async def open(cls, address: SnmpAddress, *, timeout_s: float) -> "PysnmpExchange":
        """Prepare an exchange. Nothing is sent.

        Raises:
            LinkRefused: the host has no address.
        """
        place = await resolve(address.host, address.port)
        kind = Udp6TransportTarget if place.is_ipv6 else UdpTransportTarget
        target = await kind.create((place.host, address.port), timeout=timeout_s, retries=0)
        return cls(_borrow(address), address=address, target=target, timeout_s=timeout_s)

    async def get(self, oids: Sequence[str]) -> Mapping[str, SnmpValue]:
        """Ask for all `oids` in one message.

        Raises:
            LinkError: no answer, refused credentials, or an answer that cannot be read.
        """
        rows = await self.ask(get_cmd, *map(self._object, oids))
        values = ((str(name), _plain(value)) for name, value in rows)
        return {oid: value for oid, value in values if value is not None}

    def _object(self, oid: str) -> Any:
        if oid not in self._objects:
            self._objects[oid] = _object(oid)
        return self._objects[oid]

    def walk(self, oid: str) -> "PysnmpWalk":
        """Begin a walk below `oid`."""
        return PysnmpWalk(self, oid)

    async def close(self) -> None:
        """Let go of the shared engine."""
        engine, self._engine = self._engine, None
        if engine is not None:
            _give_back(engine)

    async def ask(self, command: Any, *arguments: Any) -> _Rows:
        """Send one command and return its variables; none where the agent refuses the whole.

        Raises:
            LinkError: whatever the library says or raises.
        """
        if self._engine is None:
            raise LinkRefused(f"the session with {self._name} is closed")
        try:
            async with asyncio.timeout(self._timeout_s):
                failure, status, _, rows = await command(
                    self._engine.snmp, self._who, self._target, self._context, *arguments,
                    lookupMib=False,
                )  # fmt: skip
        except TimeoutError as error:
            raise self._timed_out() from error
        except OSError as error:
            raise LinkRefused(f"{self._name}: {error.strerror or error}") from error
        except (PySnmpError, PyAsn1Error) as error:
            raise LinkError(f"unreadable answer from {self._name}") from error
        if failure is not None:
            raise self._failed(failure)
        if int(status) == _AUTHORIZATION_ERROR:
            raise LinkAuthFailed(f"{self._name} refuses the credentials")
        return () if int(status) else rows

    def _failed(self, failure: Exception) -> LinkError:
        if isinstance(failure, _TIMED_OUT):
            return self._timed_out()
        if isinstance(failure, _REFUSALS):
            return LinkAuthFailed(f"{self._name} refuses the credentials")
        return LinkError(f"unreadable answer from {self._name}")

    def _timed_out(self) -> LinkTimeout:
        return LinkTimeout(f"no answer from {self._name} in {self._timeout_s:g} s")


class PysnmpWalk:
    """A walk by GETBULK, or GETNEXT in version 1."""

    def __init__(self, exchange: PysnmpExchange, oid: str) -> None:
        self._exchange = exchange
        self._below = f"{oid}."
        self._last = oid
        self._rows: deque[tuple[str, Any]] = deque()

    async def next(self) -> WalkRow | None:
        """Return the next OID and its value (None for NULL); None at the end.

        Raises:
            LinkError: no answer, or none that can be read.
        """
        if not self._rows and not await self._fetched():
            return None
        self._last, value = self._rows.popleft()
        return (self._last, _plain(value)) if self._last.startswith(self._below) else None

    async def _fetched(self) -> bool:
        if self._exchange.has_bulk:
            rows = await self._exchange.ask(bulk_cmd, 0, BULK_ROWS, _object(self._last))
        else:
            rows = await self._exchange.ask(next_cmd, _object(self._last))
        self._rows.extend((str(name), value) for name, value in rows)
        # An agent at its end names the OID that it was asked for.
        return bool(self._rows) and self._rows[0][0] != self._last


def _object(oid: str) -> Any:
    return ObjectType(ObjectIdentity(oid))


def _community(address: SnmpAddress) -> Any:
    secret = address.community
    model = _V1_MODEL if address.version == "1" else _V2C_MODEL
    return CommunityData("public" if secret is None else secret.get_secret_value(), mpModel=model)


def _user(address: SnmpAddress) -> Any:
    auth, privacy = address.auth, address.privacy
    return UsmUserData(
        address.user,
        authKey=auth and auth.secret.get_secret_value(),
        authProtocol=AUTH_SERVICES[auth.protocol] if auth else config.USM_AUTH_NONE,
        privKey=privacy and privacy.secret.get_secret_value(),
        privProtocol=PRIVACY_SERVICES[privacy.protocol] if privacy else config.USM_PRIV_NONE,
    )


def _plain(value: Any) -> SnmpValue | None:
    """Return a value of pysnmp's as one of ours; None where there is none."""
    for kind, convert in _PLAIN:
        if isinstance(value, kind):
            return convert(value)
    return None


# In this order: to pysnmp NULL, IpAddress and Opaque are octet strings too.
_PLAIN: tuple[tuple[Any, Callable[[Any], SnmpValue | None]], ...] = (
    (univ.Null, lambda _: None),  # noSuchObject, noSuchInstance and endOfMibView as well
    (univ.Integer, int),
    (rfc1902.IpAddress, lambda value: value.prettyPrint()),
    (rfc1902.Opaque, lambda value: number_or_bytes(bytes(value))),
    (univ.OctetString, bytes),
    (univ.ObjectIdentifier, str),
)
