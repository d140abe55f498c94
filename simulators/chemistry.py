"""What the simulated physics needs to know of a cell's chemistry: one row each.

The open-circuit voltage curves are drawn after typical published shapes, not after any maker's
cell: NMC slopes all the way, LFP is flat between 20 % and 90 %, so that its voltage says little
about its state of charge. Cells of any size are scaled from values per ampere-hour.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from batteryd.domain.inventory import Chemistry

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CellChemistry:
    """One kind of cell. Resistance is at 25 °C and falls as the cell warms."""

    soc_points: Floats  # fraction, rising from 0 to 1
    open_circuit_v: Floats  # at each of `soc_points`
    charge_v_max: float  # where a charger stops
    discharge_v_min: float  # where a UPS stops
    resistance_ohm_ah: float  # times 1 / capacity
    heat_capacity_j_per_k_ah: float  # times capacity

    def voltage_at(self, soc: Floats) -> Floats:
        """Return the open-circuit voltage at each state of charge (a fraction)."""
        return np.interp(soc, self.soc_points, self.open_circuit_v)


_SOC = np.array([0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 1])

CELL_CHEMISTRIES: Mapping[Chemistry, CellChemistry] = MappingProxyType(
    {
        Chemistry.NMC: CellChemistry(
            soc_points=_SOC,
            open_circuit_v=np.array(
                [3.00, 3.36, 3.46, 3.55, 3.61, 3.65, 3.70, 3.77, 3.86, 3.95, 4.06, 4.14, 4.18]
            ),
            charge_v_max=4.10,
            discharge_v_min=3.20,
            resistance_ohm_ah=0.060,
            heat_capacity_j_per_k_ah=25.0,
        ),
        Chemistry.LFP: CellChemistry(
            soc_points=_SOC,
            open_circuit_v=np.array(
                [2.60, 3.05, 3.20, 3.245, 3.27, 3.28, 3.29, 3.30, 3.32, 3.33, 3.34, 3.37, 3.48]
            ),
            charge_v_max=3.35,
            discharge_v_min=2.80,
            resistance_ohm_ah=0.075,
            heat_capacity_j_per_k_ah=28.0,
        ),
    }
)
