"""Where a device is, as people write it: `modbus://HOST/UNIT`, `snmp://HOST`, and their kin.

What stands behind the scheme is explained, and read, by `modbus_address` and `snmp_address`.
"""

import re
from urllib.parse import urlsplit

from batteryd.devices.modbus_address import MODBUS_SCHEMES, ModbusAddress, read_modbus
from batteryd.devices.snmp_address import (
    Passphrase,
    SnmpAddress,
    SnmpCredential,
    read_snmp,
    with_credential,
)

__all__ = [
    "Address",
    "ModbusAddress",
    "Passphrase",
    "SnmpAddress",
    "SnmpCredential",
    "parse_address",
    "with_credential",
]

Address = ModbusAddress | SnmpAddress

FORMS = (
    "modbus://HOST[:502]/UNIT, modbus+tls://HOST[:802]/UNIT, modbus+rtu://HOST[:502]/UNIT,"
    " modbus+serial:///dev/NAME/UNIT or snmp://HOST[:161]"
)

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+(%[A-Za-z0-9]+)?")
_SCHEMES = MODBUS_SCHEMES | {"snmp"}
_WITHOUT_HOST = frozenset({"modbus+serial"})


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
    if parts.scheme not in _SCHEMES or port == 0:
        raise ValueError(FORMS)
    if parts.scheme not in _WITHOUT_HOST and not _HOST.fullmatch(parts.hostname or ""):
        raise ValueError(FORMS)
    if "@" in parts.netloc or parts.fragment:
        raise ValueError(f"{FORMS}; no user before the host, nothing behind a #")
    return read_snmp(parts, port) if parts.scheme == "snmp" else read_modbus(parts, port)
