"""Numbers and flags of one reading that cannot both be true.

Which of the two is wrong nobody knows. A flag that raises an alarm costs somebody a look, a flag
that is taken for nothing may cost a battery: so the number is doubted and the flag stands. A switch
that reports itself open while a current flows through it is doubted as well, because an open switch
opens a gate. A doubted value is uncertain: people see it, and nothing is concluded from it.

Both values are of the same component, and of good quality.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from batteryd.domain.quality import Quality
from batteryd.domain.quantity import BatteryStatus, OutputSource
from batteryd.domain.snapshot import Column, Indices, Layout, Qualities, Values

_GOOD = Quality.GOOD.value

FULL_PCT = 90.0  # a battery with more cannot be depleted
CHARGING_A = 1.0  # more than this into a battery that carries the load cannot be
THROUGH_A = 5.0  # more than this is no offset of a sensor: there is a closed path

Says = Callable[[float], bool]


class Contradiction(NamedTuple):
    """What a doubted quantity shows while a witness shows what rules it out."""

    doubted: str
    shows: Says
    witness: str
    rules_it_out: Says


def _is(number: float) -> Says:
    return lambda value: value == number


def _more_than(number: float) -> Says:
    return lambda value: value > number


def _beyond(number: float) -> Says:
    return lambda value: abs(value) > number


_NORMAL = _is(BatteryStatus.NORMAL)  # more charge is left than the low-battery setting
_OPEN = _is(0)

CONTRADICTIONS = (
    # Cards show 0 before they have asked their UPS, and where it does not measure.
    Contradiction("soc_pct", _is(0), "battery_status", _NORMAL),
    Contradiction("runtime_remaining_s", _is(0), "battery_status", _NORMAL),
    Contradiction("voltage_v", _is(0), "battery_status", _NORMAL),
    Contradiction("soc_pct", _more_than(FULL_PCT), "battery_status", _is(BatteryStatus.DEPLETED)),
    # Cards that give a current no sign show how much is drawn as if it were charged.
    Contradiction("current_a", _more_than(CHARGING_A), "output_source", _is(OutputSource.BATTERY)),
    Contradiction("contactor_closed", _OPEN, "current_a", _beyond(THROUGH_A)),
    Contradiction("current_a", _beyond(THROUGH_A), "contactor_closed", _OPEN),
    Contradiction("breaker_closed", _OPEN, "current_a", _beyond(THROUGH_A)),
    Contradiction("current_a", _beyond(THROUGH_A), "breaker_closed", _OPEN),
)

ORDERED = (  # the first is never more than the second; both are doubted
    ("cell_voltage_v_min", "cell_voltage_v_mean"),
    ("cell_voltage_v_mean", "cell_voltage_v_max"),
    ("cell_voltage_v_min", "cell_voltage_v_max"),
    ("module_temperature_c_min", "module_temperature_c_mean"),
    ("module_temperature_c_mean", "module_temperature_c_max"),
    ("module_temperature_c_min", "module_temperature_c_max"),
)


class _Pair(NamedTuple):
    """A contradiction where a layout can show it."""

    doubted_at: int
    witness_at: int
    rule: Contradiction


@dataclass(frozen=True, slots=True, eq=False)
class Contradictions:
    """All contradictions that a layout can show."""

    pairs: tuple[_Pair, ...]
    lows: Indices
    highs: Indices

    def mark(self, values: Values, quality: Qualities) -> None:
        """Lower the quality of what is contradicted."""
        found = [at for at in self._doubted(values) if quality[at] == _GOOD]
        if len(self.lows):
            is_turned = values[self.lows] > values[self.highs]
            if is_turned.any():
                turned = np.concatenate((self.lows[is_turned], self.highs[is_turned]))
                found.extend(turned[quality[turned] == _GOOD].tolist())
        if found:
            quality[found] = Quality.CONTRADICTED

    def _doubted(self, values: Values) -> Iterator[int]:
        # NaN, which is a bad value, shows nothing and rules nothing out.
        for doubted_at, witness_at, rule in self.pairs:
            if rule.shows(values.item(doubted_at)) and rule.rules_it_out(values.item(witness_at)):
                yield doubted_at


@lru_cache(maxsize=256)
def contradictions_of(layout: Layout) -> Contradictions:
    """Return what to look for in readings of a layout."""
    index = layout.index
    pairs = tuple(
        _Pair(index[Column(component, rule.doubted)], at, rule)
        for at, (component, quantity) in enumerate(layout.columns)
        for rule in CONTRADICTIONS
        if rule.witness == quantity and Column(component, rule.doubted) in index
    )
    ordered = [
        (at, index[Column(component, high)])
        for at, (component, quantity) in enumerate(layout.columns)
        for low, high in ORDERED
        if quantity == low and Column(component, high) in index
    ]
    lows, highs = np.array(ordered, dtype=np.intp).reshape(-1, 2).T.copy()
    return Contradictions(pairs, lows, highs)
