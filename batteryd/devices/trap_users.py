"""Whose traps are understood: communities and users of all credentials, told to pysnmp's engine.

A version 3 trap is signed with a key that is made from the sender's engine id, so pysnmp wants to
know each user under each sender's id. Nobody writes those into a configuration; they are learnt
from the datagrams. An inform is signed with our own id, which the sender asks for beforehand.
"""

import logging
from collections.abc import Iterable
from typing import NamedTuple

from pyasn1.codec.ber import decoder
from pyasn1.error import PyAsn1Error
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.error import PySnmpError
from pysnmp.proto.mpmod.rfc3412 import SNMPv3Message
from pysnmp.proto.rfc1902 import OctetString
from pysnmp.proto.secmod.rfc3414.service import UsmSecurityParameters

from batteryd.devices.snmp_address import SnmpCredential
from batteryd.devices.snmp_protocols import AUTH_SERVICES, PRIVACY_SERVICES

AUTHORS_MAX = 4096  # ids that are remembered; the oldest is forgotten

_AUTHENTICATED, _ENCRYPTED = 1, 2  # RFC 3412, 6.4
_ENGINE_ID_LENGTHS = range(5, 33)  # RFC 3411, SnmpEngineID

log = logging.getLogger(__name__)


class Author(NamedTuple):
    """Who signed a version 3 message, as it says itself."""

    engine_id: bytes  # of whose clock and keys it uses; empty: it asks for ours
    user: str
    protection: int  # bits: 1 authenticated, 2 encrypted


def author_of(datagram: bytes) -> Author | None:
    """Return who signed a message; None where it is not of version 3, or damaged."""
    try:
        message, _ = decoder.decode(datagram, asn1Spec=SNMPv3Message())
        signature, _ = decoder.decode(bytes(message[2]), asn1Spec=UsmSecurityParameters())
        flags = bytes(message[1][2])
        protection = flags[0] & (_AUTHENTICATED | _ENCRYPTED) if flags else 0
        return Author(bytes(signature[0]), bytes(signature[3]).decode("ascii"), protection)
    except (PyAsn1Error, PySnmpError, UnicodeDecodeError):
        return None


class TrapUsers:
    """The words that an engine takes, and the ids that were learnt."""

    def __init__(
        self,
        engine: SnmpEngine,
        credentials: Iterable[SnmpCredential],
        *,
        authors_max: int = AUTHORS_MAX,
    ) -> None:
        self.engine_id = bytes(engine.snmpEngineID)  # ours
        self._engine = engine
        self._authors_max = authors_max
        self._users: dict[str, SnmpCredential] = {}
        self._learnt: dict[tuple[bytes, str], None] = {}  # engine ids with users
        communities: set[str] = set()
        for credential in credentials:
            if credential.community is not None:
                communities.add(credential.community.get_secret_value())
            if credential.user is not None:
                self._admit(credential.user, credential)
        for number, community in enumerate(sorted(communities)):
            config.add_v1_system(engine, f"community-{number}", community)

    def takes(self, author: Author) -> bool:
        """Return whether the engine may look at what this author signed; learn its id if so.

        pysnmp itself would take a trap in clear text for a user who has a key.
        """
        if not author.engine_id:
            return True  # a question for our id: there is nobody behind it yet
        credential = self._users.get(author.user)
        if credential is None or author.protection < _protection(credential):
            return False
        if len(author.engine_id) not in _ENGINE_ID_LENGTHS:
            return False
        self._learn((author.engine_id, author.user), credential)
        return True

    def _learn(self, key: tuple[bytes, str], credential: SnmpCredential) -> None:
        engine_id, user = key
        if key in self._learnt or engine_id == self.engine_id:
            return
        if len(self._learnt) >= self._authors_max:
            oldest = next(iter(self._learnt))
            del self._learnt[oldest]
            config.delete_v3_user(self._engine, oldest[1], OctetString(oldest[0]))
        self._learnt[key] = None
        self._add(user, credential, engine_id=OctetString(engine_id))

    def _admit(self, user: str, credential: SnmpCredential) -> None:
        known = self._users.setdefault(user, credential)
        if _words(known) != _words(credential):
            log.warning("traps: two credentials name one user, the first counts user=%s", user)
        elif known is credential:
            self._add(user, credential, engine_id=None)

    def _add(self, user: str, credential: SnmpCredential, *, engine_id: OctetString | None) -> None:
        auth, privacy = credential.auth_protocol, credential.privacy_protocol
        auth_key, privacy_key = credential.auth_password, credential.privacy_password
        config.add_v3_user(
            self._engine,
            user,
            AUTH_SERVICES[auth] if auth else config.USM_AUTH_NONE,
            auth_key and auth_key.get_secret_value(),
            PRIVACY_SERVICES[privacy] if privacy else config.USM_PRIV_NONE,
            privacy_key and privacy_key.get_secret_value(),
            securityEngineId=engine_id,
        )


def _protection(credential: SnmpCredential) -> int:
    is_signed, is_hidden = credential.auth_protocol, credential.privacy_protocol
    return (_AUTHENTICATED if is_signed else 0) | (_ENCRYPTED if is_hidden else 0)


def _words(credential: SnmpCredential) -> tuple[object, ...]:
    return (
        credential.auth_protocol,
        credential.auth_password,
        credential.privacy_protocol,
        credential.privacy_password,
    )
