"""Open-circuit voltage of a cell by its state of charge: one curve a chemistry.

The curves are those of a cell at rest at room temperature, after typical published shapes; they are
no maker's cell. LMO stands for cells without nickel, LTO for a titanate anode against a nickel
cathode. Who uses them says how far he trusts them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from batteryd.domain.inventory import Chemistry


class Plateau(NamedTuple):
    """Where a curve is too flat to tell one SOC from another."""

    from_pct: float
    to_pct: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Open-circuit voltage of one cell at each of `SOC_POINTS_PCT`, always rising."""

    voltage_v: tuple[float, ...]
    plateau: Plateau | None = None

    def at(self, soc_pct: float) -> float:
        """Return the voltage at a state of charge; beyond the ends that of the end."""
        return float(np.interp(soc_pct, SOC_POINTS_PCT, self.voltage_v))

    def soc_pct_at(self, voltage_v: float) -> float:
        """Return the state of charge at a voltage; beyond the ends that of the end."""
        return float(np.interp(voltage_v, self.voltage_v, SOC_POINTS_PCT))


SOC_POINTS_PCT = (0, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)

CURVES: Mapping[Chemistry, Curve] = MappingProxyType(
    {
        Chemistry.NMC: Curve(
            (3.00, 3.36, 3.46, 3.55, 3.61, 3.65, 3.70, 3.77, 3.86, 3.96, 4.07, 4.18)
        ),
        Chemistry.NCA: Curve(
            (2.90, 3.25, 3.38, 3.50, 3.58, 3.64, 3.71, 3.80, 3.88, 3.97, 4.07, 4.18)
        ),
        Chemistry.LMO: Curve(
            (3.00, 3.50, 3.65, 3.78, 3.84, 3.89, 3.93, 3.97, 4.02, 4.07, 4.11, 4.18)
        ),
        Chemistry.LFP: Curve(
            (2.60, 3.05, 3.18, 3.24, 3.26, 3.28, 3.29, 3.30, 3.32, 3.33, 3.34, 3.45),
            Plateau(20, 90),
        ),
        Chemistry.LTO: Curve(
            (1.80, 2.05, 2.12, 2.18, 2.22, 2.25, 2.29, 2.33, 2.39, 2.46, 2.55, 2.70)
        ),
    }
)
