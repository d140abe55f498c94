"""The resolution of readings, found by looking at them.

A device rounds to 1 °C, 0.5 °C or 0.1 °C, to 10 mV or 1 mV, and its profile need not say so. The
coarsest step that nearly all readings are multiples of is the quantum. It only ever gets finer: a
rack whose readings happen to be whole for a while would otherwise seem coarser than it is.
"""

from typing import ClassVar

import numpy as np

from batteryd.rules.rack import Floats

ODD_SHARE = 0.2  # so many readings beside the grid show that there is none
_EXACT = 1e-3  # of a step: floats


class Quantum:
    """The resolution of columns of one quantity, in its unit."""

    REMEMBERED: ClassVar[tuple[str, ...]] = ("rank",)

    def __init__(self, steps: tuple[float, ...]) -> None:
        """`steps`: what it may be, the coarsest first."""
        self._steps = steps
        self.rank = np.zeros(1)

    @property
    def step(self) -> float:
        """The resolution as far as it is known."""
        return self._steps[min(max(int(self.rank[0]), 0), len(self._steps) - 1)]

    def look(self, readings: Floats) -> None:
        """Make it finer if these readings are."""
        while self.rank[0] < len(self._steps) - 1:
            multiples = readings / self.step
            odd = np.abs(multiples - np.rint(multiples)) > _EXACT
            if odd.sum() <= ODD_SHARE * max(1, np.isfinite(readings).sum()):
                return
            self.rank[0] += 1
