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
"""

from typing import NamedTuple

from batteryd.domain.inventory import Chemistry
from batteryd.domain.open_circuit import CURVES

SOC_TOLERANCE_PCT = 15.0
VOLTAGE_TOLERANCE_V = 0.035  # per cell


class VoltageRange(NamedTuple):
    """Voltages of one cell, V, ends included."""

    low_v: float
    high_v: float


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
