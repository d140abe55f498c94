"""Finds points of a register table that stand in each other's registers.

The commonest mistake in a table that was typed from a PDF is an address that was copied, or a
32-bit value that reaches into its neighbour. Both can be decoded, and both are wrong. Some points
do share registers on purpose: bit fields, and one number that two enumerations translate.
"""

from collections.abc import Sequence

from batteryd.devices.unroll import Place

_BIT_TYPES = frozenset({"bit", "bits"})


def overlap_text(places: Sequence[Place]) -> str | None:
    """Return in words which two points overlap; None where all stand apart."""
    numbers = [place for place in places if place.point.type not in _BIT_TYPES]
    reach: dict[int, Place] = {}  # by function: what reaches farthest so far
    for place in sorted(numbers, key=lambda place: place.span):
        before = reach.get(place.span.function)
        if before is None or place.span.start >= before.span.end:
            reach[place.span.function] = place
        elif not _is_shared(before, place):
            return f"{_shown(before)} and {_shown(place)} share registers"
    return None


def _is_shared(one: Place, other: Place) -> bool:
    is_same = (one.span.start, one.span.count) == (other.span.start, other.span.count)
    is_translated = one.point.enumeration is not None or other.point.enumeration is not None
    return is_same and is_translated and one.point.type == other.point.type


def _shown(place: Place) -> str:
    span = place.span
    return (
        f"{place.component}:{place.point.quantity} (function {span.function}, "
        f"address 0x{span.start:04X}, count {span.count})"
    )
