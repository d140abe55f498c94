"""What a raw number becomes, for a whole poll at once and whatever protocol it came by.

    value = (raw x factor + shift) / divisor

in float64, where factor, shift and divisor are the whole numbers that scale and offset amount to.
0.1 is no binary fraction; 36.5 read as 365 in tenths comes out as 36.5 because 365 / 10 is rounded
once. A result that is a reserved number in disguise (`quality_reserved`) or implausible is bad.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np

from batteryd.devices.profile_base import PointBase, is_signed
from batteryd.devices.quality_reserved import disguises_of
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Indices, Qualities, Values

_GOOD = Quality.GOOD.value


@dataclass(frozen=True, slots=True, eq=False)
class Arithmetic:
    """Scale, offset, sign, disguises and plausible range of every column."""

    factors: Values
    shifts: Values
    divisors: Values
    lows: Values
    highs: Values
    disguise_places: Indices  # one entry a disguise: which column may show it
    disguises: Values

    @classmethod
    def of(cls, points: Sequence[PointBase], *, sign: int) -> "Arithmetic":
        """Compile a point a column; `sign` is the profile's `current_sign`."""
        rows = [_whole_numbers(point, sign=sign) for point in points]
        ranges = [point.plausible_range for point in points]
        factors, shifts, divisors = np.array(rows, np.float64).reshape(-1, 3).T.copy()
        lows, highs = np.array(ranges, np.float64).reshape(-1, 2).T.copy()
        disguises = [
            (column, number)
            for column, point in enumerate(points)
            if point.enumeration is None
            for number in disguises_of(point.quantity)
        ]
        return cls(
            factors, shifts, divisors, lows, highs,
            disguise_places=np.array([column for column, _ in disguises], np.intp),
            disguises=np.array([number for _, number in disguises], np.float64),
        )  # fmt: skip

    def apply(self, *, values: Values, quality: Qualities) -> None:
        """Turn raw numbers into ours and mark what cannot be."""
        values *= self.factors
        values += self.shifts
        values /= self.divisors
        is_disguised = values[self.disguise_places] == self.disguises
        if is_disguised.any():
            _mark(self.disguise_places[is_disguised], quality)
        is_plausible = (values >= self.lows) & (values <= self.highs)
        if is_plausible.all():
            return
        doubtful = ~is_plausible & (quality == _GOOD)
        quality[doubtful] = Quality.IMPLAUSIBLE
        # NaN is a float's own way to say "no number".
        quality[doubtful & np.isnan(values)] = Quality.NOT_IMPLEMENTED


def _mark(columns: Indices, quality: Qualities) -> None:
    quality[columns[quality[columns] == _GOOD]] = Quality.SENTINEL


@dataclass(frozen=True, slots=True, eq=False)
class Enumeration:
    """Raw numbers of one row and ours for them."""

    columns: Indices
    raw: Values  # rising
    ours: Values

    def apply(self, *, values: Values, quality: Qualities) -> None:
        """Replace raw numbers by ours, and mark those that the table does not know."""
        shown = values[self.columns]
        at = np.minimum(np.searchsorted(self.raw, shown), len(self.raw) - 1)
        is_known = self.raw[at] == shown
        values[self.columns] = self.ours[at]
        is_strange = ~is_known & (quality[self.columns] == _GOOD)
        quality[self.columns[is_strange]] = Quality.UNDECODABLE


def enumerations_of(points: Sequence[PointBase]) -> Iterator[Enumeration]:
    """Compile the enumerations of a point a column; columns of one table go together."""
    columns: dict[tuple[tuple[int, int], ...], list[int]] = {}
    for column, point in enumerate(points):
        if point.enumeration is not None:
            columns.setdefault(tuple(sorted(point.enumeration.items())), []).append(column)
    for known, members in columns.items():
        yield Enumeration(
            columns=np.array(members, dtype=np.intp),
            raw=np.array([raw for raw, _ in known], np.float64),
            ours=np.array([ours for _, ours in known], np.float64),
        )


def _whole_numbers(point: PointBase, *, sign: int) -> tuple[int, int, int]:
    # repr gives the shortest decimal, which is what stands in the file: 0.1 is meant as 1/10.
    scale, offset = Fraction(repr(point.scale)), Fraction(repr(point.offset))
    if is_signed(point.quantity):
        scale, offset = scale * sign, offset * sign
    divisor = lcm(scale.denominator, offset.denominator)
    return int(scale * divisor), int(offset * divisor), divisor
