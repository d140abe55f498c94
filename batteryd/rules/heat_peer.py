"""The rule kind `heat_peer`: a module that is warmer than its peers are, and than it usually is.

Heat of its own (a soft short, a loose joint, lost airflow) lifts a module over modules that carry
the same current in the same air. What is compared is the deviation: the sensor minus the common
mode minus the sensor's own offset. The limit grows with the swing of the common mode of the last
three hours, because load and room warm modules unevenly for a while, and with the quantum, below
which nothing can be seen. Until an offset is learned the limit is wide. And it is never less than a
multiple of what the sensor's peers deviate by at that moment: what is usual is no sign.

Beside it, without a swing: a whole module `plain_k` above the median of the rack. It is slower by
its size and faster where airflow was lost during a load. A module that is always that warm is not
meant, so it also has to deviate from its own normal, and after a load by more than modules differ
in how they warm: an aged one warms by a third more, and coarse sensors round it up.

A sensor that dies in the heat does not end the alarm: a module is back when the sensors that were
too warm have been read again, and are not.

Not seen: what warms all modules alike, and a cell that is far from every sensor for hours.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from batteryd.domain.alarm import MEASURE
from batteryd.domain.component import Component, Scope
from batteryd.rules import heat_text
from batteryd.rules.alike import middle_of
from batteryd.rules.detector import (
    NotNegative,
    Positive,
    Rhythm,
    Said,
    Seen,
    SteppedSettings,
    steps_of,
)
from batteryd.rules.held import Judged
from batteryd.rules.rack import Bools, Floats, Rack

BACK_SHARE = 0.6  # of the limit; below it a module is back
CROWD = 4  # so many modules that deviate together are a pattern, not so many faults
CROWD_SHARE = 0.5
# Of the plain comparison: how far from its own normal. Half a quantum is what rounding adds.
OWN_K_MIN, OWN_QUANTA, OWN_SWING_SHARE, ROUNDED_QUANTA = 1.0, 1.2, 0.4, 0.5
SPREADS = 5.0  # so many times the usual deviation of a sensor's peers
ABOVE_PEERS, ABOVE_OWN = "above its peers", "above its own normal"
ABOVE_RACK = "above the middle of the rack, on the mean of its sensors"


class HeatPeerSettings(SteppedSettings):
    """`deviation_k` is the limit of a calm rack with fine sensors."""

    deviation_k: Positive = 1.5
    deviation_quanta: NotNegative = 2.2
    unlearned_k: Positive = 4.0  # before a sensor's offset is known
    swing_share: NotNegative = 0.5  # of the swing above `swing_free_k` that is added to the limit
    swing_free_k: NotNegative = 0.5
    beyond_k: Positive = 2.5  # so much more is `priority_beyond`
    plain_k: Positive = 3.0


class HeatPeer:
    """All modules of one rack."""

    REMEMBERED: ClassVar[tuple[str, ...]] = ("too_warm",)
    LOCATES: ClassVar[bool] = True
    RHYTHM: ClassVar[Rhythm] = Rhythm.MINUTE
    scope = Scope.MODULE

    def __init__(self, settings: HeatPeerSettings, rack: Rack) -> None:
        self._settings, self._rack = settings, rack
        self.places: Sequence[Component] = rack.modules
        self.too_warm = np.zeros(len(rack.sensors), dtype=bool)  # when they were last read
        self._limits = self._deviations = self._above = self._beyond = np.empty(0)

    def judge(self, seen: Seen) -> Judged | None:
        """Compare every sensor with its peers; a module is as warm as its worst sensor."""
        heat, set_ = seen.heat, self._settings
        usual_k = SPREADS * self._rack.alike.spreads(heat.deviation)
        limits = _limits_k(set_, seen)
        self._deviations, self._limits = heat.deviation, np.maximum(limits, usual_k)
        over = self._rack.worst_of_modules(self._deviations - self._limits)
        over = np.fmax(over, self._plain(seen))
        known = np.isfinite(over)
        over[~known] = -np.inf
        is_new = self._rack.worst_of_modules((~heat.is_learned).astype(float)) > 0
        # Before its normal is known a sensor may be off by 3 K: much more has to be critical.
        unlearned_k = max(set_.beyond_k, set_.unlearned_k)
        self._beyond = np.where(is_new, unlearned_k, set_.beyond_k)
        steps = steps_of(over, beyond=self._beyond, known=known)
        own = self._rack.worst_of_modules(self._deviations)
        if is_crowd(own, limit_k=float(np.min(limits))):
            steps[steps == 1] = 0
        back_k = -(1 - BACK_SHARE) * float(np.min(limits))
        return Judged(steps, (over < back_k) & ~self._has_lost(back_k, seen))

    def say(self, index: int, seen: Seen) -> Said:
        """Say how much warmer a module is than its peers and than itself."""
        sensors = (self._rack.sensor_module == index).nonzero()[0]
        worst = int(sensors[np.nanargmax(self._deviations[sensors])])
        said = heat_text.warmer(seen, index, worst=worst)
        own_k, limit_k = float(self._deviations[worst]), float(self._limits[worst])
        if own_k > limit_k or not self._above[index] > self._settings.plain_k:
            measure = ABOVE_OWN if seen.heat.is_learned[worst] else ABOVE_PEERS
            value, setpoint = own_k, limit_k
        else:
            measure, value, setpoint = ABOVE_RACK, float(self._above[index]), self._settings.plain_k
        evidence = {**said.evidence, MEASURE: measure}
        beyond = setpoint + float(self._beyond[index])
        return said._replace(
            value=value, setpoint=setpoint, evidence=evidence, setpoint_beyond=beyond
        )

    def restart(self) -> None:
        """Do nothing: what is judged is what is now."""

    def _has_lost(self, back_k: float, seen: Seen) -> Bools:
        """Return the modules in alarm of which a sensor was too warm when it was last read."""
        over, of_module = self._deviations - self._limits, self._rack.sensor_module
        is_read = np.isfinite(over)
        in_alarm = np.isin(of_module, list(seen.active))
        self.too_warm = np.where(is_read, over >= back_k, self.too_warm & in_alarm)
        lost = np.zeros(len(self.places), dtype=bool)
        lost[of_module[self.too_warm & ~is_read]] = True
        return lost

    def _plain(self, seen: Seen) -> Floats:
        heat = seen.heat
        known = heat.mean[np.isfinite(heat.mean)]
        self._above = np.full(len(self.places), np.nan)
        if not len(known):
            return self._above
        self._above = self._rack.mean_of_modules(heat.mean - middle_of(known))
        above = self._above - self._settings.plain_k
        # Without a normal of its own a module would be blamed for the offset of its sensors.
        own = self._rack.mean_of_modules(np.where(heat.is_learned, heat.deviation, -np.inf))
        quantum_k = heat.quantum.step
        uneven_k = OWN_SWING_SHARE * heat.swing_k + ROUNDED_QUANTA * quantum_k
        least = max(OWN_K_MIN, OWN_QUANTA * quantum_k, uneven_k)
        return np.where(own > least, above, -np.inf)


def _limits_k(settings: HeatPeerSettings, seen: Seen) -> Floats:
    """Return by how much each sensor may deviate now."""
    heat = seen.heat
    least = max(settings.deviation_k, settings.deviation_quanta * heat.quantum.step)
    swing = settings.swing_share * max(0.0, heat.swing_k - settings.swing_free_k)
    return np.where(heat.is_learned, least, max(least, settings.unlearned_k)) + swing


def is_crowd(deviations: Floats, *, limit_k: float) -> bool:
    """Say whether many modules deviate alike, so that none of them stands out.

    The fourth is over half of the limit, and no module deviates by more than twice as much as it.
    """
    known = deviations[np.isfinite(deviations)]
    if len(known) <= CROWD:
        return False
    fourth = float(np.partition(known, -CROWD)[-CROWD])
    return fourth > CROWD_SHARE * limit_k and fourth > CROWD_SHARE * float(known.max())
