"""What the cell voltages of a rack say: residuals poll by poll, and ten-minute means at rest.

All cells of a string carry the same current, so its interquartile mean holds everything that state
of charge, load and charger do to them; a residual is a cell minus that. The mean of ten minutes at
rest is good to a tenth of a millivolt, a hundred times below what a load does.
"""

import math
from typing import ClassVar

import numpy as np

from batteryd.rules.believed import Believed, add_believed
from batteryd.rules.heat_seen import interquartile_mean
from batteryd.rules.load import Load
from batteryd.rules.quantum import Quantum
from batteryd.rules.rack import Bools, Floats, Rack

SETTLED_S = 2400.0  # of rest, before voltages can be compared with earlier ones
MEAN_S = 600.0
VOLTAGE_STEPS = (0.01, 0.005, 0.001)
JUMP_V = 0.022  # over two quanta of 10 mV, and less than any fall that is told at once
LOWEST_V, HIGHEST_V = 0.3, 5.0


class CellsSeen:
    """Cell voltages of one rack."""

    REMEMBERED: ClassVar[tuple[str, ...]] = ("sums", "counts", "common_sum", "began")

    def __init__(self, rack: Rack) -> None:
        count = len(rack.cells)
        self.believed = Believed(
            count, lowest=LOWEST_V, highest=HIGHEST_V, step=JUMP_V, counts=False
        )
        self.quantum = Quantum(VOLTAGE_STEPS)
        self.sums, self.counts = np.zeros(count), np.zeros(count, dtype=np.int16)
        self.common_sum = np.zeros(2)  # sum, count
        self.began = np.full(1, np.nan)
        self.common_v = np.nan
        self.is_believed: Bools | None = np.zeros(count, dtype=bool)  # None: all of them
        self.mean = np.full(count, np.nan)  # residual over ten minutes at rest
        self.mean_common_v = np.nan

    @property
    def residual(self) -> Floats:
        """The last believed residual of each cell, in V."""
        return self.believed.last

    def take(
        self, read: Floats, quality: np.ndarray, load: Load, *, at_s: float, dt_s: float
    ) -> bool:
        """Take one poll; True where it closes ten minutes at rest."""
        known = read[np.isfinite(read)] if math.isnan(read.sum()) else read
        common_v = interquartile_mean(known)
        if math.isnan(common_v):
            self.is_believed = np.zeros(len(read), dtype=bool)
            return False
        self.common_v = common_v
        is_believed = self.is_believed = self.believed.take(
            read, quality, reference=self.common_v, at_s=at_s, dt_s=dt_s
        )
        if load.rest_for_s(at_s) < SETTLED_S:
            if not math.isnan(self.began[0]):
                self._begin(np.nan)
            return False
        if math.isnan(self.began[0]):
            self.quantum.look(read)
            self._begin(at_s)
        add_believed(self.believed.last, is_believed, sums=self.sums, counts=self.counts)
        self.common_sum += (self.common_v, 1.0)
        if at_s - self.began[0] < MEAN_S:
            return False
        self._close(at_s)
        return True

    def restart(self) -> None:
        """Begin buffers anew."""
        self.believed.restart()
        self._begin(np.nan)

    def _begin(self, at_s: float) -> None:
        self.began[0] = at_s
        self.sums.fill(0)
        self.counts.fill(0)
        self.common_sum.fill(0)

    def _close(self, at_s: float) -> None:
        self.mean = np.full(len(self.sums), np.nan)
        enough = self.counts >= 0.5 * self.common_sum[1]
        np.divide(self.sums, self.counts, out=self.mean, where=enough)
        self.mean_common_v = float(self.common_sum[0] / self.common_sum[1])
        self._begin(at_s)
