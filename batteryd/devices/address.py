"""Where a device is, as people write it: `modbus://host[:502]/UNIT` or `snmp://host[:161]?...`.

The command `probe` has no configuration, so its address may carry what an agent wants to hear
(`?community=...&version=2c`). Such words are `SecretStr`, and `redacted` is the address without
them; the inventory refuses an address that has any.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydantic import SecretStr

MODBUS_PORT = 502
SNMP_PORT = 161
UNIT_MAX = 255
SNMP_VERSIONS = ("1", "2c", "3")

FORMS = "modbus://HOST[:502]/UNIT or snmp://HOST[:161]"

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+(%[A-Za-z0-9]+)?")
_KEYS = (
    "version", "community", "user", "auth_protocol", "auth_password", "privacy_protocol",
    "privacy_password", "context_name",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ModbusAddress:
    """One unit behind a Modbus TCP endpoint."""

    host: str
    port: int
    unit: int

    @property
    def redacted(self) -> str:
        """The address as people may see it."""
        return f"modbus://{_bracketed(self.host)}:{self.port}/{self.unit}"


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
    def redacted(self) -> str:
        """The address as people may see it."""
        return f"snmp://{_bracketed(self.host)}:{self.port}?version={self.version}"


Address = ModbusAddress | SnmpAddress


def parse_address(text: str) -> Address:
    """Read an address.

    Raises:
        ValueError: it is none. The message says what is allowed and repeats nothing of the text.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(FORMS) from None
    read = _READ.get(parts.scheme)
    if read is None or port == 0 or not _HOST.fullmatch(parts.hostname or ""):
        raise ValueError(FORMS)
    if "@" in parts.netloc or parts.fragment:
        raise ValueError(f"{FORMS}; no user before the host, nothing behind a #")
    return read(parts, port)


def _modbus(parts: SplitResult, port: int | None) -> ModbusAddress:
    unit = parts.path.removeprefix("/")
    if not re.fullmatch(r"[0-9]{1,3}", unit) or int(unit) > UNIT_MAX or parts.query:
        raise ValueError(f"modbus://HOST[:502]/UNIT, with a unit from 0 to {UNIT_MAX}")
    return ModbusAddress(parts.hostname or "", port or MODBUS_PORT, int(unit))


def _snmp(parts: SplitResult, port: int | None) -> SnmpAddress:
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    words = dict(pairs)
    if parts.path not in ("", "/") or len(words) != len(pairs):
        raise ValueError("snmp://HOST[:161], with each key behind the ? once")
    if not words.keys() <= set(_KEYS):
        raise ValueError(f"only these keys behind the ?: {', '.join(_KEYS)}")
    if words.get("version", "2c") not in SNMP_VERSIONS:
        raise ValueError(f"version={' or '.join(SNMP_VERSIONS)}")
    return SnmpAddress(
        parts.hostname or "",
        port or SNMP_PORT,
        version=words.get("version", "2c"),
        community=_secret(words.get("community")),
        user=words.get("user"),
        auth_protocol=words.get("auth_protocol"),
        auth_password=_secret(words.get("auth_password")),
        privacy_protocol=words.get("privacy_protocol"),
        privacy_password=_secret(words.get("privacy_password")),
        context_name=words.get("context_name", ""),
    )


def _secret(word: str | None) -> SecretStr | None:
    return None if word is None else SecretStr(word)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


_READ: Mapping[str, Callable[[SplitResult, int | None], Address]] = MappingProxyType(
    {"modbus": _modbus, "snmp": _snmp}
)
