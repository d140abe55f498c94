"""What the rack was asked to do: its current, and for how long it has been left alone.

Load heats modules unevenly and moves voltages for hours, so most rules learn and judge at rest
only. The rate is current by capacity (C, positive while charging). Idle is under `IDLE_C`: no heat
worth the name. Rest is under `REST_C`: no voltage drop worth the name. Without a current nobody
knows, and the rack never counts as idle; a reading that is missing now and then changes nothing.
"""

import math
from typing import ClassVar

import numpy as np

from batteryd.rules.rack import Floats, Rack

IDLE_C = 0.1
REST_C = 0.05
LOAD_C = 0.5  # a load that heats
STALE_S = 60.0
TRUSTED_GAP_S, SAME_SOC_PCT = 3600.0, 0.5
_RATE, _READ_AT, _IDLE, _REST, _HEAT, _SOC, _RESTARTED = range(7)


class Load:
    """The load of one rack."""

    REMEMBERED: ClassVar[tuple[str, ...]] = ("state",)

    def __init__(self, rack: Rack) -> None:
        self._at, self._capacity_ah = rack.current_at, rack.capacity_ah
        # rate, when it was read, and the last instants that were not idle, not at rest, heating
        self.state = np.array([np.nan, -np.inf, np.nan, np.nan, -np.inf, np.nan, 0.0])

    def take(self, values: Floats, *, at_s: float, soc_pct: float) -> None:
        """Take one poll."""
        if self.state[_RESTARTED] > 0:
            self._resume(at_s, soc_pct)
        self.state[_SOC] = soc_pct
        current_a = math.nan if self._at is None else float(values[self._at])
        state = self.state
        if not math.isnan(current_a):
            state[_RATE], state[_READ_AT] = current_a / self._capacity_ah, at_s
        rate = self.rate_at(at_s)
        is_known = not math.isnan(rate)
        if not is_known or abs(rate) > IDLE_C or math.isnan(state[_IDLE]):
            state[_IDLE] = at_s
        if not is_known or abs(rate) > REST_C or math.isnan(state[_REST]):
            state[_REST] = at_s
        if not is_known or abs(rate) > LOAD_C:
            state[_HEAT] = at_s

    def rate_at(self, at_s: float) -> float:
        """Return the rate in C, NaN where it was not read for a minute."""
        return float(self.state[_RATE]) if 0 <= at_s - self.state[_READ_AT] <= STALE_S else math.nan

    def idle_for_s(self, at_s: float) -> float:
        """Return for how long there has been no current that heats."""
        return at_s - float(self.state[_IDLE])

    def rest_for_s(self, at_s: float) -> float:
        """Return for how long there has been no current that moves voltages."""
        return at_s - float(self.state[_REST])

    def heat_ago_s(self, at_s: float) -> float:
        """Return for how long there has been no load that heats; inf where never."""
        return at_s - float(self.state[_HEAT])

    def restart(self, at_s: float, *, gap_s: float) -> None:
        """Go on after a time that nobody watched; `gap_s` is below 0 where the clock ran back."""
        state = self.state
        state[_RESTARTED] = 1.0 if 0 < gap_s <= TRUSTED_GAP_S else 2.0
        if gap_s < 0:
            state[[_IDLE, _REST, _HEAT]] = np.minimum(state[[_IDLE, _REST, _HEAT]], at_s)

    def _resume(self, at_s: float, soc_pct: float) -> None:
        # What happened meanwhile shows in the state of charge, unless the gap was too long.
        is_same = self.state[_RESTARTED] == 1.0 and abs(soc_pct - self.state[_SOC]) <= SAME_SOC_PCT
        if not is_same and not np.isnan(self.state[_IDLE]):
            self.state[_IDLE] = self.state[_REST] = self.state[_HEAT] = at_s
        self.state[_RESTARTED] = 0.0

    def text(self, at_s: float) -> str:
        """Return `no load`, `charging at 0.25 C` or `discharging at 2.0 C`."""
        rate = self.rate_at(at_s)
        if math.isnan(rate):
            return "load unknown"
        if abs(rate) <= IDLE_C:
            return "no load"
        return f"{'charging' if rate > 0 else 'discharging'} at {abs(rate):.2g} C"
