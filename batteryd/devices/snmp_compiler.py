"""Compiles an SNMP profile, for the rows that a device has, into what `snmp_decode` runs on.

Which rows a table has is known in two ways, and both count: the geometry says how many modules and
cells a battery has, and the device says what it shows (`SnmpReader.discover`). A row that is known
stays known. A module that vanishes from its table is then a column without a value, not a battery
with one module less.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np

from batteryd.devices.arithmetic import Arithmetic
from batteryd.devices.link import SnmpValue
from batteryd.devices.profile_base import component_at, counts_of, levels_of
from batteryd.devices.quality_reserved import RESERVED_EVERYWHERE
from batteryd.devices.snmp_decode import (
    Alternatives,
    Condition,
    Contradicted,
    ListedRow,
    SnmpDecoder,
    comparable,
)
from batteryd.devices.snmp_profile import Level, SnmpPoint, SnmpProfile
from batteryd.domain.component import Component, parse_component
from batteryd.domain.inventory import Geometry
from batteryd.domain.quality import Quality
from batteryd.domain.quantity import QUANTITIES
from batteryd.domain.snapshot import Column, Indices, Layout

Rows = tuple[tuple[str, ...], ...]  # of each point of the profile: the row indices, as in OIDs


class Candidate(NamedTuple):
    """One object that may give a column its value."""

    point: SnmpPoint
    oid: str
    column: Column


def rows_of_geometry(profile: SnmpProfile, geometry: Geometry) -> Rows:
    """Return the rows that a battery must have, as far as its geometry says so."""
    counts = counts_of(profile.geometry.under(geometry))
    return tuple(tuple(_counted_rows(point, counts)) for point in profile.points)


def rows_of_table(
    point: SnmpPoint, *, column: Mapping[str, SnmpValue], selector: Mapping[str, SnmpValue]
) -> tuple[str, ...]:
    """Return the rows of a column that a point takes, in the agent's order.

    Args:
        point: of the profile.
        column: what a walk below the point's OID found.
        selector: what a walk below the OID of `where` found.
    """
    rows = (oid.removeprefix(f"{point.oid}.") for oid in column)
    if point.where is None:
        return tuple(rows)
    where = point.where
    return tuple(
        row for row in rows if where.admits(comparable(selector.get(f"{where.oid}.{row}")))
    )


@lru_cache(maxsize=256)
def compile_snmp(profile: SnmpProfile, rows: Rows) -> SnmpDecoder:
    """Compile a profile. Devices with the same profile and rows share decoder and layout."""
    candidates = list(_candidates(profile, rows))
    columns = list(dict.fromkeys(candidate.column for candidate in candidates))
    by_column: dict[Column, list[int]] = {column: [] for column in columns}
    for at, candidate in enumerate(candidates):
        by_column[candidate.column].append(at)
    points = [candidate.point for candidate in candidates]
    sentinels = [
        (at, sentinel)
        for at, point in enumerate(points)
        for sentinel in (*point.sentinels, *RESERVED_EVERYWHERE)
    ]
    return SnmpDecoder(
        layout=Layout.of(columns),
        oids=_asked_oids(candidates),
        listed=_listed(points),
        candidate_oids=tuple(
            c.oid if c.point.listed is None else _listed_key(at, c.oid)
            for at, c in enumerate(candidates)
        ),
        candidate_sources=tuple(f"{c.point.source} ({c.oid})" for c in candidates),
        first=_indices([members[0] for members in by_column.values()]),
        alternatives=tuple(
            Alternatives(column, tuple(members), QUANTITIES[columns[column].quantity].is_flag)
            for column, members in enumerate(by_column.values())
            if len(members) > 1
        ),
        text_candidates=frozenset(at for at, point in enumerate(points) if point.text),
        text_bits={at: point.text_bits for at, point in enumerate(points) if point.text_bits},
        signed=_indices([at for at, point in enumerate(points) if point.signed]),
        enumerations=tuple((at, p.enumeration) for at, p in enumerate(points) if p.enumeration),
        sentinel_places=_indices([at for at, _ in sentinels]),
        sentinels=np.array([sentinel for _, sentinel in sentinels], np.float64),
        absences=np.array([_absence(point) for point in points], np.uint8),
        conditions=tuple(
            Condition(at, point.only_when) for at, point in enumerate(points) if point.only_when
        ),
        contradictions=tuple(_contradictions(points)),
        arithmetic=Arithmetic.of(points, sign=profile.current_sign),
    )


def _counted_rows(point: SnmpPoint, counts: Mapping[str, int | None]) -> Iterator[str]:
    levels = levels_of(point.component)
    reach = [counts[level] for level in levels]
    is_told_by_index = point.where is None and point.number_by == "index" and not point.level_at
    if not levels or not is_told_by_index or None in reach:
        return
    last = point.index_base - 1
    for numbers in product(*(range(1, (count or 0) + 1) for count in reach)):
        yield ".".join(str(number + last) for number in numbers)


def _candidates(profile: SnmpProfile, rows: Rows) -> Iterator[Candidate]:
    for point, indices in zip(profile.points, rows, strict=True):
        if not point.is_column:
            component = parse_component(point.component)
            yield Candidate(point, point.oid, Column(component, point.quantity))
        elif not levels_of(point.component):  # a row that is picked, not counted: the first
            component = parse_component(point.component)
            for row in indices[:1]:
                yield Candidate(point, f"{point.oid}.{row}", Column(component, point.quantity))
        else:
            yield from _counted_candidates(point, indices)


def _counted_candidates(point: SnmpPoint, indices: Sequence[str]) -> Iterator[Candidate]:
    for position, row in enumerate(indices, start=1):
        component = _component(point, row, position=position)
        if component is not None:
            yield Candidate(point, f"{point.oid}.{row}", Column(component, point.quantity))


def _component(point: SnmpPoint, row: str, *, position: int) -> Component | None:
    """Return where a row belongs; None where its index has no number for a level."""
    levels = levels_of(point.component)
    index = [int(part) - point.index_base + 1 for part in row.split(".")]
    if point.number_by == "order":
        index = [*index[: len(levels) - 1], position]
    numbers = dict(zip(levels, index[-len(levels) :], strict=False))
    if point.level_at is not None:
        numbers = _picked(point.level_at, index)
    if len(numbers) < len(levels) or not all(1 <= n <= 9999 for n in numbers.values()):
        return None
    return component_at(point.component, numbers)


def _picked(level_at: Mapping[Level, int], index: Sequence[int]) -> dict[str, int]:
    return {
        level: index[place - 1 if place > 0 else place]
        for level, place in level_at.items()
        if abs(place) <= len(index)
    }


def _asked_oids(candidates: Sequence[Candidate]) -> tuple[str, ...]:
    asked: dict[str, None] = {}
    for point, oid, _ in candidates:
        asked[oid if point.listed is None else point.listed.count] = None
        for when in (point.only_when, point.contradicted_when):
            if when is not None:
                asked[when.oid] = None
    return tuple(asked)


def _listed(points: Sequence[SnmpPoint]) -> tuple[ListedRow, ...]:
    return tuple(
        ListedRow(
            _listed_key(at, point.oid),
            point.oid,
            frozenset(point.listed.any_of),
            point.listed.count,
            point.where,
        )
        for at, point in enumerate(points)
        if point.listed is not None
    )


def _listed_key(at: int, oid: str) -> str:
    return f"{oid} {at}"  # no OID of the answer


def _contradictions(points: Sequence[SnmpPoint]) -> Iterator[Contradicted]:
    for at, point in enumerate(points):
        doubt = point.contradicted_when
        if doubt is not None:
            yield Contradicted(Condition(at, doubt), frozenset(doubt.raw))


def _absence(point: SnmpPoint) -> Quality:
    return Quality.NOT_IMPLEMENTED if point.optional else Quality.MISSING


def _indices(numbers: Sequence[int]) -> Indices:
    return np.array(numbers, dtype=np.intp)
