"""Stands in for secrets wherever they occur: in texts, in octets, in indices of OIDs.

A substitute has the length and the shape of what it stands for: the serial number `AS1234567890`
becomes `XX0000000000`. So registers keep their places, and whoever writes a profile still sees what
kind of thing stands there. Different secrets have different substitutes where their shape allows
it, as rows of a table that is indexed by a name have to stay apart.
"""

import re
from collections.abc import Collection, Iterator
from itertools import islice

LENGTH_MIN = 3  # of a secret that is looked for inside other texts
_LENGTH_IN_OID_MIN = 4  # the numbers of a MIB are small; three of them may be anything
_LETTERS_IN_OID_MIN = 3
_PASSES_MAX = 4  # two substitutes side by side may happen to spell a secret
_VARIANTS_MAX = 1000

_SHAPE = bytes.maketrans(
    bytes(range(256)),
    b"".join(
        b"X" if chr(octet).isascii() and chr(octet).isupper() else
        b"0" if chr(octet).isascii() and chr(octet).isdigit() else
        b"x" if octet >= 0x80 or chr(octet).islower() else
        bytes([octet])
        for octet in range(256)
    ),
)  # fmt: skip

# Addresses that nobody has, by length: RFC 5737, a locally administered one, RFC 3849.
_NOWHERE = {4: "c0000200", 6: "020000000000", 16: "20010db8" + 24 * "0"}

_RUN_IN_OID = re.compile(r"[ -~]{4,}")
_NEVER = re.compile(r"(?!)")


def masked(raw: bytes) -> bytes:
    """Return a text with its letters and digits made unrecognisable; other octets become 0."""
    return raw.translate(_SHAPE) if is_text(raw) else bytes(len(raw))


def is_text(raw: bytes) -> bool:
    """Whether people could read these octets, as UTF-8 or otherwise; zero octets may follow."""
    return all(octet >= 0x20 and octet != 0x7F for octet in raw.rstrip(b"\0"))


class Disguise:
    """The substitutes for a set of secrets. Letters are the same in upper and lower case."""

    def __init__(self, secrets: Collection[bytes]) -> None:
        hidden = sorted({s.lower(): s for s in secrets if _can_be_hidden(s)}.items())
        hidden.sort(key=lambda pair: -len(pair[0]))  # the longest first: it may hold a shorter one
        self._pattern = _any_of([secret for secret, _ in hidden])
        self._pattern_in_oid = _any_of([s for s, _ in hidden if len(s) >= _LENGTH_IN_OID_MIN])
        self._substitutes: dict[bytes, str] = {}
        for lower, secret in hidden:
            self._substitutes[lower] = _chars(self._new_substitute(secret))

    def holds(self, raw: bytes) -> bool:
        """Whether a secret stands in these octets."""
        return self._pattern.search(_chars(raw)) is not None

    def octets(self, raw: bytes) -> bytes:
        """Return as many octets without any secret."""
        hidden = raw
        for _ in range(_PASSES_MAX):
            if not self.holds(hidden):
                return hidden
            hidden = self._pattern.sub(self._substitute, _chars(hidden)).encode("latin-1")
        return masked(raw)

    def oid(self, oid: str) -> str:
        """Return an OID without any secret, and without any name, among its numbers."""
        numbers = oid.split(".")
        # One character a number; what is no octet is a character that no text has.
        chars = "".join(chr(min(int(number), 0x100)) for number in numbers)
        hidden = _RUN_IN_OID.sub(self._named, chars)
        hidden = self._pattern_in_oid.sub(self._substitute, hidden)
        return ".".join(
            number if was == now else str(ord(now))
            for number, was, now in zip(numbers, chars, hidden, strict=True)
        )

    def _named(self, found: re.Match[str]) -> str:
        run = found[0]
        if sum(map(str.isalpha, run)) < _LETTERS_IN_OID_MIN or self._pattern_in_oid.search(run):
            return run
        return _chars(masked(run.encode("latin-1")))

    def _substitute(self, found: re.Match[str]) -> str:
        return self._substitutes[found[0].encode("latin-1").lower()]

    def _new_substitute(self, secret: bytes) -> bytes:
        taken = set(self._substitutes.values())
        variants = islice(_variants(secret), _VARIANTS_MAX)
        free = (v for v in variants if _chars(v) not in taken and not self.holds(v))
        return next(free, masked(secret))


def _variants(secret: bytes) -> Iterator[bytes]:
    """Yield substitutes of one shape, the plainest first."""
    if not is_text(secret) and len(secret) in _NOWHERE:
        nowhere = bytes.fromhex(_NOWHERE[len(secret)])
        yield from (nowhere[:-1] + bytes([last]) for last in range(1, 256))
        return
    plain = masked(secret)
    yield plain
    places = [at for at, octet in enumerate(plain) if octet == ord("0")]
    base = b"0"
    if not places:
        places = [at for at, octet in enumerate(plain) if octet in b"Xx"]
        base = b"A"
    for number in range(1, 10 ** len(places)):
        varied = bytearray(plain)
        for at, digit in zip(reversed(places), reversed(str(number)), strict=False):
            varied[at] = base[0] + int(digit)
        yield bytes(varied)


def _can_be_hidden(secret: bytes) -> bool:
    return len(secret) >= LENGTH_MIN and masked(secret).lower() != secret.lower()


def _any_of(secrets: Collection[bytes]) -> re.Pattern[str]:
    if not secrets:
        return _NEVER
    return re.compile("|".join(re.escape(_chars(s)) for s in secrets), re.ASCII | re.IGNORECASE)


def _chars(raw: bytes) -> str:
    return raw.decode("latin-1")  # an octet is a character, so lengths and places stay
