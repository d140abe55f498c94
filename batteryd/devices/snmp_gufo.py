"""Speaks SNMP through gufo-snmp: a GET of 15 values costs 0.09 ms of processor time.

What its version 0.13 does, and what this module makes of it:

- a closed port is a `TimeoutError` too, but at once and without a cause; waiting in vain has one;
- datagrams that are no answer to the request are skipped, and each one starts its time-out again,
  so the whole exchange has a time-out of our own;
- some damaged datagrams make its Rust code panic. That is no `Exception` and would end the daemon,
  though the session is as good as before; seen with 1400 octets of 0xff;
- an SNMPv3 agent that has restarted, or whose clock has drifted, refuses the old time window. It is
  asked for a new one, once; if it refuses still, it refuses the user;
- it hashes a passphrase each time it meets one (2.5 ms); here that happens once a passphrase.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar

from gufo.snmp import (
    Aes128Key,
    Aes192Key,
    Aes256Key,
    BaseAuthKey,
    BasePrivKey,
    DesKey,
    Md5Key,
    Sha1Key,
    Sha224Key,
    Sha256Key,
    Sha384Key,
    Sha512Key,
    SnmpAuthError,
    SnmpError,
    SnmpVersion,
    User,
)
from gufo.snmp.aio import SnmpSession
from gufo.snmp.typing import ValueType
from gufo.snmp.user import KeyExpansion, KeyType
from pydantic import SecretStr

from batteryd.devices.address import SnmpAddress
from batteryd.devices.link import SnmpValue
from batteryd.devices.snmp_exchange import BULK_ROWS, WalkRow, number_or_bytes, resolve
from batteryd.errors import LinkAuthFailed, LinkError, LinkRefused, LinkTimeout

PASSPHRASES_KEPT_MAX = 1024

_VERSIONS = MappingProxyType({"1": SnmpVersion.v1, "2c": SnmpVersion.v2c, "3": SnmpVersion.v3})
_AUTH: Mapping[str, type[BaseAuthKey]] = MappingProxyType(
    {
        "MD5": Md5Key,
        "SHA": Sha1Key,
        "SHA224": Sha224Key,
        "SHA256": Sha256Key,
        "SHA384": Sha384Key,
        "SHA512": Sha512Key,
    }
)
_PRIVACY: Mapping[str, type[BasePrivKey]] = MappingProxyType(
    {
        "DES": DesKey,
        "AES128": Aes128Key,
        "AES192": Aes192Key,
        "AES256": Aes256Key,
        "AES192C": Aes192Key,
        "AES256C": Aes256Key,
    }
)
# How a digest that is too short for the key is drawn out; the C is for Cisco, who began with it.
_EXPANSIONS = MappingProxyType({"AES192C": KeyExpansion.Cisco, "AES256C": KeyExpansion.Cisco})

T = TypeVar("T")


class GufoExchange:
    """One session of gufo-snmp."""

    def __init__(self, session: SnmpSession, *, name: str, timeout_s: float) -> None:
        self._session: SnmpSession | None = session
        self._name = name
        self._timeout_s = timeout_s

    @classmethod
    async def open(cls, address: SnmpAddress, *, timeout_s: float) -> "GufoExchange":
        """Open a session; for version 3 this already asks the agent who it is.

        Raises:
            LinkError: the host has no address, or an SNMPv3 agent does not answer.
        """
        place = await resolve(address.host, address.port)
        community = address.community
        session = SnmpSession(
            place.host,
            port=address.port,
            community="public" if community is None else community.get_secret_value(),
            user=_user(address),
            version=_VERSIONS[address.version],
            timeout=timeout_s,
            max_repetitions=BULK_ROWS,
        )
        exchange = cls(session, name=f"{place.host}:{address.port}", timeout_s=timeout_s)
        await exchange.ask(session.refresh)  # does nothing for versions 1 and 2c
        return exchange

    async def get(self, oids: Sequence[str]) -> Mapping[str, SnmpValue]:
        """Ask for all `oids` in one message.

        Raises:
            LinkError: no answer, refused credentials, or an answer that cannot be read.
        """
        answer = await self.ask(lambda: self._opened.get_many(oids))
        if bytes not in map(type, answer.values()):  # the usual poll: numbers only
            return answer  # type: ignore[return-value]  # it has no None: NULL is left out
        plain = ((oid, _plain(value)) for oid, value in answer.items())
        return {oid: value for oid, value in plain if value is not None}

    def walk(self, oid: str) -> "GufoWalk":
        """Begin a walk below `oid`."""
        return GufoWalk(self, self._opened.fetch(oid))

    async def close(self) -> None:
        """Release the socket; gufo closes it with the session's last reference."""
        self._session = None

    async def ask(self, request: Callable[[], Awaitable[T]]) -> T:
        """Send one request and wait for its answer, with a new time window where that is refused.

        Raises:
            LinkError: whatever the library raises.
        """
        try:
            return await self._ask(request)
        except LinkAuthFailed:
            await self._ask(self._opened.refresh)
            return await self._ask(request)

    async def _ask(self, request: Callable[[], Awaitable[T]]) -> T:
        limit = asyncio.timeout(self._timeout_s)
        try:
            async with limit:
                return await request()
        except TimeoutError as error:
            if not limit.expired():  # gufo's own word for a closed port
                raise LinkRefused(f"nobody listens at {self._name}") from error
            raise LinkTimeout(f"no answer from {self._name} in {self._timeout_s:g} s") from error
        except SnmpAuthError as error:
            raise LinkAuthFailed(f"{self._name} refuses the credentials") from error
        except SnmpError as error:
            raise LinkError(f"unreadable answer from {self._name}") from error
        except OSError as error:
            raise LinkRefused(f"{self._name}: {error.strerror or error}") from error
        except BaseException as error:
            if not _is_panic(error):
                raise
            raise LinkError(f"unreadable answer from {self._name}") from error

    @property
    def _opened(self) -> SnmpSession:
        if self._session is None:
            raise LinkRefused(f"the session with {self._name} is closed")
        return self._session


