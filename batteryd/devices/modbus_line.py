"""The lines on which Modbus is spoken: what a connection is made to, before any unit is named.

    TcpLine      frames with a transaction id, over TCP
    TlsLine      the same inside TLS (Modbus/TCP Security)
    RtuTcpLine   the frames of a serial line, through a gateway that passes bytes on as they are
    SerialLine   a serial port of this machine

The frames of a serial line have no transaction id. There only silence tells a late answer from the
answer to the next question, see `quiet_after_loss` and `silence_s`.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from batteryd.devices.host_port import HostPort

TCP_PORT = 502
TLS_PORT = 802  # registered for mbap/s

StopBits = Literal[1, 2]
Parity = Literal["N", "E", "O"]

_CHARACTER_BITS = 11  # start, eight data bits, parity or a second stop bit, stop
_SILENCE_CHARACTERS = 3.5  # Modbus over serial line V1.02, 2.5.1.1
_SILENCE_S_MIN = 0.00175  # the same clause, above 19200 Bd


@dataclass(frozen=True, slots=True)
class TcpLine:
    """Modbus TCP."""

    host: str
    port: int = TCP_PORT

    scheme = "modbus"
    unit_range = range(256)
    silence_s = 0.0
    quiet_after_loss = False

    def __str__(self) -> str:
        return str(HostPort(self.host, self.port))


@dataclass(frozen=True, slots=True)
class TlsLine:
    """Modbus TCP inside TLS. The server's name is always checked."""

    host: str
    port: int = TLS_PORT
    ca_file: str | None = None  # who signs the device's certificate; None: who the system trusts
    certificate_file: str | None = None  # ours, where the device asks for one
    key_file: str | None = None  # without one the key is in the file of the certificate
    server_name: str | None = None  # in the device's certificate; None: the host

    scheme = "modbus+tls"
    unit_range = range(256)
    silence_s = 0.0
    quiet_after_loss = False

    def __str__(self) -> str:
        return str(HostPort(self.host, self.port))


@dataclass(frozen=True, slots=True)
class RtuTcpLine:
    """Modbus RTU over TCP: a gateway between a network and a serial line."""

    host: str
    port: int = TCP_PORT

    scheme = "modbus+rtu"
    unit_range = range(1, 248)
    silence_s = 0.0  # the gateway's business
    quiet_after_loss = True

    def __str__(self) -> str:
        return str(HostPort(self.host, self.port))


@dataclass(frozen=True, slots=True)
class SerialLine:
    """A serial port, eight data bits."""

    device: str  # /dev/ttyUSB0, or better /dev/serial/by-id/...
    baudrate: int = 9600
    parity: Parity = "N"
    stopbits: StopBits = 1

    scheme = "modbus+serial"
    unit_range = range(1, 248)
    quiet_after_loss = True

    @property
    def silence_s(self) -> float:
        """How long the line has to be silent between two frames."""
        return max(_SILENCE_S_MIN, _SILENCE_CHARACTERS * _CHARACTER_BITS / self.baudrate)

    def __str__(self) -> str:
        return self.device


ModbusLine = TcpLine | TlsLine | RtuTcpLine | SerialLine


def obstacle(line: ModbusLine) -> str:
    """Return what this machine lacks to speak on a line, or an empty text."""
    match line:
        case SerialLine():
            lacks_serial = find_spec("serial") is None
            return "pyserial, which pip install 'batteryd[serial]' brings" if lacks_serial else ""
        case TlsLine():
            named = (line.ca_file, line.certificate_file, line.key_file)
            missing = [name for name in named if name is not None and not Path(name).is_file()]
            return f"a file that is there: {', '.join(missing)}" if missing else ""
        case TcpLine() | RtuTcpLine():
            return ""
