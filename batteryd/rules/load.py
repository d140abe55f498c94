"""What the rack was asked to do: its current, and for how long it has been left alone.

Load heats modules unevenly and moves voltages for hours, so most rules learn and judge at rest
only. The rate is current by capacity (C, positive while charging). Idle is under `IDLE_C`: no heat
worth the name. Rest is under `REST_C`: no voltage drop worth the name. Without a current nobody
knows, and the rack never counts as idle; a reading that is missing now and then changes nothing.

What happened while nobody looked shows in the state of charge: where it moved as the load before
and the load after it can move it, nothing else did. Otherwise nobody knows, and the rack counts as
loaded until then.
"""

import math
from typing import ClassVar

import numpy as np

from batteryd.rules.rack import Floats, Rack

IDLE_C = 0.1
REST_C = 0.05
LOAD_C = 0.5  # a discharge that heats
STALE_S_MIN = 60.0
TRUSTED_GAP_S, SAME_SOC_PCT, SAME_SHARE = 3600.0, 0.5, 0.1
_RATE, _READ_AT, _IDLE, _REST, _HEAT, _SOC = range(6)


class Load:
    """The load of one rack."""

    REMEMBERED: ClassVar[tuple[str, ...]] = ("state",)

    def __init__(self, rack: Rack, *, stale_s: float = STALE_S_MIN) -> None:
        """`stale_s`: for how long a current holds that is not read again."""
        self._at, self._capacity_ah, self._stale_s = rack.current_at, rack.capacity_ah, stale_s
        # rate, when it was read, and the last instants that were not idle, not at rest, heating
        self.state = np.array([np.nan, -np.inf, np.nan, np.nan, -np.inf, np.nan])

    def take(self, values: Floats, *, at_s: float, soc_pct: float) -> None:
        """Take one poll."""
        state = self.state
        if not math.isnan(soc_pct):
            state[_SOC] = soc_pct
        current_a = math.nan if self._at is None else float(values[self._at])
        if not math.isnan(current_a):
            state[_RATE], state[_READ_AT] = current_a / self._capacity_ah, at_s
        rate = self.rate_at(at_s)
        is_known = not math.isnan(rate)
        if not is_known or abs(rate) > IDLE_C or math.isnan(state[_IDLE]):
            state[_IDLE] = at_s
        if not is_known or abs(rate) > REST_C or math.isnan(state[_REST]):
            state[_REST] = at_s
        if not is_known or rate < -LOAD_C:
            state[_HEAT] = at_s

    def resume(self, values: Floats, *, at_s: float, soc_pct: float, gap_s: float) -> bool:
        """Take the first poll after a gap; False where nobody knows what happened in it.

        `gap_s` is below 0 where the clock ran back, and NaN of the very first poll.
        """
        state = self.state
        if gap_s < 0:
            state[[_IDLE, _REST, _HEAT]] = np.minimum(state[[_IDLE, _REST, _HEAT]], at_s)
        is_known = not math.isnan(state[_IDLE])
        before_rate, before_soc_pct = float(state[_RATE]), float(state[_SOC])
        self.take(values, at_s=at_s, soc_pct=soc_pct)
        rates, moved_pct = (before_rate, self.rate_at(at_s)), soc_pct - before_soc_pct
        is_explained = 0 < gap_s <= TRUSTED_GAP_S and _explains(rates, moved_pct, gap_s=gap_s)
        is_same = is_explained and abs(rates[1] - rates[0]) <= IDLE_C
        if is_known and not is_same:  # nobody knows when the load changed
            state[_IDLE] = state[_REST] = state[_HEAT] = at_s
        return is_explained

    def rate_at(self, at_s: float) -> float:
        """Return the rate in C, NaN where it was not read for a while."""
        is_fresh = 0 <= at_s - self.state[_READ_AT] <= self._stale_s
        return float(self.state[_RATE]) if is_fresh else math.nan

    def idle_for_s(self, at_s: float) -> float:
        """Return for how long there has been no current that heats."""
        return at_s - float(self.state[_IDLE])

    def rest_for_s(self, at_s: float) -> float:
        """Return for how long there has been no current that moves voltages."""
        return at_s - float(self.state[_REST])

    def heat_ago_s(self, at_s: float) -> float:
        """Return for how long there has been no discharge that heats; inf where never."""
        return at_s - float(self.state[_HEAT])

    def text(self, at_s: float) -> str:
        """Return `no load`, `charging at 0.25 C` or `discharging at 2.0 C`."""
        rate = self.rate_at(at_s)
        if math.isnan(rate):
            return "load unknown"
        if abs(rate) <= IDLE_C:
            return "no load"
        return f"{'charging' if rate > 0 else 'discharging'} at {abs(rate):.2g} C"


def _explains(rates: tuple[float, float], moved_pct: float, *, gap_s: float) -> bool:
    """Whether the loads before and after a gap account for how the state of charge moved in it."""
    if math.isnan(sum(rates)):
        return False
    could = [100.0 * rate * gap_s / 3600.0 for rate in rates]
    slack = SAME_SOC_PCT + SAME_SHARE * max(map(abs, could))
    # A load that began or ended in the gap moved the charge by a part of what it could.
    return min(could) - slack <= moved_pct <= max(could) + slack
