"""Compiles a Modbus profile for one geometry into what `decode` runs on.

Everything that can be worked out before the first poll is worked out here: which requests to send,
where each value's registers stand in the image, and what scale, offset and sign amount to in whole
numbers. Batteries of the same profile and geometry share one decoder and one layout.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np

from batteryd.devices.arithmetic import Arithmetic, enumerations_of
from batteryd.devices.decode import Group, RegisterDecoder, ScaleFactors
from batteryd.devices.modbus_profile import ModbusPoint, ModbusProfile
from batteryd.devices.overlap import overlap_text
from batteryd.devices.plan import BIT_FUNCTIONS, ReadLimits, Span, plan_reads
from batteryd.devices.unroll import Place, places_of, ranges_of
from batteryd.domain.inventory import Geometry
from batteryd.domain.snapshot import Column, Indices, Layout
from batteryd.errors import ProfileError

_UNSIGNED = {1: "<u2", 2: "<u4", 4: "<u8"}
_NUMBERS = {
    "bit": None, "bits": None, "int16": "<i2", "uint16": "<u2", "int32": "<i4", "uint32": "<u4",
    "float32": "<f4", "int64": "<i8", "uint64": "<u8", "float64": "<f8",
}  # fmt: skip

Slots = Mapping[Span, int]  # where the registers of a span stand in the image


@lru_cache(maxsize=256)
def compile_decoder(profile: ModbusProfile, geometry: Geometry) -> RegisterDecoder:
    """Compile a profile for a battery, as far as the register describes its geometry.

    Raises:
        ProfileError: profile and geometry do not fit together.
    """
    places = places_of(profile, geometry)
    overlap = overlap_text(places)
    if overlap is not None:
        raise ProfileError(overlap)
    requests = plan_reads(
        chain.from_iterable(_spans(place) for place in places),
        limits=ReadLimits(register_count=profile.register_count_max, gap=profile.gap_max),
        blocks=ranges_of(profile, geometry),
    )
    points = [place.point for place in places]
    slots = {span: r.slot + span.start - r.start for r in requests for span in r.spans}
    return RegisterDecoder(
        layout=_layout(places),
        sources=tuple(_source(place) for place in places),
        requests=requests,
        word_count=sum(request.count for request in requests),
        groups=tuple(_groups(profile, places, slots=slots)),
        scale_factors=_scale_factors(places, slots=slots),
        enumerations=tuple(enumerations_of(points)),
        arithmetic=Arithmetic.of(points, sign=profile.current_sign),
        state_words=_state_words(places, slots=slots),
    )


def _spans(place: Place) -> tuple[Span, ...]:
    return (place.span,) if place.scale_span is None else (place.span, place.scale_span)


def _layout(places: Sequence[Place]) -> Layout:
    try:
        return Layout.of(Column(place.component, place.point.quantity) for place in places)
    except ValueError as error:
        raise ProfileError(str(error)) from error


def _source(place: Place) -> str:
    return f"{place.point.source} ({place.span.function}:0x{place.span.start:04X})"


class _Kind(NamedTuple):
    """What the members of a group have in common."""

    word_count: int
    number: str | None
    is_swapped: bool


def _groups(profile: ModbusProfile, places: Sequence[Place], *, slots: Slots) -> Iterator[Group]:
    columns: dict[_Kind, list[int]] = {}
    for column, place in enumerate(places):
        columns.setdefault(_kind(profile, place.point), []).append(column)
    for kind, members in columns.items():
        points = [places[column].point for column in members]
        sentinels = [
            (i, sentinel & (1 << 16 * kind.word_count) - 1)
            for i, point in enumerate(points)
            for sentinel in profile.sentinels_of(point)
        ]
        yield Group(
            columns=_indices(members),
            words=np.array([_words(profile, places[c], slots=slots) for c in members], np.intp),
            unsigned=_UNSIGNED[kind.word_count],
            number=kind.number,
            is_swapped=kind.is_swapped,
            shifts=np.array([point.bit for point in points], np.uint32),
            masks=np.array([(1 << point.bits_used) - 1 for point in points], np.uint32),
            sentinel_places=_indices([i for i, _ in sentinels]),
            sentinels=np.array([value for _, value in sentinels], np.uint64),
        )


def _kind(profile: ModbusProfile, point: ModbusPoint) -> _Kind:
    is_little = (point.byte_order or profile.byte_order) == "little"
    is_swapped = is_little and point.function not in BIT_FUNCTIONS
    return _Kind(point.word_count, _NUMBERS[point.type], is_swapped)


def _words(profile: ModbusProfile, place: Place, *, slots: Slots) -> list[int]:
    first = slots[place.span]
    words = list(range(first, first + place.span.count))
    is_big = (place.point.word_order or profile.word_order) == "big"
    return words[::-1] if is_big else words  # least significant first


def _scale_factors(places: Sequence[Place], *, slots: Slots) -> ScaleFactors | None:
    scaled = [(c, slots[p.scale_span]) for c, p in enumerate(places) if p.scale_span is not None]
    if not scaled:
        return None
    return ScaleFactors(
        columns=_indices([column for column, _ in scaled]),
        words=_indices([word for _, word in scaled]),
    )


def _state_words(places: Sequence[Place], *, slots: Slots) -> Indices:
    used = [
        [slots[span] + i for span in _spans(place) for i in range(span.count)] for place in places
    ]
    width = max((len(words) for words in used), default=1)
    # Rows are filled up with their own first register: the worst of a set is the same.
    padded = [words + [words[0]] * (width - len(words)) for words in used]
    return np.array(padded, dtype=np.intp).reshape(-1, width)


def _indices(numbers: Sequence[int]) -> Indices:
    return np.array(numbers, dtype=np.intp)
