"""The numbers that measurements of health go by, and where they come from.

All of them are starting values of this project, taken from no standard and no maker; a site sets
its own. What they may be off is part of every figure that rests on them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from batteryd.domain.inventory import Chemistry

# Resistance falls as a cell warms, roughly as exp(E / RT). E sums up several processes
# (electrolyte, charge transfer, metal), so it depends on the cell, on the window and on age.
KJ_PER_MOL: Mapping[Chemistry, float] = MappingProxyType(
    {
        Chemistry.NMC: 20.0,
        Chemistry.NCA: 20.0,
        Chemistry.LMO: 20.0,
        Chemistry.LFP: 25.0,
        Chemistry.LTO: 20.0,
    }
)
KJ_PER_MOL_UNCERTAINTY = 10.0  # of a default
KJ_PER_MOL_UNCERTAINTY_OWN = 3.0  # of a number that a site has set


@dataclass(frozen=True, slots=True)
class HealthLimits:
    """What counts as a measurement. A rate in C is current by rated capacity."""

    resistance_step_c_min: float = 0.2
    resistance_soc_pct_min: float = 50.0
    resistance_kj_per_mol: float | None = None  # None: by chemistry, `KJ_PER_MOL`
    capacity_depth_pct_min: float = 60.0
    capacity_rest_s: float = 1800.0
    current_uncertainty_pct: float = 1.0  # of the device's current sensor
    end_of_life_pct: float = 80.0  # of the rated capacity


DEFAULT_LIMITS = HealthLimits()
