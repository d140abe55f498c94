"""Makes pymodbus's client for a line, and says how frames look on it."""

import ssl
from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient, AsyncModbusTlsClient
from pymodbus.client.base import ModbusBaseClient
from pymodbus.framer import FramerType

from batteryd.devices.modbus_frame import Verdict, judge
from batteryd.devices.modbus_line import ModbusLine, RtuTcpLine, SerialLine, TcpLine, TlsLine
from batteryd.devices.modbus_rtu_frame import judge_rtu


class Framing(NamedTuple):
    """How frames look on a line."""

    judge: Callable[[bytes, bytes], Verdict]
    function_at: int  # where in a frame the function code stands


_MBAP = Framing(judge, function_at=7)
_RTU = Framing(judge_rtu, function_at=1)

FRAMINGS = MappingProxyType({TcpLine: _MBAP, TlsLine: _MBAP, RtuTcpLine: _RTU, SerialLine: _RTU})


def make_client(line: ModbusLine, **words: Any) -> ModbusBaseClient:
    """Return a client that is not connected yet; `words` go to pymodbus as they are.

    Raises:
        OSError: a file of a TLS line cannot be read, or holds no certificate.
    """
    match line:
        case TcpLine():
            return AsyncModbusTcpClient(line.host, port=line.port, **words)
        case RtuTcpLine():
            return AsyncModbusTcpClient(line.host, port=line.port, framer=FramerType.RTU, **words)
        case TlsLine():
            return _tls_client(line, words)
        case SerialLine():
            return AsyncModbusSerialClient(
                line.device,
                baudrate=line.baudrate,
                parity=line.parity,
                stopbits=line.stopbits,
                **words,
            )


def _tls_client(line: TlsLine, words: Any) -> ModbusBaseClient:
    trust = ssl.create_default_context(cafile=line.ca_file)
    if line.certificate_file is not None:
        # Without a password OpenSSL would ask for one on the terminal.
        trust.load_cert_chain(line.certificate_file, line.key_file, password="")
    client = AsyncModbusTlsClient(line.host, port=line.port, sslctx=trust, **words)
    if line.server_name is not None:  # pymodbus knows one name only, the host's
        connect: Any = client.ctx.call_create
        client.ctx.call_create = partial(connect, server_hostname=line.server_name)
    return client
