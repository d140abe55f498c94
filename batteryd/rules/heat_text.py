"""What is said of warm modules: the sentence and its evidence.

Whether a module goes on warming is asked first of all, so the sentence says for how long it has
been rising, as far back as the minutes are kept that slopes are taken from.
"""

import numpy as np

from batteryd.rules import words
from batteryd.rules.detector import Said, Seen
from batteryd.rules.heat_seen import HeatSeen

RISE_MINUTES_MIN = 3
RISE_K_MIN, RISE_QUANTA = 0.3, 1.2  # a rise that is more than noise and rounding


def warmer(seen: Seen, module: int, *, worst: int) -> Said:
    """Say how far, by which sensors, under which load, and for how long it has been rising.

    `is 4.2 K above its 16 peers (3.9 K above its own normal), both sensors, no load, rising for
    9 min`.
    """
    heat = seen.heat
    above, own = float(heat.residual[worst]), float(heat.deviation[worst])
    normal = (
        f" ({own:.1f} K above its own normal)"
        if heat.is_learned[worst]
        else " (its own normal is not known yet)"
    )
    why = (
        f"is {_signed(above)} its {_peers(seen)} peers{normal}, "
        f"{_sensors(seen, module, worst)}, {seen.load.text(seen.at_s)}{_rising(seen, worst)}"
    )
    return Said("temperature_c", above, None, why, evidence(seen, module))


def evidence(seen: Seen, module: int) -> dict[str, object]:
    """Return what a module was judged by, for people and for pictures."""
    heat = seen.heat
    sensors = (seen.rack.sensor_module == module).nonzero()[0].tolist()
    return {
        "sensors": {
            str(seen.rack.sensors[i]): {
                "mean_c": _rounded(heat.mean[i]),
                "above_peers_k": _rounded(heat.residual[i]),
                "own_offset_k": _rounded(heat.offset[i]) if heat.is_learned[i] else None,
            }
            for i in sensors
        },
        "common_c": _rounded(heat.common),
        "peer_count": _peers(seen),
        "swing_k": _rounded(heat.swing_k),
        "quantum_k": heat.quantum.step,
        "rising_for_s": round(max((rising_s(heat, i) for i in sensors), default=0.0), 1),
    }


def rising_s(heat: HeatSeen, sensor: int) -> float:
    """Return for how long a sensor has been moving up against its peers; 0 where it does not.

    It is the time since its lowest minute, as far as these minutes are kept. What rose by less than
    can be seen of a sensor is no rise, and one that fell back by a third of it is not rising.
    """
    at_s, residual = heat.slope_ring[:, 0], heat.slope_ring[:, 1 + sensor]
    known = np.isfinite(at_s) & np.isfinite(residual)
    if known.sum() < RISE_MINUTES_MIN:
        return 0.0
    at_s, residual = at_s[known], residual[known]
    low = len(residual) - 1 - int(np.argmin(residual[::-1]))
    rise_k = float(residual[-1] - residual[low])
    fell_k = float(residual.max() - residual[-1])
    is_seen = rise_k > max(RISE_K_MIN, RISE_QUANTA * heat.quantum.step)
    return float(at_s[-1] - at_s[low]) if is_seen and fell_k < rise_k / 3 else 0.0


def _peers(seen: Seen) -> int:
    """Return how many modules were read beside it; of one or two modules, how many sensors."""
    means = seen.heat.mean
    modules = int(np.isfinite(seen.rack.mean_of_modules(means)).sum())
    return max(0, (modules if modules > 2 else int(np.isfinite(means).sum())) - 1)


def _signed(above_k: float) -> str:
    return f"{abs(above_k):.1f} K {'above' if above_k >= 0 else 'below'}"


def _sensors(seen: Seen, module: int, worst: int) -> str:
    sensors = (seen.rack.sensor_module == module).nonzero()[0]
    if len(sensors) == 1:
        return "its only sensor"
    half = 0.5 * seen.heat.deviation[worst]
    warm = [i for i in sensors.tolist() if seen.heat.deviation[i] >= half]
    if len(warm) == len(sensors):
        return "both sensors" if len(sensors) == 2 else f"all {len(sensors)} sensors"
    if len(warm) > 1:
        return f"{len(warm)} of its {len(sensors)} sensors"
    return f"sensor {seen.rack.sensors[worst].sensor} alone"


def _rising(seen: Seen, worst: int) -> str:
    for_s = rising_s(seen.heat, worst)
    return f", rising for {words.duration(for_s)}" if for_s else ""


def _rounded(number: float) -> float | None:
    return round(float(number), 3) if np.isfinite(number) else None
