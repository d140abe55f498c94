"""Unrolls a register table: one row becomes one place for every component it counts through.

    address of s2/m03/c07 = address + 1 x stride.string + 2 x stride.module + 6 x stride.cell

Numbers on a rack count from 1, strides from 0.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import NamedTuple

from batteryd.devices.modbus_profile import ADDRESS_MAX, Block, Level, ModbusPoint, ModbusProfile
from batteryd.devices.plan import Range, Span
from batteryd.devices.profile_base import component_at, counts_of, levels_of
from batteryd.domain.component import Component
from batteryd.domain.inventory import Geometry
from batteryd.errors import ProfileError

Counts = Mapping[str, int | None]


class Place(NamedTuple):
    """Where one value stands in the device and where it belongs in the battery."""

    point: ModbusPoint
    component: Component
    span: Span
    scale_span: Span | None  # of the register with its power of ten


def places_of(profile: ModbusProfile, geometry: Geometry) -> list[Place]:
    """Return the places of all points, in the order of the table.

    Raises:
        ProfileError: the geometry leaves a count open, or leads beyond the last address.
    """
    counts = counts_of(profile.geometry.under(geometry))
    return [
        place
        for row, point in enumerate(profile.points)
        for place in _places(point, row=row, counts=counts)
    ]


def ranges_of(profile: ModbusProfile, geometry: Geometry) -> list[Range]:
    """Return the blocks that the device answers, unrolled like points."""
    counts = counts_of(profile.geometry.under(geometry))
    return [found for block in profile.blocks for found in _ranges(block, counts=counts)]


def _places(point: ModbusPoint, *, row: int, counts: Counts) -> Iterator[Place]:
    for numbers in _numbers(levels_of(point.component), counts=counts):
        address = _address(point.address, point.stride, numbers)
        span = _span(point, address, point.word_count, row=row)
        scale_span = None
        if point.scale_register is not None:
            scale = point.scale_register
            scale_address = _address(scale.address, scale.stride, numbers)
            scale_span = _span(point, scale_address, 1, row=row)
        yield Place(point, component_at(point.component, numbers), span, scale_span)


def _ranges(block: Block, *, counts: Counts) -> Iterator[Range]:
    for numbers in _numbers(tuple(block.stride), counts=counts):
        address = _address(block.address, block.stride, numbers)
        yield Range(block.function, address, block.count, block.whole)


def _numbers(levels: tuple[str, ...], *, counts: Counts) -> Iterator[dict[str, int]]:
    reach = []
    for level in levels:
        count = counts[level]
        if count is None:
            raise ProfileError(f"neither the register nor the profile says the number of {level}s")
        reach.append(range(1, count + 1))
    for numbers in product(*reach):
        yield dict(zip(levels, numbers, strict=True))


def _address(first: int, stride: Mapping[Level, int], numbers: Mapping[str, int]) -> int:
    return first + sum(step * (numbers[level] - 1) for level, step in stride.items())


def _span(point: ModbusPoint, address: int, count: int, *, row: int) -> Span:
    if address + count - 1 > ADDRESS_MAX:
        raise ProfileError(
            f"{point.quantity}: address {address:#x} is beyond {ADDRESS_MAX:#x};"
            " the battery's geometry does not fit this profile"
        )
    return Span(point.function, address, count, row, point.optional)
