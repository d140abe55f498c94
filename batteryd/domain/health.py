"""What was measured of a battery's health: points, each with the evidence that it rests on.

A point holds what was seen, not what follows from it. Resistance is kept as measured, with the
temperature at which it was: a better correction then holds for old points too. `method` is the
version of the measurement; points of different methods are never compared.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from batteryd.domain.component import Component

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ResistancePoint:
    """What one discharge step showed of the cells of one string.

    Arrays have one entry a cell. NaN: not known.
    """

    at_s: float  # when the load was first seen
    string: Component
    method: int
    cells: tuple[Component, ...]
    mohm: Floats  # as measured, at the temperature that follows
    temperature_c: Floats  # of the cell's module, just before the load
    step_a: float  # by how much the current changed, above 0
    step_c: float
    window_s: float  # from the last reading before the load to the middle of those after it
    soc_pct: float  # as the BMS reported it


@dataclass(frozen=True, slots=True)
class CapacityPoint:
    """What one deep discharge of one string gave."""

    at_s: float  # when it ended
    string: Component
    method: int
    began_at_s: float
    capacity_ah: float
    uncertainty_ah: float
    counted_ah: float
    from_pct: float  # by the voltage at rest
    to_pct: float  # by the voltage at rest, or 0 at the cut-off
    ended_by: str  # `REST` or `CUT_OFF`
    rate_c: float  # mean over the time with load
    temperature_c: float  # median of the sensors at the beginning
    gap_s: float  # of it, in which nothing was read
    reported_from_pct: float | None = None  # what the BMS said
    reported_to_pct: float | None = None


REST, CUT_OFF = "rest", "cut_off"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A long discharge that gave no capacity, and why."""

    at_s: float
    string: Component
    counted_ah: float
    why: str


Measured = ResistancePoint | CapacityPoint | Refusal


@dataclass(frozen=True, slots=True)
class HealthPoints:
    """All that was measured of one battery, each kind by time."""

    resistance: tuple[ResistancePoint, ...] = ()
    capacity: tuple[CapacityPoint, ...] = ()
    refusals: tuple[Refusal, ...] = ()


NOTHING_MEASURED = HealthPoints()


def sorted_points(measured: Iterable[Measured]) -> HealthPoints:
    """Return points by their kind."""
    found = tuple(measured)
    return HealthPoints(
        tuple(one for one in found if isinstance(one, ResistancePoint)),
        tuple(one for one in found if isinstance(one, CapacityPoint)),
        tuple(one for one in found if isinstance(one, Refusal)),
    )
