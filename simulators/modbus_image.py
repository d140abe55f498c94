"""Writes a reading into registers as a device profile says, for a server to be read from.

This is the mirror of the daemon's decoder and shares no code with it, so that each checks the
other. Numbers that take one register, nearly all of a rack's, are written in one numpy pass; the
few wide ones, enumerations and bit fields one by one. A number that does not fit its register stops
at the register's end, as devices do; NaN becomes the sentinel.
"""

import itertools
import math
import struct
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from batteryd.devices.modbus_profile import ModbusPoint, ModbusProfile, NameplateText
from batteryd.devices.profile_base import component_at, counts_of, is_signed, levels_of
from batteryd.domain.component import WHOLE_BATTERY, Component
from batteryd.domain.inventory import Geometry
from batteryd.domain.snapshot import Column, Layout
from simulators.chemistry import Floats
from simulators.modbus_pdu import Block, Image, Registers

_HOLE_MAX = 64  # registers that nobody defined, between two that somebody did, read as 0
_FLOAT_FORMATS = {"float32": ">f", "float64": ">d"}
_INTEGER_BITS = {
    "uint16": 16, "int16": 16, "uint32": 32, "int32": 32, "uint64": 64, "int64": 64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one column of a reading goes."""

    point: ModbusPoint
    address: int
    column: int
    sentinel: int | None
    sign: int

    @property
    def is_plain(self) -> bool:
        """Whether it is one integer register and nothing else."""
        return self.point.type in ("int16", "uint16") and self.point.enumeration is None


class RegisterWriter:
    """A profile compiled for one geometry and one layout of readings."""

    def __init__(self, profile: ModbusProfile, *, geometry: Geometry, layout: Layout) -> None:
        if any(p.scale_register or p.byte_order or p.word_order for p in profile.points):
            raise ValueError(f"{profile.name}: scale registers and mixed orders are not simulated")
        self._profile = profile
        places = tuple(_places(profile, geometry=geometry, layout=layout))
        self._spans = _spans(places)
        self._plain = {f: _PlainPlaces(chosen) for f, chosen in _by_function(places, plain=True)}
        self._odd = dict(_by_function(places, plain=False))

    def image(self, reading: Floats, *, nameplate: Mapping[str, str]) -> Image:
        """Return all registers of one reading; `nameplate` has texts by the profile's keys."""
        blocks: dict[int, list[Block]] = defaultdict(list)
        for function, spans in self._spans.items():
            words = np.zeros(spans[-1].stop, dtype=np.uint16)
            if function in self._plain:
                self._plain[function].write(words, reading)
            for place in self._odd.get(function, ()):
                _write(words, place, reading[place.column], profile=self._profile)
            if self._profile.byte_order == "little":
                words = words.byteswap()
            blocks[function] += (Block(s.start, words[s.start : s.stop]) for s in spans)
        for function, block in _nameplate_blocks(self._profile, nameplate):
            blocks[function].append(block)
        return Image({function: tuple(found) for function, found in blocks.items()})


class _PlainPlaces:
    """One-register integers as arrays, written in one go."""

    def __init__(self, places: Sequence[_Place]) -> None:
        bounds = [_bounds(p.point.type) for p in places]
        self._columns = np.array([p.column for p in places], dtype=np.intp)
        self._addresses = np.array([p.address for p in places], dtype=np.intp)
        self._scale = np.array([p.point.scale * p.sign for p in places])
        self._offset = np.array([p.point.offset * p.sign for p in places])
        self._low = np.array([low for low, _ in bounds], dtype=np.float64)
        self._high = np.array([high for _, high in bounds], dtype=np.float64)
        self._sentinel = np.array([p.sentinel or 0 for p in places], dtype=np.float64)

    def write(self, words: Registers, reading: Floats) -> None:
        values = reading[self._columns]
        raw = np.rint((values - self._offset) / self._scale).clip(self._low, self._high)
        raw = np.where(np.isnan(values), self._sentinel, raw)
        words[self._addresses] = (raw.astype(np.int64) & 0xFFFF).astype(np.uint16)


def _write(words: Registers, place: _Place, value: float, *, profile: ModbusProfile) -> None:
    point = place.point
    count = point.word_count
    raw = _raw(place, value)
    if isinstance(raw, bytes):
        chunk = np.frombuffer(raw, dtype=">u2").astype(np.uint16)
    else:
        shifts = range(16 * (count - 1), -1, -16)
        chunk = np.array([raw >> shift & 0xFFFF for shift in shifts], dtype=np.uint16)
    if profile.word_order == "little":
        chunk = chunk[::-1]
    words[place.address : place.address + count] |= chunk  # flags of one register share it


def _raw(place: _Place, value: float) -> int | bytes:
    point = place.point
    if math.isnan(value):
        return (place.sentinel or 0) & ((1 << 16 * point.word_count) - 1)
    if point.enumeration is not None:
        value = next(raw for raw, ours in point.enumeration.items() if ours == value)
    if point.type in ("bit", "bits"):
        return int(value) << point.bit
    number = (value * place.sign - point.offset) / point.scale
    if point.type in _FLOAT_FORMATS:
        return struct.pack(_FLOAT_FORMATS[point.type], number)
    low, high = _bounds(point.type)
    return min(max(round(number), low), high)


def _bounds(kind: str) -> tuple[int, int]:
    bits = _INTEGER_BITS[kind]
    return (0, 2**bits - 1) if kind.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _places(profile: ModbusProfile, *, geometry: Geometry, layout: Layout) -> Iterator[_Place]:
    counts = counts_of(profile.geometry.under(geometry))
    for point in profile.points:
        levels = levels_of(point.component)
        sentinels = profile.sentinels_of(point)
        for numbers in itertools.product(*(range(1, (counts[v] or 0) + 1) for v in levels)):
            at = dict(zip(levels, numbers, strict=True))
            offset = sum(step * (at[level] - 1) for level, step in point.stride.items())
            yield _Place(
                point=point,
                address=point.address + offset,
                column=_column(layout, component_at(point.component, at), point.quantity),
                sentinel=sentinels[0] if sentinels else None,
                sign=profile.current_sign if is_signed(point.quantity) else 1,
            )


def _column(layout: Layout, component: Component, quantity: str) -> int:
    if (same := Column(component, quantity)) in layout.index:
        return layout.index[same]
    # A rack is one string: what a map says of string 1 is what the rack says of itself.
    inner = component.module is not None
    ours = Component(1, component.module, component.cell, component.sensor)
    column = Column(ours if inner else WHOLE_BATTERY, quantity)
    if column not in layout.index or component.string not in (None, 1):
        raise ValueError(f"a simulated rack has no {component}:{quantity}")
    return layout.index[column]


def _by_function(
    places: Sequence[_Place], *, plain: bool
) -> Iterator[tuple[int, tuple[_Place, ...]]]:
    for function in sorted({p.point.function for p in places}):
        chosen = tuple(p for p in places if p.point.function == function and p.is_plain is plain)
        if chosen:
            yield function, chosen


def _spans(places: Sequence[_Place]) -> dict[int, tuple[range, ...]]:
    defined: dict[int, set[int]] = defaultdict(set)
    for place in places:
        defined[place.point.function].update(
            range(place.address, place.address + place.point.word_count)
        )
    return {function: tuple(_runs(sorted(found))) for function, found in defined.items()}


def _runs(addresses: Sequence[int]) -> Iterator[range]:
    start = before = addresses[0]
    for address in addresses[1:]:
        if address - before > _HOLE_MAX:
            yield range(start, before + 1)
            start = address
        before = address
    yield range(start, before + 1)


def _nameplate_blocks(
    profile: ModbusProfile, nameplate: Mapping[str, str]
) -> Iterator[tuple[int, Block]]:
    words_at: dict[int, dict[int, int]] = defaultdict(dict)
    for key, text in nameplate.items():
        where = getattr(profile.nameplate, key)
        if isinstance(where, NameplateText):
            words_at[where.function] |= dict(enumerate(_text_words(where, text), where.address))
    for function, found in words_at.items():
        for run in _runs(sorted(found)):
            words = np.array([found.get(address, 0) for address in run], dtype=np.uint16)
            yield function, Block(run.start, words)


def _text_words(where: NameplateText, text: str) -> list[int]:
    count = where.word_count
    if where.type == "string":
        padded = text.encode("ascii", errors="replace")[: 2 * count].ljust(2 * count, b"\0")
        return list(struct.unpack(f">{count}H", padded))
    number = round(float(text) / where.scale)
    return [number >> shift & 0xFFFF for shift in range(16 * (count - 1), -1, -16)]
