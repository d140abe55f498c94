"""Where a device is: one line of text becomes a checked address that never shows its secrets.

    modbus://HOST[:502]/UNIT
    snmp://HOST[:161]?KEY=VALUE&…

HOST is a name, an IPv4 address, or an IPv6 address in brackets. The keys of an SNMP address:

    version    1, 2c or 3; without it 3 where `user` is given, otherwise 2c
    community  v1 and v2c; without it `public`
    user       v3: security name
    auth       v3: md5, sha, sha224, sha256, sha384 or sha512
    auth_key   v3: authentication passphrase, 8 characters or more (RFC 3414, 11.2)
    priv       v3: des or aes128
    priv_key   v3: privacy passphrase, 8 characters or more
    context    v3: context name

On a command line everything may stand in the address. The inventory's addresses name no secret:
there the `credential` of the asset fills in what is missing (`with_credential`).
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr

MODBUS_PORT = 502
SNMP_PORT = 161
SECRET_LENGTH_MIN = 8
_BROADCAST_AND_TCP_UNITS = (0, 255)  # what devices that are no gateway answer to

SnmpVersion = Literal["1", "2c", "3"]
AuthProtocol = Literal["md5", "sha", "sha224", "sha256", "sha384", "sha512"]
PrivProtocol = Literal["des", "aes128"]

_SNMP_KEYS = ("version", "community", "user", "auth", "auth_key", "priv", "priv_key", "context")


class SnmpCredential(BaseModel):
    """What opens an SNMP agent. Its secrets print as stars; `parse_address` checks the whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    community: SecretStr | None = None
    user: str | None = None
    auth: AuthProtocol | None = None
    auth_key: SecretStr | None = None
    priv: PrivProtocol | None = None
    priv_key: SecretStr | None = None


NO_CREDENTIAL = SnmpCredential()


@dataclass(frozen=True, slots=True)
class ModbusAddress:
    """A unit behind a Modbus TCP endpoint."""

    host: str
    unit: int
    port: int = MODBUS_PORT

    @property
    def redacted(self) -> str:
        """The address as people may see it; a Modbus address has no secret."""
        return f"modbus://{_bracketed(self.host)}:{self.port}/{self.unit}"

    def __str__(self) -> str:
        return self.redacted


@dataclass(frozen=True, slots=True)
class SnmpAddress:
    """An SNMP agent and what opens it."""

    host: str
    port: int = SNMP_PORT
    version: SnmpVersion = "2c"
    credential: SnmpCredential = NO_CREDENTIAL
    context: str = ""

    @property
    def community(self) -> str:
        """The community of a v1 or v2c agent. A secret: for the link's library only."""
        community = self.credential.community
        return "public" if community is None else community.get_secret_value()

    @property
    def redacted(self) -> str:
        """The address as people may see it: without community and keys."""
        shown = {
            "version": self.version,
            "user": self.credential.user,
            "auth": self.credential.auth,
            "priv": self.credential.priv,
            "context": self.context,
        }
        query = urlencode({key: value for key, value in shown.items() if value}, quote_via=quote)
        return f"snmp://{_bracketed(self.host)}:{self.port}?{query}"

    def __str__(self) -> str:
        return self.redacted


Address = ModbusAddress | SnmpAddress


