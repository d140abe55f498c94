"""What faults do inside a rack and to its sensors. Pure.

`damage_of` turns faults of the physics into conductances, resistances and watts for the cells and
modules that they name. `Distortion` is a sensor fault at work on the columns of a reading: the
device's own sensors are right, only the numbers that leave it are not. NaN stands for "unknown",
which the encoder writes as the device's sentinel.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from batteryd.domain.component import Component
from batteryd.domain.snapshot import Indices, Layout
from simulators.battery import Damage, RackBuild, no_damage
from simulators.chemistry import Floats
from simulators.faults import Fault

_EVERYTHING = slice(None)


def damage_of(build: RackBuild, faults: Iterable[Fault]) -> Damage:
    """Return what all faults of the physics together do to a rack.

    A fault that names no module acts on all of them; a cell fault that names no cell acts on the
    first one of its module.
    """
    damage = no_damage(build)
    for fault in faults:
        module = _index(fault.component.module)
        cell = (fault.component.cell or 1) - 1
        match fault.kind.name:
            case "internal_short":
                damage.short_s[module, cell] += 1.0 / fault.number("resistance_ohm")
            case "loose_joint":
                damage.joint_ohm[module, cell] += fault.number("resistance_mohm") / 1000.0
            case "heater":
                damage.heater_w[module] += fault.number("power_w")
            case "lost_airflow":
                damage.airflow[module] *= fault.number("remaining_fraction")
            case name:
                raise ValueError(f"{name} is no fault of the physics")
    return damage


@dataclass(frozen=True, slots=True, eq=False)
class Distortion:
    """A sensor fault since it began."""

    fault: Fault
    columns: Indices
    began_at_s: float
    held: Floats  # what the columns read when it began

    @classmethod
    def begin(cls, fault: Fault, *, layout: Layout, reading: Floats, at_s: float) -> "Distortion":
        """Begin to distort whatever the fault's component and quantity name."""
        columns = columns_of(layout, component=fault.component, quantity=fault.quantity)
        return cls(fault, columns, at_s, reading[columns])

    def applied(self, reading: Floats, *, at_s: float) -> Floats:
        """Return the reading as it leaves the device."""
        spoilt = reading.copy()
        spoilt[self.columns] = self._numbers(reading[self.columns], at_s - self.began_at_s)
        return spoilt

    def _numbers(self, true: Floats, age_s: float) -> Floats | float:
        match self.fault.kind.name:
            case "frozen":
                return self.held
            case "spike":
                return self.fault.number("value")
            case "drift":
                return true + self.fault.number("per_hour") * age_s / 3600.0
            case "offset":
                return true + self.fault.number("by")
            case "sentinel":
                return float("nan")
            case name:
                raise ValueError(f"{name} is no fault of a sensor")


def columns_of(layout: Layout, *, component: Component, quantity: str | None) -> Indices:
    """Return the columns at or inside a component, of one quantity or of all."""
    found = [
        index
        for index, column in enumerate(layout.columns)
        if quantity in (None, column.quantity) and _is_within(column.component, component)
    ]
    return np.array(found, dtype=np.intp)


def _is_within(inner: Component, outer: Component) -> bool:
    pairs = (
        (inner.module, outer.module), (inner.cell, outer.cell), (inner.sensor, outer.sensor),
    )  # fmt: skip
    return all(wanted is None or has == wanted for has, wanted in pairs)


def _index(number: int | None) -> int | slice:
    return _EVERYTHING if number is None else number - 1
