"""Who the peers of a sensor are: the sensors at the same place in the other modules.

Modules of a rack are built alike. Sensor 2 sits at the same place in each of them: beside a busbar
perhaps, which a load heats by ten kelvin more than the cells beside it. So a sensor is compared
with those of its number. Where these are too few, all sensors of the rack are its peers.

A row is one place with its sensors; rows of different length are filled up with NaN.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from batteryd.domain.component import Component

Floats = npt.NDArray[np.float64]

ALIKE_MIN = 6  # fewer sensors of one number are no peers by themselves
FEW = 8  # of fewer values two that are hot would be in the middle half: their median is taken
KNOWN_MIN = 4  # fewer known readings have no middle
SPREAD_OF_MEDIAN = 1.4826  # median deviation to standard deviation
_ANY = -1


class Alike:
    """The sensors of one rack, by their place in a module."""

    def __init__(self, sensors: Sequence[Component]) -> None:
        numbers = [sensor.sensor or 0 for sensor in sensors]
        many = {number for number in numbers if numbers.count(number) >= ALIKE_MIN}
        places = [number if number in many else _ANY for number in numbers]
        rows = list(dict.fromkeys(places))
        members = [[i for i, p in enumerate(places) if row in (p, _ANY)] for row in rows]
        self._row_of = np.array([rows.index(place) for place in places], dtype=np.intp)
        # Index -1 of a row is the NaN that is appended to the values.
        self._members = np.full((len(rows), max(map(len, members), default=0)), -1, dtype=np.intp)
        for row, of_row in zip(self._members, members, strict=True):
            row[: len(of_row)] = of_row

    def middles(self, of_sensors: Floats) -> Floats:
        """Return the mean of the middle half of each sensor's peers (of few the median).

        NaN where fewer than `KNOWN_MIN` are known.
        """
        ordered, counts = self._sorted(of_sensors)
        low = np.where(counts < FEW, np.maximum(counts - 1, 0) // 2, counts // 4)
        high = counts - low
        sums = np.zeros((len(ordered), ordered.shape[1] + 1))
        np.cumsum(np.nan_to_num(ordered), axis=1, out=sums[:, 1:])
        rows = np.arange(len(ordered))
        middles = (sums[rows, high] - sums[rows, low]) / np.maximum(high - low, 1)
        middles[counts < KNOWN_MIN] = np.nan
        return np.asarray(middles[self._row_of])

    def spreads(self, of_sensors: Floats) -> Floats:
        """Return the usual distance of each sensor's peers from 0 (as a standard deviation).

        It is never less than that of the whole rack: of the few sensors of one place a spread is
        uncertain by a third or so, and among many places some look even by chance.
        """
        ordered, counts = self._sorted(np.abs(of_sensors))
        rows = np.arange(len(ordered))
        last = np.maximum(counts - 1, 0)
        medians = 0.5 * (ordered[rows, last // 2] + ordered[rows, (last + 1) // 2])
        of_places = (SPREAD_OF_MEDIAN * np.nan_to_num(medians))[self._row_of]
        return np.asarray(np.maximum(of_places, spread_of(of_sensors)))

    def _sorted(self, of_sensors: Floats) -> tuple[Floats, npt.NDArray[np.intp]]:
        by_row = np.append(of_sensors, np.nan)[self._members]
        by_row.sort(axis=1)  # what is not known comes last
        return by_row, np.isfinite(by_row).sum(axis=1)


def spread_of(values: Floats) -> float:
    """Return the usual distance of values from 0 (as a standard deviation); 0 where none is known.

    The median does not hear of the few that are far off, which are what is looked for.
    """
    known = np.abs(values[np.isfinite(values)])
    return SPREAD_OF_MEDIAN * middle_of(known) if len(known) else 0.0


def middle_of(known: Floats) -> float:
    """Return the median of values that are all known: np.median takes ten times as long."""
    ordered = np.sort(known)
    return float(0.5 * (ordered[(len(known) - 1) // 2] + ordered[len(known) // 2]))
