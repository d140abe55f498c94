"""Decodes what an SNMP agent answered into quantities, a whole poll at once.

A *candidate* is one object that may give one column its value; most columns have one, some have
alternatives. Theory of operation:

    raw       what the agent said of each candidate, None where it said nothing. If all of it is
              numbers, one numpy conversion takes it; otherwise each candidate is looked at by
              itself, so that a text where a number should be costs that value only.
    value     (raw x factor + shift) / divisor, as for registers (`arithmetic`).
    quality   starts good. What is missing, reserved, unknown to an enumeration, subject to a
              condition that does not hold, or implausible is bad and has no number. A value that
              another object contradicts is uncertain and keeps it.
    column    takes its first candidate, or the first better one where that is bad.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from batteryd.devices.arithmetic import Arithmetic
from batteryd.devices.link import RawReading, SnmpValue
from batteryd.domain.quality import BAD_FROM, Quality
from batteryd.domain.snapshot import Indices, Layout, Qualities, Values

Answer = Mapping[str, SnmpValue]
Raw = Sequence[SnmpValue | None]

_NUMBERS = frozenset({int, float, type(None)})
_GOOD = Quality.GOOD.value
_NUMBER_IN_TEXT = re.compile(rb"\s*([+-]?[0-9]+(?:\.[0-9]+)?)\s*[^0-9\s.,][^0-9]{0,15}|"
                             rb"\s*([+-]?[0-9]+(?:\.[0-9]+)?)\s*")  # fmt: skip


class Condition(NamedTuple):
    """What another object must say for a candidate to count."""

    candidate: int
    oid: str
    equals: frozenset[int | str]

    def holds(self, answer: Answer) -> bool:
        """Whether the object has one of the values."""
        return comparable(answer.get(self.oid)) in self.equals


class Contradicted(NamedTuple):
    """Raw numbers of a candidate that a condition makes doubtful."""

    when: Condition
    raw: frozenset[int]


class Alternatives(NamedTuple):
    """The candidates of one column that has several, in the order of trust."""

    column: int
    candidates: tuple[int, ...]


class ListedRow(NamedTuple):
    """A column that is looked through for a value while its table has rows."""

    oid: str
    any_of: frozenset[int | str]
    count_oid: str


class Decoded(NamedTuple):
    """A poll, and which candidate each column was taken from."""

    reading: RawReading
    winners: Indices


@dataclass(frozen=True, eq=False)
class SnmpDecoder:
    """A profile compiled for the rows that a device has."""

    layout: Layout
    oids: tuple[str, ...]  # everything that a poll asks for
    listed: tuple[ListedRow, ...]
    candidate_oids: tuple[str, ...] = field(repr=False)
    candidate_sources: tuple[str, ...] = field(repr=False)
    first: Indices = field(repr=False)  # of each column: its most trusted candidate
    alternatives: tuple[Alternatives, ...] = field(repr=False)
    text_candidates: frozenset[int] = field(repr=False)
    enumerations: tuple[tuple[int, Mapping[int, int]], ...] = field(repr=False)
    sentinel_places: Indices = field(repr=False)
    sentinels: Values = field(repr=False)
    absences: Qualities = field(repr=False)  # what it means that a candidate is not in the answer
    conditions: tuple[Condition, ...] = field(repr=False)
    contradictions: tuple[Contradicted, ...] = field(repr=False)
    arithmetic: Arithmetic = field(repr=False)

    def decode(self, answer: Answer) -> Decoded:
        """Return values and qualities in the order of the layout. Never raises on device data."""
        raw = [answer.get(oid) for oid in self.candidate_oids]
        quality: Qualities = np.zeros(len(raw), dtype=np.uint8)
        values = self._numbers(raw, quality=quality)
        self._mark_unsaid(raw, values=values, quality=quality)
        for at, ours_by_raw in self.enumerations:
            _translate(at, ours_by_raw, values=values, quality=quality)
        for condition in self.conditions:
            if not condition.holds(answer):
                quality[condition.candidate] = Quality.NOT_IMPLEMENTED
        with np.errstate(all="ignore"):  # a float beyond all bounds is bad data, not our error
            self.arithmetic.apply(values=values, quality=quality)
        for doubt in self.contradictions:
            at = doubt.when.candidate
            if raw[at] in doubt.raw and quality[at] == _GOOD and doubt.when.holds(answer):
                quality[at] = Quality.CONTRADICTED
        winners = self._winners(quality)
        if self.alternatives:
            values, quality = values[winners], quality[winners]
        if quality.any():
            values[quality >= BAD_FROM] = np.nan
        return Decoded(RawReading(values, quality), winners)

    def _numbers(self, raw: Raw, *, quality: Qualities) -> Values:
        if _NUMBERS.issuperset(map(type, raw)):
            try:
                return np.array(raw, dtype=np.float64)  # None becomes NaN
            except OverflowError:
                pass  # an integer of a hundred octets; below it costs only itself
        values: Values = np.empty(len(raw))
        for at, value in enumerate(raw):
            values[at], quality[at] = number_of(value, is_text=at in self.text_candidates)
        return values

    def _mark_unsaid(self, raw: Raw, *, values: Values, quality: Qualities) -> None:
        if None in raw:
            absent = [at for at, value in enumerate(raw) if value is None]
            quality[absent] = self.absences[absent]
        shown = values[self.sentinel_places] == self.sentinels
        if shown.any():
            quality[self.sentinel_places[shown]] = Quality.SENTINEL

    def _winners(self, quality: Qualities) -> Indices:
        if not self.alternatives or not quality.any():
            return self.first
        winners = self.first.copy()
        for column, candidates in self.alternatives:
            winners[column] = min(candidates, key=lambda at: _RANKS[quality[at]])
        return winners


# A good value before an uncertain one; a reason before none, so that people read why.
_RANKS = [0] + [1] * (BAD_FROM - 1) + [2] * (256 - BAD_FROM)
_RANKS[Quality.MISSING] = _RANKS[Quality.NOT_IMPLEMENTED] = 3


def number_of(value: SnmpValue | None, *, is_text: bool) -> tuple[float, int]:
    """Return the number that an agent said, or NaN and what is wrong with it."""
    if value is None:
        return np.nan, _GOOD  # whether it may be absent is known elsewhere
    if isinstance(value, bytes) and is_text:
        match = _NUMBER_IN_TEXT.fullmatch(value.rstrip(b"\0"))
        return (float(match[1] or match[2]), _GOOD) if match else (np.nan, _no_number(value))
    if isinstance(value, bytes | str):
        return np.nan, _no_number(value)
    try:
        return float(value), _GOOD
    except OverflowError:
        return np.nan, Quality.UNDECODABLE


def comparable(value: SnmpValue | None) -> int | float | str | None:
    """Return a value as profiles write it: a number, or a text."""
    return value.rstrip(b"\0").decode("latin-1") if isinstance(value, bytes) else value


def _no_number(value: bytes | str) -> int:
    return Quality.UNDECODABLE if value.strip() else Quality.NOT_IMPLEMENTED


def _translate(
    at: int, ours_by_raw: Mapping[int, int], *, values: Values, quality: Qualities
) -> None:
    ours = ours_by_raw.get(values[at])  # 2.0 finds 2, NaN nothing
    if ours is not None:
        values[at] = ours
    elif quality[at] == _GOOD:
        quality[at] = Quality.UNDECODABLE
