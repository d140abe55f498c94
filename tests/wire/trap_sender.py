"""Sends traps as a device would, from any address of loopback."""

import socket

from pyasn1.codec.ber import encoder
from pysnmp.proto.api import v2c


def trap(community: str) -> bytes:
    """Return a trap of version 2c."""
    pdu = v2c.TrapPDU()
    v2c.apiTrapPDU.set_defaults(pdu)
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, community)
    v2c.apiMessage.set_pdu(message, pdu)
    encoded: bytes = encoder.encode(message)
    return encoded


def send_from(host: str, port: int, *datagrams: bytes) -> None:
    """Send datagrams from a host of loopback to a port of it."""
    is_ipv6 = ":" in host
    with socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((host, 0))
        for datagram in datagrams:
            sender.sendto(datagram, ("::1" if is_ipv6 else "127.0.0.1", port))
