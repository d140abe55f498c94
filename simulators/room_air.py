"""The air of a room: at its setpoint while the cooling works, and warming while it does not.

Heat from the racks is not part of it: a battery room's air is what its cooling makes of it.
"""

from simulators.faults import Fault
from simulators.scenario_tables import RoomTable

_RECOVERY_K_PER_MIN = 0.5
_RISE_K_MAX = 40.0


class RoomAir:
    """Air that changes only by `advance`, `begin` and `end`."""

    def __init__(self, table: RoomTable) -> None:
        self.table = table
        self.air_c = table.air_c
        self.faults: tuple[Fault, ...] = ()

    def advance(self, *, to_s: float, dt_s: float) -> None:
        """Live through one step."""
        rise_k_per_min = sum(f.number("rise_k_per_min") for f in self.faults)
        change_k = (rise_k_per_min or -_RECOVERY_K_PER_MIN) * dt_s / 60.0
        coolest_c, warmest_c = self.table.air_c, self.table.air_c + _RISE_K_MAX
        self.air_c = min(max(self.air_c + change_k, coolest_c), warmest_c)

    def begin(self, fault: Fault) -> None:
        """Let the cooling fail from now on."""
        self.faults += (fault,)

    def end(self, *, name: str | None = None) -> None:
        """Let the cooling recover."""
        self.faults = tuple(f for f in self.faults if name not in (None, f.kind.name))
