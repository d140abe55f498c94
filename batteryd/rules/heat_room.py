"""The rule kind `heat_room`: the air, not the modules.

When the cooling of a room fails, its air warms at once, and hours later all modules do. Load cannot
warm the air of a room by 5 K in two hours; it can warm all modules, so these count only while
nothing is asked of the rack. One alarm about the room says it, in the place of one a module. It
stands until air and modules are near where they rose from, or for a day: a room that stays hot has
not come back, and what its heat does to the modules meanwhile is its doing.

Not seen: a room that warms over a day; `ambient_high` is for that.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from batteryd.domain.component import Component, Scope
from batteryd.rules import words
from batteryd.rules.detector import (
    DetectorSettings,
    NotNegative,
    Positive,
    Rhythm,
    Said,
    Seen,
    steps_of,
)
from batteryd.rules.heat_seen import rolled
from batteryd.rules.held import Judged
from batteryd.rules.rack import Floats, Rack

SLOT_S = 300.0
SLOTS = 24  # two hours
SETTLED_SLOTS = 5  # that have to be known before it can be over
NEW_NORMAL_S = 86400.0  # a room that is still as warm then is meant to be


class HeatRoomSettings(DetectorSettings):
    """Rises in K over two hours."""

    on_delay_s: NotNegative = 120.0
    off_delay_s: NotNegative = 1800.0
    ambient_k: Positive = 5.0
    modules_k: Positive = 4.0
    idle_s: NotNegative = 7200.0  # without load, before modules count


class HeatRoom:
    """The room that a rack is in."""

    REMEMBERED: ClassVar[tuple[str, ...]] = ("ring", "began", "base", "risen_at_s")
    LOCATES: ClassVar[bool] = False
    RHYTHM: ClassVar[Rhythm] = Rhythm.MINUTE
    scope = Scope.ROOM

    def __init__(self, settings: HeatRoomSettings, rack: Rack) -> None:
        self._settings = settings
        self.places: Sequence[Component] = (rack.component,)
        self.ring = np.full((SLOTS, 1 + len(rack.modules)), np.nan)  # ambient, modules
        self.began = np.full(1, np.nan)
        self.base = np.full(1 + len(rack.modules), np.nan)  # what all of it rose from
        self.risen_at_s = np.full(1, np.nan)
        self._rack = rack
        self._said = (0.0, 0.0, "", "")

    def judge(self, seen: Seen) -> Judged | None:
        """Compare the air and the coolest module with the least of two hours."""
        now = np.append(seen.ambient_c, self._rack.mean_of_modules(seen.heat.mean))
        lows = np.fmin.reduce(np.vstack((self.ring, now[np.newaxis])), axis=0)
        self._keep(now, seen.at_s)
        air, every = self._rises(now - lows)
        if seen.load.idle_for_s(seen.at_s) < self._settings.idle_s:
            every = np.nan
        over = np.fmax(air - self._settings.ambient_k, every - self._settings.modules_k)
        if over > 0:
            self._said = self._text(air, every)
        self._keep_base(lows, seen, is_over=over > 0)
        known = np.isfinite([over])
        steps = steps_of(np.where(known, [over], -1.0), beyond=np.inf, known=known)
        return Judged(steps, np.array([self._is_back(now, seen.at_s, air, every)]))

    def say(self, index: int, seen: Seen) -> Said:
        """Say what rose."""
        value, setpoint, risen, what = self._said
        evidence = {
            "ambient_c": None if np.isnan(seen.ambient_c) else seen.ambient_c,
            "common_c": round(seen.heat.common, 2),
            "risen": risen,
            "window_s": SLOT_S * SLOTS,
        }
        why = f"room or cooling: {what} within two hours, {seen.load.text(seen.at_s)}"
        return Said("ambient_temperature_c", value, setpoint, why, evidence)

    def restart(self) -> None:
        """Forget what the air was before nobody looked."""
        self.ring.fill(np.nan)
        self.began.fill(np.nan)

    def _rises(self, rises: Floats) -> tuple[float, float]:
        """Return the rise of the air, and that of the module that rose least."""
        modules = rises[1:][np.isfinite(rises[1:])]
        return float(rises[0]), float(modules.min()) if len(modules) >= 2 else np.nan

    def _keep_base(self, lows: Floats, seen: Seen, *, is_over: bool) -> None:
        if is_over and np.isnan(self.risen_at_s[0]):
            self.base, self.risen_at_s[0] = lows, seen.at_s
        elif not is_over and not seen.active:
            self.risen_at_s[0] = np.nan

    def _is_back(self, now: Floats, at_s: float, air: float, every: float) -> bool:
        if 0 <= at_s - self.risen_at_s[0] < NEW_NORMAL_S:
            air, every = self._rises(now - self.base)
        is_low = not air > 0.5 * self._settings.ambient_k
        return self._is_settled and is_low and not every > 0.5 * self._settings.modules_k

    @property
    def _is_settled(self) -> bool:
        return bool(np.isfinite(self.ring[-SETTLED_SLOTS:]).any(axis=1).all())

    def _keep(self, now: Floats, at_s: float) -> None:
        if np.isnan(self.began[0]):
            self.began[0] = at_s - SLOT_S
        slots = int((at_s - self.began[0]) // SLOT_S)
        if slots > 0:
            self.began[0] += slots * SLOT_S
            self.ring = rolled(self.ring, now[np.newaxis], slots=slots)

    def _text(self, air: float, every: float) -> tuple[float, float, str, str]:
        if air > self._settings.ambient_k:
            risen = f"the air of {words.place(self._rack.component, self._rack.asset)}"
            return air, self._settings.ambient_k, "air", f"{risen} rose {air:.1f} K"
        return (
            every,
            self._settings.modules_k,
            "modules",
            f"all {len(self._rack.modules)} modules rose {every:.1f} K",
        )
