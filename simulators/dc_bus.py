"""How a DC bus shares current: racks in parallel, each a source behind a resistor. Pure.

With E and R of every connected rack, conductance G = Σ 1/R and drive D = Σ E/R, a total current I
into the racks puts the bus at V = (D + I) / G, and rack k takes (V - E_k) / R_k. Racks that differ
therefore balance through the bus even while nothing is charged or discharged, and **the bus is
live as long as a single rack is closed**, whatever the UPS does.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from simulators.battery import Electrics


@dataclass(frozen=True, slots=True)
class Parallel:
    """The connected racks of one bus as one source."""

    drive_a: float  # Σ E/R
    conductance_s: float  # Σ 1/R

    def voltage_v(self, current_a: float) -> float:
        """Return the bus voltage while this total current charges the racks."""
        return (self.drive_a + current_a) / self.conductance_s

    def charging_current_a(self, *, voltage_v: float, current_a_max: float) -> float:
        """Return what a charger pushes that holds a voltage and limits its current."""
        wanted = voltage_v * self.conductance_s - self.drive_a
        return min(max(wanted, 0.0), current_a_max)

    def discharging_current_a(self, *, power_w: float) -> float | None:
        """Return the (negative) current that delivers this power; None where none can."""
        # I·(D + I)/G = -P; the root nearer to zero is the one that a stable load finds.
        discriminant = self.drive_a**2 - 4.0 * power_w * self.conductance_s
        return None if discriminant < 0 else (math.sqrt(discriminant) - self.drive_a) / 2.0


def in_parallel(racks: Mapping[str, Electrics]) -> Parallel | None:
    """Return the connected racks as one source; None where no rack is connected."""
    if not racks:
        return None
    return Parallel(
        drive_a=sum(r.emf_v / r.resistance_ohm for r in racks.values()),
        conductance_s=sum(1.0 / r.resistance_ohm for r in racks.values()),
    )


def shares(racks: Mapping[str, Electrics], *, voltage_v: float) -> dict[str, float]:
    """Return the current into each rack while the bus is at this voltage."""
    return {name: (voltage_v - r.emf_v) / r.resistance_ohm for name, r in racks.items()}
