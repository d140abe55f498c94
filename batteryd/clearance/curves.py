"""What cell voltage goes with a state of charge: a cross-check on what a BMS reports.

A reported SOC is a counted number: it drifts, and it is 0 after some restarts. The voltage of a
cell at rest does not drift, but it only bounds the SOC. So the check asks for little: the voltage
has to lie between those of a SOC 15 points lower and 15 points higher, 35 mV either way for
temperature, age, the load of the BMS and the maker's own curve. Both tolerances are starting values
of this project, taken from no standard: in Daejeon the log said 90 % where it was about 80 %, and
that must not be called a contradiction, while 18 % with 3.70 V must.

LFP is flat between about 20 % and 90 %: some 100 mV for all of it. Whatever SOC is reported there,
its voltage only says that it is on the plateau, and the check accepts the whole of it; it still
sees an LFP battery that reports 0 % with the voltage of the plateau, or 50 % at 2.9 V.

The curves are open-circuit voltages at room temperature after typical published shapes, no maker's
cell. LMO stands for cells without nickel, LTO for a titanate anode against a nickel cathode.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from batteryd.domain.inventory import Chemistry

SOC_TOLERANCE_PCT = 15.0
VOLTAGE_TOLERANCE_V = 0.035  # per cell


class VoltageRange(NamedTuple):
    """Voltages of one cell, V, ends included."""

    low_v: float
    high_v: float


class Plateau(NamedTuple):
    """Where a curve is too flat to tell one SOC from another."""

    from_pct: float
    to_pct: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Open-circuit voltage of one cell at each of `SOC_POINTS_PCT`, never falling."""

    voltage_v: tuple[float, ...]
    plateau: Plateau | None = None

    def at(self, soc_pct: float) -> float:
        """Return the voltage at a state of charge; beyond the ends that of the end."""
        return float(np.interp(soc_pct, SOC_POINTS_PCT, self.voltage_v))


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


def voltages_at(soc_pct: float, *, chemistry: Chemistry) -> VoltageRange:
    """Return the voltages of a cell that do not contradict a reported state of charge."""
    curve = CURVES[chemistry]
    low_pct, high_pct = soc_pct - SOC_TOLERANCE_PCT, soc_pct + SOC_TOLERANCE_PCT
    flat = curve.plateau
    if flat is not None and low_pct <= flat.to_pct and high_pct >= flat.from_pct:
        low_pct, high_pct = min(low_pct, flat.from_pct), max(high_pct, flat.to_pct)
    return VoltageRange(
        curve.at(low_pct) - VOLTAGE_TOLERANCE_V, curve.at(high_pct) + VOLTAGE_TOLERANCE_V
    )
