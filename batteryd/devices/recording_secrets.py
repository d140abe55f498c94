"""Tells from a text what in it belongs to somebody: addresses, names, serial numbers.

Nobody can say of an unknown text that it is no name. So there are two questions: which parts of a
text are secrets by their shape, so that they must not stand anywhere else either; and whether a
text is harmless as a whole, as a number with its unit is, a date, a version or "OK". What is
neither known nor harmless is masked where it stands.
"""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import NamedTuple

SERIAL, NAME, ADDRESS, UNKNOWN_TEXT = "serial number", "name", "address", "unknown text"


class Secret(NamedTuple):
    """Something that belongs to somebody."""

    kind: str
    raw: bytes


# What such fields say where nobody has filled them in, and addresses that are everybody's.
_NOBODYS = frozenset(
    (
        b"", b"unknown", b"none", b"n/a", b"-", b"not set", b"undefined", b"default", b"admin",
        b"administrator", b"localhost", b"contact", b"location", b"name", b"system name", b"ups",
        b"0.0.0.0", b"127.0.0.1", b"255.255.255.255", b"255.255.255.0", b"255.255.0.0", b"::",
        b"::1", b"00:00:00:00:00:00",
    )
)  # fmt: skip

_LABELLED_SERIAL = re.compile(
    rb"\b(?:s/?n|serial(?: ?(?:no|nr|number))?)[.:#= ]{1,3}([A-Z0-9-]{4,})", re.IGNORECASE
)
_HOST_OF_LINUX = re.compile(rb"^Linux (\S+) ")  # net-snmp describes itself by `uname -a`
_SHAPES = (
    (NAME, re.compile(rb"[\w.+-]+@[\w-]+(?:\.[\w-]+)*")),
    (NAME, re.compile(rb"(?<![\w.-])(?:[a-z0-9_-]+\.)+[a-z]{2,}(?![\w.-])", re.IGNORECASE)),
    (ADDRESS, re.compile(rb"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")),
    (ADDRESS, re.compile(rb"(?<!\w)[0-9a-f]{2}(?:[:. -][0-9a-f]{2}){5}(?!\w)", re.IGNORECASE)),
    (ADDRESS, re.compile(rb"(?<!\w)(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}(?!\w)", re.IGNORECASE)),
    # Models have up to five digits in a row (9PX11000, GXT4-10000), serial numbers more.
    (SERIAL, re.compile(rb"(?<!\w)[A-Z0-9-]*\d{6,}[A-Z0-9-]*(?!\w)", re.IGNORECASE)),
)
_IPV6 = re.compile(rb"(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])", re.IGNORECASE)
_PART = re.compile(rb"[^\s,;()]*[0-9@.][^\s,;()]*")
_PART_LENGTH_MIN = 4

_HARMLESS = re.compile(
    rb"""
      [a-z/-]{0,3}                                                       # OK, N/A, off
    | [-+]?\d{1,5}(?:[.]\d{1,6})?(?:,-?\d{1,5}(?:[.]\d{1,6})?)*          # 54.2 or 230.1,229.8
      \s?(?:[a-z%/]{0,5}|\xc2\xb0[cf])                                   # V, %, degC, min
    | v?\d{1,3}(?:\.\d{1,5}){1,2}[a-z]?                                  # a version; four are an IP
    | (?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])              # a day without marks
    | \d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T]\d{1,2}:\d\d(?::\d\d)?)?     # a day, perhaps with time
    | \d{1,2}:\d\d(?::\d\d)?                                             # a time
    """,
    re.IGNORECASE | re.VERBOSE,
)


def is_harmless(text: bytes) -> bool:
    """Whether a text as a whole says nothing of anybody."""
    return _HARMLESS.fullmatch(text.rstrip(b"\0").strip()) is not None


def is_nobodys(text: bytes) -> bool:
    """Whether a text is what a field says that nobody has filled in."""
    return text.rstrip(b"\0").strip().lower() in _NOBODYS


def secrets_in(text: bytes) -> Iterator[Secret]:
    """Yield what in a text is a secret by its shape or by what stands before it."""
    if is_harmless(text):
        return
    for kind, pattern in _SHAPES:
        yield from (Secret(kind, found[0]) for found in pattern.finditer(text))
    yield from (Secret(SERIAL, found[1]) for found in _LABELLED_SERIAL.finditer(text))
    yield from (Secret(NAME, found[1]) for found in _HOST_OF_LINUX.finditer(text))
    for found in _IPV6.finditer(text):  # 12:34:56 has the shape as well
        if _packed(found[0]) is not None:
            yield Secret(ADDRESS, found[0])


def secrets_of_field(text: bytes, *, kind: str) -> Iterator[Secret]:
    """Yield what is secret in a field that is one: all of it, and parts that stand for somebody.

    Parts are what has a digit, a dot or an @ in it, such as a telephone number beside a name. Words
    alone are not: a room's name has "battery" in it, and so has everything else here.
    """
    whole = text.rstrip(b"\0").strip()
    if is_nobodys(whole):
        return
    yield Secret(kind, whole)
    for found in _PART.finditer(whole):
        if len(found[0]) >= _PART_LENGTH_MIN:
            yield Secret(kind, found[0])
            yield from _host_of(found[0])


def spellings(secret: Secret) -> Iterator[bytes]:
    """Yield every form in which a secret may stand: an address also packed and with other marks."""
    if is_nobodys(secret.raw):
        return
    yield secret.raw
    if secret.kind != ADDRESS:
        return
    packed = _packed(secret.raw)
    if packed is not None:
        yield packed
    digits = re.sub(rb"[^0-9a-fA-F]", b"", secret.raw)
    if len(digits) == 12 and packed is None:
        yield from _spellings_of_mac(bytes.fromhex(digits.decode()))


def _spellings_of_mac(packed: bytes) -> Iterator[bytes]:
    yield packed
    for mark in (":", "-", " ", "."):
        yield packed.hex(mark).encode()
    yield packed.hex().encode()
    yield packed.hex(".", 2).encode()


def _packed(text: bytes) -> bytes | None:
    try:
        return ip_address(text.decode("latin-1")).packed
    except ValueError:
        return None


def _host_of(name: bytes) -> Iterator[Secret]:
    host, dot, domain = name.partition(b".")
    if dot and domain and not host.isdigit() and len(host) >= _PART_LENGTH_MIN:
        yield Secret(NAME, host)