class GufoWalk:
    """A walk through gufo's own iterator, which may be asked again after a failure."""

    def __init__(self, exchange: GufoExchange, rows: AsyncIterator[tuple[str, ValueType]]) -> None:
        self._exchange = exchange
        self._rows = rows

    async def next(self) -> WalkRow | None:
        """Return the next OID and its value (None for NULL); None at the end.

        Raises:
            LinkError: no answer, or none that can be read.
        """
        row = await self._exchange.ask(self._next)
        return row and (row[0], _plain(row[1]))

    async def _next(self) -> tuple[str, ValueType] | None:
        try:
            return await anext(self._rows)
        except StopAsyncIteration:
            return None


def _is_panic(error: BaseException) -> bool:
    return type(error).__module__ == "pyo3_runtime"  # no module that its class could come from


def _plain(value: SnmpValue | None) -> SnmpValue | None:
    return number_or_bytes(value) if isinstance(value, bytes) else value


def _user(address: SnmpAddress) -> User | None:
    if address.version != "3" or address.user is None:
        return None
    auth, privacy = address.auth, address.privacy
    if auth is None:
        return User(address.user)
    # A privacy passphrase is hashed by the authentication protocol too (RFC 3414, 2.6).
    key = _master_key(auth.protocol, auth.secret)
    auth_key = _AUTH[auth.protocol](key, key_type=KeyType.Master)
    if privacy is None:
        return User(address.user, auth_key=auth_key)
    return User(
        address.user,
        auth_key=auth_key,
        priv_key=_PRIVACY[privacy.protocol](
            _master_key(auth.protocol, privacy.secret), key_type=KeyType.Master
        ),
        key_expansion=_EXPANSIONS.get(privacy.protocol, KeyExpansion.Blumenthal),
    )


@lru_cache(maxsize=PASSPHRASES_KEPT_MAX)
def _master_key(protocol: str, passphrase: SecretStr) -> bytes:
    return _AUTH[protocol].get_master_key(passphrase.get_secret_value().encode())
