"""When a device's turn comes: pure arithmetic.

An interval is cut into slots of about a quarter of a second, and a stable hash of the asset id says
in which slot a device is polled. So a fleet is spread evenly whatever the order of the register;
one timer serves many devices (10,000 timers cost a fifth of a core, and those of the same phase
stall everything else); and a device keeps its phase over reloads and restarts, because slots are
counted from the epoch and not from the start of the daemon.
"""

import math
import zlib
from typing import NamedTuple

SLOT_WIDTH_S = 0.25
SLOT_COUNT_MAX = 240  # slots of an interval; beyond one minute they grow wider instead
PERIOD_S_MIN = 0.05  # nothing is polled more often, however fast the demo's clock runs

# A timer rounds to a microsecond, so a slot can seem to fire just before it is due.
_EARLY_S_MAX = 0.001


class Slot(NamedTuple):
    """A phase of a period. All numbers are real seconds."""

    period_s: float
    offset_s: float  # from 0 up to, not including, the period

    def next_due_s(self, *, now_s: float) -> float:
        """Return the first instant after `now_s` at which the slot is due."""
        rounds = math.floor((now_s - self.offset_s) / self.period_s) + 1
        return rounds * self.period_s + self.offset_s

    def late_s(self, *, now_s: float) -> float:
        """Return how long ago the slot was last due."""
        late_s = (now_s - self.offset_s) % self.period_s
        return 0.0 if self.period_s - late_s < _EARLY_S_MAX else late_s


def slot_of(asset_id: str, *, period_s: float) -> Slot:
    """Return the slot of an asset that is polled every `period_s` real seconds."""
    period_s = max(period_s, PERIOD_S_MIN)
    count = min(max(1, round(period_s / SLOT_WIDTH_S)), SLOT_COUNT_MAX)
    # Not hash(): it is salted, and every restart would shuffle the fleet.
    index = zlib.crc32(asset_id.encode()) % count
    return Slot(period_s, index * period_s / count)
