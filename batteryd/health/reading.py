"""One poll of one string, and what of it is believed.

Only values of good quality inside of what a cell or a module can be are used; everything else is
unknown (NaN) and costs that value only. A wild reading of a single poll falls out by taking medians
over polls: of voltages where they are used, of the current always, over three polls, which leaves a
step where it is and takes one poll to know.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from batteryd.domain.quality import UNCERTAIN_FROM
from batteryd.domain.snapshot import Indices, Snapshot
from batteryd.health.strings import StringColumns

Floats = npt.NDArray[np.float64]

LOWEST_V, HIGHEST_V = 0.3, 5.0
RATE_C_MAX = 20.0
LOWEST_C, HIGHEST_C = -25.0, 90.0


class Reading(NamedTuple):
    """One poll of a string whose current is known."""

    at_s: float
    current_a: float
    rate_c: float  # positive while charging
    snapshot: Snapshot


def read(string: StringColumns, snapshot: Snapshot) -> Reading | None:
    """Return the reading; None where the current is unknown."""
    at = string.current_at
    if snapshot.quality[at] >= UNCERTAIN_FROM:
        return None
    current_a = float(snapshot.values[at])
    rate_c = current_a / string.capacity_ah
    if not -RATE_C_MAX <= rate_c <= RATE_C_MAX:
        return None
    return Reading(snapshot.observed_at_s, current_a, rate_c, snapshot)


class Smoothing:
    """The median of the current over three polls, in the place of the middle one."""

    def __init__(self) -> None:
        self._before: Reading | None = None
        self._middle: Reading | None = None

    def take(self, reading: Reading) -> Reading | None:
        """Take a poll; return the one before it."""
        before, middle = self._before, self._middle
        self._before, self._middle = middle, reading
        if before is None or middle is None:
            return middle
        if before.current_a <= middle.current_a <= reading.current_a:
            return middle
        if before.current_a >= middle.current_a >= reading.current_a:
            return middle
        outer = min((before, reading), key=lambda r: abs(r.current_a - middle.current_a))
        return middle._replace(current_a=outer.current_a, rate_c=outer.rate_c)


def soc_pct_of(string: StringColumns, reading: Reading) -> float:
    """Return the state of charge as the BMS reports it; NaN where it does not."""
    snapshot, at = reading.snapshot, string.soc_at
    if at is None or snapshot.quality[at] >= UNCERTAIN_FROM:
        return np.nan
    return float(snapshot.values[at])


def cell_voltages(string: StringColumns, readings: Sequence[Reading]) -> Floats:
    """Return the median voltage of each cell over some polls."""
    return _medians(readings, string.cell_at, LOWEST_V, HIGHEST_V)


def module_temperatures(string: StringColumns, readings: Sequence[Reading]) -> Floats:
    """Return the mean of each module's sensors; NaN where none of them is known."""
    sensors = _medians(readings, string.sensor_at, LOWEST_C, HIGHEST_C)
    known = np.isfinite(sensors)
    module = string.sensor_module[known]
    counts = np.bincount(module, minlength=string.module_count)
    sums = np.bincount(module, sensors[known], minlength=string.module_count)
    means = np.full(string.module_count, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means


def median_known(rows: Floats) -> Floats:
    """Return the median of each column over the rows in which it is known; NaN of none."""
    ordered = np.sort(rows, axis=0)  # NaN comes last
    counts = np.isfinite(rows).sum(axis=0)
    columns = np.arange(rows.shape[1])
    low, high = np.maximum(counts - 1, 0) // 2, np.minimum(counts // 2, len(rows) - 1)
    medians: Floats = (ordered[low, columns] + ordered[high, columns]) / 2
    return medians


def _medians(readings: Sequence[Reading], at: Indices, lowest: float, highest: float) -> Floats:
    rows = np.array([r.snapshot.values[at] for r in readings], dtype=np.float64)
    quality = np.array([r.snapshot.quality[at] for r in readings])
    fits = (quality < UNCERTAIN_FROM) & (rows >= lowest) & (rows <= highest)
    return median_known(np.where(fits, rows, np.nan))
