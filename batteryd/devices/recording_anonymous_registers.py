"""Makes of a Modbus unit's recording one that may be given away; see `recording_anonymous`.

Registers have no types. What the device's profile measures is left alone, whatever it looks like;
in all other registers, octets that can be read as a text are one of which nobody knows what it
says.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from batteryd.devices.plan import BIT_FUNCTIONS
from batteryd.devices.recording import ModbusRecording, Range
from batteryd.devices.recording_anonymous import Replaced, disguise_of
from batteryd.devices.recording_disguise import Disguise, is_text, masked
from batteryd.devices.recording_places import ModbusPlaces
from batteryd.devices.recording_secrets import (
    NAME,
    SERIAL,
    UNKNOWN_TEXT,
    Secret,
    is_harmless,
    secrets_in,
    secrets_of_field,
)

_TEXT = re.compile(rb"[ -~]{4,}")
_SUNSPEC_MARKER = b"SunS"  # by which such a map is found
# The objects of function 43/14 that say what is sold; 6 is the operator's own name for it.
_OBJECTS_OF_MAKER = frozenset({0, 1, 2, 3, 4, 5})


class AnonymousUnit(NamedTuple):
    """What may be given away of a Modbus unit."""

    recording: ModbusRecording
    replaced: tuple[Replaced, ...]


def anonymous_unit(
    recording: ModbusRecording,
    *,
    places: ModbusPlaces,
    told: Iterable[bytes] = (),
    kept: Iterable[bytes] = (),
) -> AnonymousUnit:
    """Return a recording without anything that is somebody's.

    Args:
        recording: as the unit answered.
        places: what is known of its registers.
        told: further secrets, such as the host that was asked.
        kept: texts that may stay although nobody knows what they say.
    """
    stretches = {
        function: [_Stretch(one, function, places) for one in held]
        for function, held in recording.ranges.items()
        if function not in BIT_FUNCTIONS
    }
    found = [secret for held in stretches.values() for one in held for secret in one.secrets()]
    disguise = disguise_of((*found, *_secrets_of_identification(recording)), told=told)
    plain = frozenset((_SUNSPEC_MARKER, *kept))
    replaced: list[Replaced] = []
    ranges = dict(recording.ranges)
    for function, held in stretches.items():
        ranges[function] = tuple(one.shown(disguise, plain=plain) for one in held)
        for before, after in zip(recording.ranges[function], ranges[function], strict=True):
            replaced += _replaced(before, after, function=function, places=places)
    identification = {
        number: _identified(number, raw, disguise=disguise)
        for number, raw in recording.identification.items()
    }
    replaced += [
        Replaced(f"43/{number}", NAME)
        for number, raw in recording.identification.items()
        if identification[number] != raw
    ]
    note = disguise.octets(recording.note.encode()).decode()
    shown = ModbusRecording(recording.unit, ranges, identification=identification, note=note)
    return AnonymousUnit(shown, tuple(replaced))


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A range of registers, and what is known of them."""

    held: Range
    function: int
    places: ModbusPlaces

    def secrets(self) -> Iterator[Secret]:
        """Yield the secrets that the registers tell."""
        octets = _octets_of(self.held.values)
        for place in self._secret_places():
            for spelt in (octets[place], _swapped(octets[place])):  # some send the second first
                if is_text(spelt):
                    yield from secrets_of_field(spelt, kind=SERIAL)
        for place in self._unknown_places():
            for text in _TEXT.findall(octets[place]):
                yield from secrets_in(text)

    def shown(self, disguise: Disguise, *, plain: Collection[bytes]) -> Range:
        """Return the registers as they may be shown."""

        def unless_plain(found: re.Match[bytes]) -> bytes:
            text = found[0]
            is_plain = is_harmless(text) or text.strip() in plain
            return text if is_plain else masked(text)

        octets = _octets_of(self.held.values)
        shown = bytearray(disguise.octets(octets))
        for place in self._unknown_places():
            shown[place] = _TEXT.sub(unless_plain, shown[place])
        for place in self._secret_places():
            if shown[place] == octets[place]:  # a number, or too short to be looked for
                shown[place] = masked(octets[place])
        for place in self._places_of(self.places.measured):
            shown[place] = octets[place]
        return Range(self.held.start, _words_of(shown))

    def _secret_places(self) -> Iterator[slice]:
        for function, span in self.places.secret:
            is_held = self.held.start <= span.start and span.stop <= self.held.end
            if function == self.function and is_held:
                yield _octets_at(span.start - self.held.start, len(span))

    def _unknown_places(self) -> Iterator[slice]:
        secret = {(function, at) for function, span in self.places.secret for at in span}
        yield from self._places_of(self.places.measured | self.places.known | secret, inside=False)

    def _places_of(
        self, registers: Collection[tuple[int, int]], *, inside: bool = True
    ) -> Iterator[slice]:
        addresses = range(self.held.start, self.held.end)
        for is_inside, run in groupby(addresses, lambda at: (self.function, at) in registers):
            members = list(run)
            if is_inside == inside:
                yield _octets_at(members[0] - self.held.start, len(members))


def _secrets_of_identification(recording: ModbusRecording) -> Iterator[Secret]:
    for number, raw in recording.identification.items():
        if number not in _OBJECTS_OF_MAKER:
            yield from secrets_of_field(raw, kind=NAME)


def _identified(number: int, raw: bytes, *, disguise: Disguise) -> bytes:
    hidden = disguise.octets(raw)
    return hidden if number in _OBJECTS_OF_MAKER or hidden != raw else masked(raw)


def _replaced(
    before: Range, after: Range, *, function: int, places: ModbusPlaces
) -> Iterator[Replaced]:
    """Yield each run of registers that changed."""
    secret = {(of, at) for of, span in places.secret for at in span}
    pairs = enumerate(zip(before.values, after.values, strict=True), start=before.start)
    for is_changed, run in groupby(pairs, lambda row: row[1][0] != row[1][1]):
        if is_changed:
            start = next(run)[0]
            kind = SERIAL if (function, start) in secret else UNKNOWN_TEXT
            yield Replaced(f"{function}/{start}", kind)


def _octets_of(words: Sequence[int]) -> bytes:
    return b"".join(word.to_bytes(2, "big") for word in words)


def _words_of(octets: bytes | bytearray) -> tuple[int, ...]:
    return tuple(int.from_bytes(octets[at : at + 2]) for at in range(0, len(octets), 2))


def _swapped(octets: bytes) -> bytes:
    return b"".join(octets[at : at + 2][::-1] for at in range(0, len(octets), 2))


def _octets_at(first: int, count: int) -> slice:
    return slice(2 * first, 2 * (first + count))
