"""Makes of an agent's recording one that may be given away.

It happens in two passes. The first gathers the secrets: what stands in fields that are somebody's
(serial numbers, names, contacts, places), what has the shape of an address or of a serial number
anywhere, and what the caller tells (the host that was asked, the community). The second puts a
substitute wherever one of them occurs, indices of tables included, and masks every other text of
which nobody knows what it says. Measurements, dates, makers and models stay as they were.

`recording_anonymous_registers` does the same for Modbus.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import NamedTuple

from batteryd.devices.link import SnmpValue
from batteryd.devices.recording import SnmpRecording, is_oid
from batteryd.devices.recording_disguise import Disguise, is_text, masked
from batteryd.devices.recording_places import SYS_DESCR, SnmpPlaces
from batteryd.devices.recording_secrets import (
    ADDRESS,
    UNKNOWN_TEXT,
    Secret,
    is_harmless,
    is_nobodys,
    secrets_in,
    secrets_of_field,
    spellings,
)

INDEX = "index of a table"
_DIGITS_MIN = 6  # of a number that is looked for among numbers
_MAC_LENGTH, _IPV6_LENGTH = 6, 16
_TEXT_AMONG_OCTETS = re.compile(rb"[ -~]{6,}")


class Replaced(NamedTuple):
    """One thing that is not as the device said it. What it was is not repeated."""

    place: str  # an OID; of registers "3/40068", function and address
    kind: str


class AnonymousAgent(NamedTuple):
    """What may be given away of an agent."""

    recording: SnmpRecording
    replaced: tuple[Replaced, ...]


def anonymous_agent(
    recording: SnmpRecording,
    *,
    places: SnmpPlaces,
    told: Iterable[bytes] = (),
    kept: Iterable[bytes] = (),
) -> AnonymousAgent:
    """Return a recording without anything that is somebody's.

    Args:
        recording: as the agent answered.
        places: what is known of its objects.
        told: further secrets, such as the host that was asked.
        kept: texts that may stay although nobody knows what they say.
    """
    judge = _Judge(places, frozenset((*_known_texts(recording, places), *kept)))
    found = (
        secret for oid, value in recording.objects.items() for secret in judge.secrets(oid, value)
    )
    disguise = disguise_of(found, told=told)
    objects: dict[str, SnmpValue | None] = {}
    replaced: list[Replaced] = []
    for oid, value in recording.objects.items():
        place = disguise.oid(oid)
        shown, kind = judge.shown(oid, value, disguise=disguise)
        objects[place] = shown
        if shown != value or place != oid:
            replaced.append(Replaced(place, kind if shown != value else INDEX))
    note = disguise.octets(recording.note.encode()).decode()
    return AnonymousAgent(SnmpRecording(objects, note=note), tuple(replaced))


def disguise_of(found: Iterable[Secret], *, told: Iterable[bytes]) -> Disguise:
    """Return the disguise for secrets in all their spellings."""
    spelt = {form for secret in found for form in spellings(secret)}
    return Disguise(spelt.union(*(_spellings_of_told(word) for word in told)))


def _spellings_of_told(word: bytes) -> set[bytes]:
    # Whatever the caller names is a secret, also where it is everybody's word, such as "public".
    return {word, *spellings(Secret(ADDRESS, word))}


def _known_texts(recording: SnmpRecording, places: SnmpPlaces) -> Iterator[bytes]:
    for oid, value in recording.objects.items():
        is_known = places.is_known(oid) and not places.secret_kind(oid)
        if isinstance(value, bytes) and is_known and oid != SYS_DESCR:
            yield value.rstrip(b"\0").strip()


@dataclass(frozen=True, slots=True)
class _Judge:
    """Says of each object what in it is secret, and how it may be shown."""

    places: SnmpPlaces
    known_texts: Collection[bytes]

    def secrets(self, oid: str, value: SnmpValue | None) -> Iterator[Secret]:
        """Yield the secrets that an object tells."""
        kind = self.places.secret_kind(oid)
        match value:
            case str() if not is_oid(value):
                yield Secret(ADDRESS, value.encode())
            case int() if kind and abs(value) >= 10 ** (_DIGITS_MIN - 1):
                yield Secret(kind, str(abs(value)).encode())
            case bytes() if kind:
                yield from secrets_of_field(value, kind=kind)
            case bytes() if not self._is_left(oid):
                yield from self._secrets_in(value)

    def shown(
        self, oid: str, value: SnmpValue | None, *, disguise: Disguise
    ) -> tuple[SnmpValue | None, str]:
        """Return an object as it may be shown, and what was replaced if anything was."""
        kind = self.places.secret_kind(oid)
        match value:
            case str() if is_oid(value):
                return disguise.oid(value), INDEX
            case str():
                return _address(value), ADDRESS
            case int():
                return self._number(oid, value, disguise=disguise), kind or UNKNOWN_TEXT
            case bytes() if kind:
                return _field(value, disguise=disguise), kind
            case bytes():
                return self._octets(oid, value, disguise=disguise), UNKNOWN_TEXT
            case float() | None:
                return value, ""

    def _is_left(self, oid: str) -> bool:
        # A profile reads it, so it is a measurement, a date, a maker, a model or a version.
        return oid != SYS_DESCR and self.places.is_known(oid)

    def _secrets_in(self, value: bytes) -> Iterator[Secret]:
        if is_text(value):
            for secret in secrets_in(value):
                if not any(secret.raw in text for text in self.known_texts):
                    yield secret
        elif len(value) == _MAC_LENGTH:
            yield Secret(ADDRESS, value.hex().encode())
        elif len(value) == _IPV6_LENGTH:
            yield Secret(ADDRESS, str(IPv6Address(value)).encode())

    def _number(self, oid: str, value: int, *, disguise: Disguise) -> int:
        digits = str(abs(value))
        is_secret = len(digits) >= _DIGITS_MIN and disguise.holds(digits.encode())
        if self.places.secret_kind(oid) or (is_secret and not self._is_left(oid)):
            return 10 ** (len(digits) - 1) if value else 0
        return value

    def _octets(self, oid: str, value: bytes, *, disguise: Disguise) -> bytes:
        hidden = disguise.octets(value)
        is_plain = is_harmless(value) or value.rstrip(b"\0").strip() in self.known_texts
        if self.places.is_known(oid) or is_plain:
            return hidden
        if is_text(value):
            return masked(value)
        return _TEXT_AMONG_OCTETS.sub(lambda run: masked(run[0]), hidden)


def _field(value: bytes, *, disguise: Disguise) -> bytes:
    hidden = disguise.octets(value)
    # What is too short to be looked for elsewhere is hidden here all the same.
    return hidden if hidden != value or is_nobodys(value) else masked(value)


def _address(value: str) -> str:
    if is_nobodys(value.encode()):
        return value
    return "2001:db8::1" if ":" in value else "192.0.2.1"  # RFC 3849, RFC 5737
