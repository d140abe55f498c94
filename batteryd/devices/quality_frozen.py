"""Sensors that keep their last value.

A shorted sensor, or a module that a BMS lost without saying so, shows the same number for ever, and
no limit ever catches it. What gives it away is its neighbours: if half of all values of the same
quantity have clearly moved in a window of hours and this one has not moved at all, it is frozen.
From then on it is uncertain, until it moves.

Where nothing moves, nothing can be said: a battery at rest in a cooled room shows nothing for days.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import numpy as np

from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Indices, Layout, Qualities, Values

WINDOW_S = 4 * 3600.0
POLLS_MIN = 20  # in a window; fewer say nothing
COLUMNS_MIN = 3  # one that may be frozen, and two neighbours

_TEMPERATURE_K = 3.0  # three steps of the coarsest sensors
_CELL_V = 0.05
MOVED: Mapping[str, float] = MappingProxyType(
    {
        "temperature_c": _TEMPERATURE_K,
        "module_temperature_c_max": _TEMPERATURE_K,
        "module_temperature_c_mean": _TEMPERATURE_K,
        "cell_voltage_v": _CELL_V,
        "cell_voltage_v_max": _CELL_V,
        "cell_voltage_v_min": _CELL_V,
    }
)


class Frozen:
    """Watches one device's values for standing still."""

    def __init__(self, layout: Layout) -> None:
        self._groups = tuple(_groups(layout))
        self._lows: Values = np.full(len(layout), np.nan)  # of the window
        self._highs: Values = np.full(len(layout), np.nan)
        self._frozen_at: Values | None = None  # NaN where a column is not frozen
        self._window_ends_s = -np.inf
        self._polls = 0

    def mark(self, values: Values, quality: Qualities, *, at_s: float) -> None:
        """Lower the quality of values that are frozen; `at_s` never runs backwards."""
        if not self._groups:
            return
        if at_s >= self._window_ends_s:
            self._judge_window()
            self._begin_window(values, at_s=at_s)
        else:
            np.fmin(self._lows, values, out=self._lows)
            np.fmax(self._highs, values, out=self._highs)
            self._polls += 1
        if self._frozen_at is not None:
            self._mark_frozen(self._frozen_at, values, quality)

    def _begin_window(self, values: Values, *, at_s: float) -> None:
        self._lows, self._highs = values.copy(), values.copy()
        self._window_ends_s = at_s + WINDOW_S
        self._polls = 1

    def _judge_window(self) -> None:
        if self._polls < POLLS_MIN:
            return
        spans = self._highs - self._lows
        frozen_at = np.full(len(spans), np.nan)
        for columns, moved in self._groups:
            known = columns[~np.isnan(spans[columns])]
            if len(known) >= COLUMNS_MIN and np.median(spans[known]) >= moved:
                still = known[spans[known] == 0]
                frozen_at[still] = self._lows[still]
        if self._frozen_at is not None:  # what was frozen before and has not moved still is
            np.copyto(frozen_at, self._frozen_at, where=np.isnan(frozen_at))
        self._frozen_at = None if np.isnan(frozen_at).all() else frozen_at

    def _mark_frozen(self, frozen_at: Values, values: Values, quality: Qualities) -> None:
        is_good = quality == Quality.GOOD
        frozen_at[is_good & (values != frozen_at)] = np.nan
        quality[is_good & (values == frozen_at)] = Quality.FROZEN


def _groups(layout: Layout) -> Iterator[tuple[Indices, float]]:
    for quantity, moved in MOVED.items():
        columns = layout.indices(quantity)
        if len(columns) >= COLUMNS_MIN:
            yield columns, moved
