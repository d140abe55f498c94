"""Jumps: a value that is far from the one before, until the next poll says so too.

Sensors and buses show 100 °C or 0 V for one read. A value that has moved farther than physics would
in the time is uncertain at first; when the next one has moved to the same side as well, it is true.
It need not be the same value: a cell in thermal runaway is hotter every time, and must not be
doubted twice. So a real event is believed one poll later, and a spike never is.

    allowed = step + rate x seconds since the last poll

Not watched is what changes in an instant by its nature: currents, power, load and runtime; voltages
of strings and buses, which sag with the load and are 0 behind an open contactor; insulation, where
the first reading counts; flags, counters and states.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Layout, Qualities, Values

GAP_S_MAX = 600.0  # after a longer silence nothing is compared


class Pace(NamedTuple):
    """How far a value may move."""

    step: float  # at once: resolution, rounding, another sensor
    rate_per_s: float


_TEMPERATURE = Pace(7.0, 0.1)  # 8 K in 10 s; a sensor follows its module slowly
_CELL = Pace(0.25, 0.005)  # 0.3 V in 10 s; a load makes a cell sag by less
PACES: Mapping[str, Pace] = MappingProxyType(
    {
        "temperature_c": _TEMPERATURE,
        "module_temperature_c_min": _TEMPERATURE,
        "module_temperature_c_max": _TEMPERATURE,
        "module_temperature_c_mean": _TEMPERATURE,
        "ambient_temperature_c": Pace(4.5, 0.05),  # 5 K in 10 s
        "humidity_pct": Pace(15.0, 0.5),  # 20 points in 10 s: a door that opens
        "cell_voltage_v": _CELL,
        "cell_voltage_v_min": _CELL,
        "cell_voltage_v_max": _CELL,
        "cell_voltage_v_mean": _CELL,
        "soc_pct": Pace(16.0, 0.4),  # 20 points in 10 s; flat in four minutes is the fastest
        "soh_pct": Pace(5.0, 0.0),
    }
)
_ANY = Pace(np.inf, 0.0)


class Jumps:
    """Watches one device's values for jumps."""

    def __init__(self, layout: Layout) -> None:
        self._steps, self._rates = _paces(layout)
        self._believed: Values = np.full(len(layout), np.nan)  # the last good value of each column
        self._sides = np.zeros(
            len(layout), dtype=np.int8
        )  # where a value has just jumped to: -1, 1
        self._is_doubting = False
        self._at_s = 0.0

    def mark(self, values: Values, quality: Qualities, *, at_s: float) -> None:
        """Lower the quality of values that have just jumped; `at_s` never runs backwards."""
        elapsed_s, self._at_s = at_s - self._at_s, at_s
        if elapsed_s > GAP_S_MAX:
            self._believed.fill(np.nan)
            self._sides.fill(0)
        moved = values - self._believed
        if self._is_doubting or (np.abs(moved) > self._steps).any():  # time allows more, not less
            is_far = np.abs(moved) > self._steps + self._rates * elapsed_s
            self._doubt(is_far & (quality == Quality.GOOD), moved=moved, quality=quality)
        np.copyto(self._believed, values, where=quality == Quality.GOOD)

    def _doubt(self, is_far: npt.NDArray[np.bool_], *, moved: Values, quality: Qualities) -> None:
        sides = np.where(is_far, np.sign(moved), 0).astype(np.int8)
        is_new = is_far & (sides != self._sides)
        quality[is_new] = Quality.UNCONFIRMED_JUMP
        # A value that is missing now neither confirms nor refutes.
        is_said = (quality == Quality.GOOD) | is_new
        self._sides = np.where(is_said, sides, self._sides)
        self._is_doubting = bool(self._sides.any())


@lru_cache(maxsize=256)
def _paces(layout: Layout) -> tuple[Values, Values]:
    paces = [PACES.get(column.quantity, _ANY) for column in layout.columns]
    return np.array([pace.step for pace in paces]), np.array([pace.rate_per_s for pace in paces])
