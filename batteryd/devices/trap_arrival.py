"""A datagram that may be a trap, and what it turns out to be."""

from enum import StrEnum
from typing import NamedTuple


class Arrival(NamedTuple):
    """A datagram, and how it came."""

    domain: object  # pysnmp's name of the transport
    address: tuple[str, int]
    datagram: bytes


class Finding(StrEnum):
    """What a datagram turned out to be."""

    NOTIFICATION = "a trap or an inform whose words are right"
    QUESTION = "asks for our engine id or our time, before an inform"
    NONSENSE = "wrong community, user or key; or no notification at all"