def parse_address(text: str) -> Address:
    """Parse `modbus://host[:502]/UNIT` or `snmp://host[:161]?…`.

    Raises:
        ValueError: with everything that is wrong; the message repeats no secret.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        # The library's message may repeat the text, and the text may hold a community.
        raise ValueError("host: a name or address, IPv6 in brackets; port: 1 to 65535") from None
    if parts.scheme == "modbus":
        return _parse_modbus(parts, port=port)
    if parts.scheme == "snmp":
        return _parse_snmp(parts, port=port)
    raise ValueError("an address begins with modbus:// or snmp://")


def with_credential(address: SnmpAddress, credential: SnmpCredential) -> SnmpAddress:
    """Fill an address with a credential; what the credential says comes first.

    Raises:
        ValueError: the two do not make a usable whole, e.g. a v1 address with a v3 user.
    """
    said = credential.model_dump(exclude_none=True)
    merged = address.credential.model_copy(update=said)
    version = "3" if address.version == "2c" and credential.user is not None else address.version
    filled = replace(address, credential=merged, version=version)
    _raise_all(_credential_mistakes(filled))
    return filled


def _parse_modbus(parts: SplitResult, *, port: int | None) -> ModbusAddress:
    unit = parts.path.removeprefix("/")
    mistakes = _place_mistakes(parts, port=port)
    if not _is_unit(unit):
        mistakes.append("unit: modbus://HOST/UNIT with UNIT 1 to 247, or 0 or 255")
    if parts.query:
        mistakes.append("a Modbus address has no ?keys")
    _raise_all(mistakes)
    return ModbusAddress(_host(parts), int(unit), port or MODBUS_PORT)


def _is_unit(text: str) -> bool:
    if not (text.isascii() and text.isdecimal() and len(text) <= 3):
        return False
    return 1 <= int(text) <= 247 or int(text) in _BROADCAST_AND_TCP_UNITS


def _parse_snmp(parts: SplitResult, *, port: int | None) -> SnmpAddress:
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    said = dict(pairs)
    mistakes = _place_mistakes(parts, port=port)
    if parts.path not in ("", "/"):
        mistakes.append("an SNMP address has no path")
    mistakes += _key_mistakes(pairs)
    _raise_all(mistakes)
    version = said.pop("version", "3" if "user" in said else "2c")
    context = said.pop("context", "")
    address = SnmpAddress(
        host=_host(parts),
        port=port or SNMP_PORT,
        version=version,  # type: ignore[arg-type]  # _key_mistakes has checked it
        credential=SnmpCredential.model_validate(said),
        context=context,
    )
    _raise_all(_credential_mistakes(address))
    return address


def _key_mistakes(pairs: list[tuple[str, str]]) -> list[str]:
    keys = [key for key, _ in pairs]
    said = dict(pairs)
    mistakes = []
    if any(key not in _SNMP_KEYS for key in keys):
        # Unknown keys are not repeated: they may be the rest of a community with a raw & in it.
        mistakes.append(f"known keys: {', '.join(_SNMP_KEYS)}; an & in a value is written %26")
    mistakes += [f"{key} stands twice" for key in _SNMP_KEYS if keys.count(key) > 1]
    mistakes += [f"{key} is empty" for key, value in pairs if key in _SNMP_KEYS and not value]
    for key, allowed in (("version", SnmpVersion), ("auth", AuthProtocol), ("priv", PrivProtocol)):
        if said.get(key) and said[key] not in get_args(allowed):
            mistakes.append(f"{key}: one of {', '.join(get_args(allowed))}")
    return mistakes


def _place_mistakes(parts: SplitResult, *, port: int | None) -> list[str]:
    mistakes = []
    if not parts.hostname:
        mistakes.append("the host is missing")
    if port == 0:
        mistakes.append("port: 1 to 65535")
    if "@" in parts.netloc:
        mistakes.append("no user before the host; SNMPv3 has ?user=")
    if parts.fragment:
        mistakes.append("a # in a community or key is written %23")
    return mistakes


def _credential_mistakes(address: SnmpAddress) -> list[str]:
    """Return what does not go together, in the order of the keys."""
    given = address.credential
    if address.version != "3":
        wrong = given.user or given.auth or given.priv or given.auth_key or given.priv_key
        needs_v3 = "user, auth and priv need version=3; versions 1 and 2c have a community"
        return [needs_v3] if wrong or address.context else []
    mistakes = []
    if given.user is None:
        mistakes.append("version=3 needs user")
    if given.community is not None:
        mistakes.append("version=3 has a user, not a community")
    if given.priv is not None and given.auth is None:
        mistakes.append("priv needs auth")
    mistakes += _secret_mistakes("auth", given.auth, given.auth_key)
    mistakes += _secret_mistakes("priv", given.priv, given.priv_key)
    return mistakes


def _secret_mistakes(name: str, protocol: str | None, key: SecretStr | None) -> list[str]:
    if (protocol is None) != (key is None):
        return [f"{name} and {name}_key go together"]
    if key is not None and len(key.get_secret_value()) < SECRET_LENGTH_MIN:
        return [f"{name}_key: {SECRET_LENGTH_MIN} characters or more"]
    return []


def _raise_all(mistakes: list[str]) -> None:
    if mistakes:
        raise ValueError("; ".join(mistakes))


def _host(parts: SplitResult) -> str:
    return parts.hostname or ""


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
