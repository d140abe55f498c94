"""Where a Modbus unit is, as people write it: one scheme for each line.

    modbus://HOST[:502]/UNIT
    modbus+tls://HOST[:802]/UNIT?ca_file=/...&certificate_file=/...&key_file=/...&server_name=...
    modbus+rtu://HOST[:502]/UNIT
    modbus+serial:///dev/ttyUSB0/UNIT?baudrate=9600&parity=N&stopbits=1

Files are named with their whole path, since an address has no folder of its own. None of the words
behind the ? is a secret (a key is, the name of its file is not), and `redacted` leaves them out.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, cast
from urllib.parse import SplitResult, parse_qsl

from batteryd.devices.modbus_line import (
    TCP_PORT,
    TLS_PORT,
    ModbusLine,
    Parity,
    RtuTcpLine,
    SerialLine,
    StopBits,
    TcpLine,
    TlsLine,
)

_FILES = ("ca_file", "certificate_file", "key_file")
_UNIT = re.compile(r"[0-9]{1,3}")
_DEVICE = re.compile(r"/dev(/[\w.:+-]+)+", re.ASCII)
_SERIAL = MappingProxyType(  # what each word may be
    {
        "baudrate": re.compile(r"[1-9][0-9]{2,6}"),
        "parity": re.compile(r"[NEO]"),
        "stopbits": re.compile(r"[12]"),
    }
)


@dataclass(frozen=True, slots=True)
class ModbusAddress:
    """One unit on a line."""

    line: ModbusLine
    unit: int

    @property
    def place(self) -> ModbusLine:
        """What all units on the line share."""
        return self.line

    @property
    def redacted(self) -> str:
        """The address as people may see it."""
        return f"{self.line.scheme}://{self.line}/{self.unit}"


def read_modbus(parts: SplitResult, port: int | None) -> ModbusAddress:
    """Read the parts of an address. The host, where there is one, is known to be possible.

    Raises:
        ValueError: they are none. The message says what is allowed and repeats nothing of them.
    """
    form, read = _SCHEMES[parts.scheme]
    device, _, unit = parts.path.rpartition("/")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    words = dict(pairs)
    line = None
    if len(words) == len(pairs) and bool(parts.hostname) != bool(device):
        line = read(_Where(parts.hostname or device, port), words)
    if line is None:
        raise ValueError(form)
    units = line.unit_range
    if not _UNIT.fullmatch(unit) or int(unit) not in units:
        raise ValueError(f"{form}, with a unit from {units[0]} to {units[-1]}")
    return ModbusAddress(line, int(unit))


class _Where(NamedTuple):
    host: str  # or the device of a serial line
    port: int | None


_Words = Mapping[str, str]
_Read = Callable[[_Where, _Words], ModbusLine | None]  # None: the words do not fit


def _tcp(where: _Where, words: _Words) -> TcpLine | None:
    return None if words else TcpLine(where.host, where.port or TCP_PORT)


def _rtu(where: _Where, words: _Words) -> RtuTcpLine | None:
    return None if words else RtuTcpLine(where.host, where.port or TCP_PORT)


def _tls(where: _Where, words: _Words) -> TlsLine | None:
    files = [words[key] for key in _FILES if key in words]
    if not words.keys() <= {*_FILES, "server_name"} or not all(f.startswith("/") for f in files):
        return None
    if "key_file" in words and "certificate_file" not in words:
        return None
    return TlsLine(
        where.host,
        where.port or TLS_PORT,
        ca_file=words.get("ca_file"),
        certificate_file=words.get("certificate_file"),
        key_file=words.get("key_file"),
        server_name=words.get("server_name") or None,
    )


def _serial(where: _Where, words: _Words) -> SerialLine | None:
    if where.port is not None or not _DEVICE.fullmatch(where.host):
        return None
    if not all(key in _SERIAL and _SERIAL[key].fullmatch(word) for key, word in words.items()):
        return None
    return SerialLine(
        where.host,
        baudrate=int(words.get("baudrate", "9600")),
        parity=cast(Parity, words.get("parity", "N")),
        stopbits=cast(StopBits, int(words.get("stopbits", "1"))),
    )


_SCHEMES: Mapping[str, tuple[str, _Read]] = MappingProxyType(
    {
        "modbus": ("modbus://HOST[:502]/UNIT", _tcp),
        "modbus+tls": (
            "modbus+tls://HOST[:802]/UNIT, behind a ? ca_file, certificate_file and key_file"
            " with their whole paths, server_name",
            _tls,
        ),
        "modbus+rtu": ("modbus+rtu://HOST[:502]/UNIT", _rtu),
        "modbus+serial": (
            "modbus+serial:///dev/NAME/UNIT, behind a ? baudrate=9600, parity=N, E or O, stopbits=1"
            " or 2",
            _serial,
        ),
    }
)
MODBUS_SCHEMES = frozenset(_SCHEMES)
