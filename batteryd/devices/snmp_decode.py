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
    column    takes its first candidate, or the first better one where that is bad. A flag takes
              one that is raised before one that is not: one object that asks for a new battery is
              enough.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from batteryd.devices.arithmetic import Arithmetic
from batteryd.devices.link import RawReading, SnmpValue
from batteryd.devices.snmp_profile import When
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
    when: When

    def holds(self, answer: Answer) -> bool:
        """Whether the other object says so."""
        return self.when.admits(comparable(answer.get(self.when.oid)))


class Contradicted(NamedTuple):
    """Raw numbers of a candidate that a condition makes doubtful."""

    when: Condition
    raw: frozenset[int]


class Alternatives(NamedTuple):
    """The candidates of one column that has several, in the order of trust."""

    column: int
    candidates: tuple[int, ...]
    is_flag: bool


class ListedRow(NamedTuple):
    """A column that is looked through for a value while its table has rows."""

    key: str  # what the flag is called in an answer; several may look through one column
    oid: str
    any_of: frozenset[int | str]
    count_oid: str
    where: When | None  # which rows count

    @property
    def walked_oids(self) -> tuple[str, ...]:
        """The columns that must be known."""
        return (self.oid,) if self.where is None else (self.oid, self.where.oid)

    def flag(self, walked: Mapping[str, Answer], *, count: int) -> int | None:
        """Return whether a row has the value; None where rows are counted but not shown."""
        rows = walked[self.oid] if count else {}
        shown = (row for row in rows if self._counts(row, walked))
        if any(comparable(rows[row]) in self.any_of for row in shown):
            return 1
        return 0 if len(rows) >= count else None

    def _counts(self, row: str, walked: Mapping[str, Answer]) -> bool:
        if self.where is None:
            return True
        other = row.replace(self.oid, self.where.oid, 1)
        return self.where.admits(comparable(walked[self.where.oid].get(other)))


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
    text_bits: Mapping[int, Sequence[int]] = field(repr=False)  # the characters of each candidate
    signed: Indices = field(repr=False)
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
        if len(self.signed):
            values[self.signed] -= (values[self.signed] >= 2**31) * 2.0**32
        for at, ours_by_raw in self.enumerations:
            _translate(at, ours_by_raw, values=values, quality=quality)
        self._mark_conditions(answer, quality=quality)
        with np.errstate(all="ignore"):  # a float beyond all bounds is bad data, not our error
            self.arithmetic.apply(values=values, quality=quality)
        self._mark_contradictions(raw, answer, quality=quality)
        winners = self._winners(values, quality)
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
            values[at], quality[at] = (
                flag_of(value, characters=self.text_bits[at])
                if at in self.text_bits
                else number_of(value, is_text=at in self.text_candidates)
            )
        return values

    def _mark_unsaid(self, raw: Raw, *, values: Values, quality: Qualities) -> None:
        if None in raw:
            absent = [at for at, value in enumerate(raw) if value is None]
            quality[absent] = self.absences[absent]
        shown = values[self.sentinel_places] == self.sentinels
        if shown.any():
            quality[self.sentinel_places[shown]] = Quality.SENTINEL

    def _mark_conditions(self, answer: Answer, *, quality: Qualities) -> None:
        for condition in self.conditions:
            if not condition.holds(answer):
                quality[condition.candidate] = Quality.NOT_IMPLEMENTED

    def _mark_contradictions(self, raw: Raw, answer: Answer, *, quality: Qualities) -> None:
        for doubt in self.contradictions:
            at = doubt.when.candidate
            if raw[at] in doubt.raw and quality[at] == _GOOD and doubt.when.holds(answer):
                quality[at] = Quality.CONTRADICTED

    def _winners(self, values: Values, quality: Qualities) -> Indices:
        if not self.alternatives:
            return self.first
        is_all_good = not quality.any()
        winners = self.first.copy()
        for column, candidates, is_flag in self.alternatives:
            if is_flag:
                winners[column] = min(candidates, key=lambda at: (_RANKS[quality[at]], -values[at]))
            elif not is_all_good:
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


def flag_of(value: SnmpValue | None, *, characters: Sequence[int]) -> tuple[float, int]:
    """Return 1 where one of these characters of a text of zeroes and ones is 1, otherwise 0."""
    if not isinstance(value, bytes):
        return np.nan, _GOOD if value is None else Quality.UNDECODABLE
    text = value.strip(b"\0 ")
    if not text:
        return np.nan, Quality.NOT_IMPLEMENTED
    if set(text) - set(b"01") or max(characters) >= len(text):
        return np.nan, Quality.UNDECODABLE
    return float(any(text[at] == ord("1") for at in characters)), _GOOD


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
