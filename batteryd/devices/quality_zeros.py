"""A device whose numbers are all zero.

After a restart a BMS or a card answers with zeroes until it has heard from what it watches: no
volts, no charge and 0 °C, all of them in range, and every one of them would open a gate. No battery
shows that. A voltage of 0 by itself is honest, where a string is isolated, and so is a charge of 0;
both together with nothing else that is alive, or every temperature at exactly 0 °C after it was
not, are a device that knows nothing. They are uncertain until one of them is not zero.
"""

import numpy as np
import numpy.typing as npt

from batteryd.domain.quality import BAD_FROM, Quality
from batteryd.domain.snapshot import Indices, Layout, Qualities, Values

_TEMPERATURES = frozenset(
    {
        "temperature_c",
        "module_temperature_c_min",
        "module_temperature_c_max",
        "module_temperature_c_mean",
    }
)
_ALIVE = _TEMPERATURES | {
    "soc_pct", "soh_pct", "voltage_v", "cell_voltage_v", "cell_voltage_v_min",
    "cell_voltage_v_max", "cell_voltage_v_mean",
}  # fmt: skip
_TEMPERATURE_COUNT_MIN = 2  # one sensor may stand at 0 °C


class Zeros:
    """Watches one device for having nothing but zeroes."""

    def __init__(self, layout: Layout) -> None:
        quantities = [column.quantity for column in layout.columns]
        alive = [at for at, quantity in enumerate(quantities) if quantity in _ALIVE]
        self._alive: Indices = np.array(alive, dtype=np.intp)  # their columns, and what they are
        self._quantities = [quantities[at] for at in alive]
        self._was_alive = False

    def mark(self, values: Values, quality: Qualities) -> None:
        """Lower the quality of zeroes that stand together."""
        if not self._quantities:
            return
        if abs(values.item(self._alive[0])) > 0:  # nearly always; not where it is unknown
            self._was_alive = True
            return
        known = quality[self._alive] < BAD_FROM
        is_zero = values[self._alive] == 0
        if (known & ~is_zero).any():
            self._was_alive = True
        elif self._is_unbelievable(known):
            zeroes = self._alive[known]
            quality[zeroes[quality[zeroes] == Quality.GOOD]] = Quality.CONTRADICTED

    def _is_unbelievable(self, known: npt.NDArray[np.bool_]) -> bool:
        shown = [q for q, is_known in zip(self._quantities, known, strict=True) if is_known]
        kinds = {"temperature" if q in _TEMPERATURES else q for q in shown}
        if kinds == {"temperature"}:
            return self._was_alive and len(shown) >= _TEMPERATURE_COUNT_MIN
        return len(kinds) > 1
