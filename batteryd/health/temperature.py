"""Resistance at 25 °C from resistance as it was measured.

Resistance falls as a cell warms, roughly as that of one activated process (Arrhenius):

    R(T) = R(25 °C) · exp(E / k · (1/T - 1/298.15 K)),     k = 8.314 J/(mol K)

E is a starting value by chemistry, or the site's own. Near 25 °C, 20 kJ/mol are 2.7 % a kelvin. It
is known badly, so the correction carries its own uncertainty: ±10 kJ/mol are 1.4 % a kelvin away
from 25 °C. What was measured outside 5 to 45 °C is not corrected: one process does not describe it
there.
"""

import math
from typing import NamedTuple

import numpy as np

from batteryd.domain.health import Floats
from batteryd.domain.inventory import Chemistry
from batteryd.health.limits import (
    KJ_PER_MOL,
    KJ_PER_MOL_UNCERTAINTY,
    KJ_PER_MOL_UNCERTAINTY_OWN,
    HealthLimits,
)

REFERENCE_K, ZERO_C_K = 298.15, 273.15
GAS_J_PER_MOL_K = 8.314
LOWEST_C, HIGHEST_C = 5.0, 45.0


class Activation(NamedTuple):
    """How strongly resistance follows temperature, and where the number comes from."""

    kj_per_mol: float
    uncertainty_kj_per_mol: float
    source: str

    def at_25_c(self, mohm: Floats, temperature_c: Floats) -> Floats:
        """Return the resistance at 25 °C; NaN where it cannot be told."""
        fits = (temperature_c >= LOWEST_C) & (temperature_c <= HIGHEST_C)
        kelvin = np.where(fits, temperature_c, np.nan) + ZERO_C_K
        per_kj = 1000.0 / GAS_J_PER_MOL_K * (1.0 / kelvin - 1.0 / REFERENCE_K)
        corrected: Floats = mohm / np.exp(self.kj_per_mol * per_kj)
        return corrected

    def uncertainty_pct(self, temperature_c: float) -> float:
        """Return by how much the correction from a temperature may be off."""
        per_kj = 1000.0 / GAS_J_PER_MOL_K
        per_kj *= 1.0 / (temperature_c + ZERO_C_K) - 1.0 / REFERENCE_K
        return 100.0 * math.expm1(self.uncertainty_kj_per_mol * abs(per_kj))


def activation_of(chemistry: Chemistry | None, limits: HealthLimits) -> Activation | None:
    """Return what counts for a chemistry; None where nothing does."""
    own = limits.resistance_kj_per_mol
    if own is not None:
        return Activation(own, KJ_PER_MOL_UNCERTAINTY_OWN, "the site's own")
    if chemistry is None:
        return None
    source = f"a starting value of batteryd for {chemistry}, not this maker's"
    return Activation(KJ_PER_MOL[chemistry], KJ_PER_MOL_UNCERTAINTY, source)
