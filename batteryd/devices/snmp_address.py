"""Where an SNMP agent is, and what it wants to hear: `snmp://host[:161]?...`.

The keys behind the question mark, for those who have no configuration (`probe`):

    version           1, 2c or 3; without it 3 where there is a user, otherwise 2c
    community         versions 1 and 2c; without it `public`
    user              version 3: the security name
    auth_protocol     MD5, SHA, SHA224, SHA256, SHA384 or SHA512, with
    auth_password     8 characters or more (RFC 3414, 11.2)
    privacy_protocol  DES, 3DES, AES128, AES192, AES256, AES192C or AES256C, with
    privacy_password  8 characters or more
    context_name      version 3; without it the default context

Secret words are `SecretStr`, and `redacted` is the address without them. The inventory refuses an
address that has any: there `with_credential` adds the words of a credential.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol
from urllib.parse import SplitResult, parse_qsl

from pydantic import SecretStr

from batteryd.devices.host_port import HostPort

SNMP_PORT = 161
SNMP_VERSIONS = ("1", "2c", "3")
AUTH_PROTOCOLS = ("MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512")
PRIVACY_PROTOCOLS = ("DES", "3DES", "AES128", "AES192", "AES256", "AES192C", "AES256C")
PASSWORD_LENGTH_MIN = 8
# An & in a community must be written %26, a # %23; so unknown keys may be a part of a secret.
_KEYS = (
    "version", "community", "user", "auth_protocol", "auth_password", "privacy_protocol",
    "privacy_password", "context_name",
)  # fmt: skip


class SnmpCredential(Protocol):
    """What opens an agent, wherever it is kept."""

    @property
    def version(self) -> str:
        """1, 2c or 3."""
        ...

    @property
    def community(self) -> SecretStr | None:
        """For version 1 and 2c."""
        ...

    @property
    def user(self) -> str | None:
        """The security name of version 3."""
        ...

    @property
    def auth_protocol(self) -> str | None:
        """One of `AUTH_PROTOCOLS`."""
        ...

    @property
    def auth_password(self) -> SecretStr | None:
        """Together with its protocol."""
        ...

    @property
    def privacy_protocol(self) -> str | None:
        """One of `PRIVACY_PROTOCOLS`."""
        ...

    @property
    def privacy_password(self) -> SecretStr | None:
        """Together with its protocol."""
        ...

    @property
    def context_name(self) -> str:
        """Empty for the default context."""
        ...


class Passphrase(NamedTuple):
    """A passphrase and the protocol that it is for."""

    protocol: str
    secret: SecretStr


@dataclass(frozen=True, slots=True)
class SnmpAddress:
    """One SNMP agent, and what it wants to hear where the address says so."""

    host: str
    port: int
    version: str = "2c"
    community: SecretStr | None = None
    user: str | None = None
    auth_protocol: str | None = None
    auth_password: SecretStr | None = None
    privacy_protocol: str | None = None
    privacy_password: SecretStr | None = None
    context_name: str = ""

    @property
    def auth(self) -> Passphrase | None:
        """How a version 3 agent knows us, if it asks."""
        return _passphrase(self.auth_protocol, self.auth_password)

    @property
    def privacy(self) -> Passphrase | None:
        """How a version 3 agent hides what it says, if it does."""
        return _passphrase(self.privacy_protocol, self.privacy_password)

    @property
    def place(self) -> HostPort:
        """Where the agent listens."""
        return HostPort(self.host, self.port)

    @property
    def redacted(self) -> str:
        """The address as people may see it."""
        return f"snmp://{self.place}?version={self.version}"


def with_credential(address: SnmpAddress, credential: SnmpCredential) -> SnmpAddress:
    """Return an address of the inventory with everything that its agent wants to hear.

    Raises:
        ValueError: the words do not go together. The message repeats none of them.
    """
    whole = replace(
        address,
        version=credential.version,
        community=credential.community,
        user=credential.user,
        auth_protocol=credential.auth_protocol,
        auth_password=credential.auth_password,
        privacy_protocol=credential.privacy_protocol,
        privacy_password=credential.privacy_password,
        context_name=credential.context_name,
    )
    return _checked(whole)


def read_snmp(parts: SplitResult, port: int | None) -> SnmpAddress:
    """Read the parts of an address whose host is a possible one.

    Raises:
        ValueError: they are none. The message says what is allowed and repeats nothing of them.
    """
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    words = dict(pairs)
    if parts.path not in ("", "/") or len(words) != len(pairs):
        raise ValueError("snmp://HOST[:161], with each key behind the ? once")
    if not words.keys() <= set(_KEYS):
        raise ValueError(f"only these keys behind the ?: {', '.join(_KEYS)}")
    address = SnmpAddress(
        parts.hostname or "",
        port or SNMP_PORT,
        version=words.get("version", "3" if "user" in words else "2c"),
        community=_secret(words.get("community")),
        user=words.get("user"),
        auth_protocol=_upper(words.get("auth_protocol")),
        auth_password=_secret(words.get("auth_password")),
        privacy_protocol=_upper(words.get("privacy_protocol")),
        privacy_password=_secret(words.get("privacy_password")),
        context_name=words.get("context_name", ""),
    )
    return _checked(address)


def _checked(address: SnmpAddress) -> SnmpAddress:
    mistakes = [*_version_mistakes(address), *_protocol_mistakes(address)]
    if mistakes:
        raise ValueError("; ".join(mistakes))
    return address


def _version_mistakes(address: SnmpAddress) -> Iterator[str]:
    if address.version not in SNMP_VERSIONS:
        yield f"version={' or '.join(SNMP_VERSIONS)}"
    elif address.version == "3":
        if not address.user or address.community is not None:
            yield "a user, and no community, with version=3"
    elif address.user or address.auth_protocol or address.context_name:
        yield "a community, and no user, protocol or context_name, with version=1 or 2c"


def _protocol_mistakes(address: SnmpAddress) -> Iterator[str]:
    pairs = (
        ("auth", address.auth_protocol, address.auth_password, AUTH_PROTOCOLS),
        ("privacy", address.privacy_protocol, address.privacy_password, PRIVACY_PROTOCOLS),
    )
    for name, protocol, password, known in pairs:
        if (protocol is None) != (password is None):
            yield f"{name}_protocol and {name}_password together, or neither"
        if protocol is not None and protocol not in known:
            yield f"{name}_protocol={' or '.join(known)}"
        if password is not None and len(password.get_secret_value()) < PASSWORD_LENGTH_MIN:
            yield f"{name}_password of {PASSWORD_LENGTH_MIN} characters or more"
    if address.privacy_protocol is not None and address.auth_protocol is None:
        yield "auth_protocol as well: SNMP has no privacy without authentication"


def _secret(word: str | None) -> SecretStr | None:
    return None if word is None else SecretStr(word)


def _passphrase(protocol: str | None, secret: SecretStr | None) -> Passphrase | None:
    return None if protocol is None or secret is None else Passphrase(protocol, secret)


def _upper(word: str | None) -> str | None:
    return None if word is None else word.upper()
