"""What is said of warm modules: the sentence and its evidence."""

import numpy as np

from batteryd.domain.component import Scope
from batteryd.rules import words
from batteryd.rules.detector import Said, Seen


def warmer(seen: Seen, module: int, *, worst: int, setpoint_k: float) -> Said:
    """Say `4.2 K above its 16 peers (3.9 K above its own normal), both sensors, no load`."""
    heat = seen.heat
    above, own = float(heat.residual[worst]), float(heat.deviation[worst])
    normal = (
        f" ({own:.1f} K above its own normal)"
        if heat.is_learned[worst]
        else " (its own normal is not known yet)"
    )
    why = (
        f"{_signed(above)} its {_peers(seen)} peers{normal}, "
        f"{_sensors(seen, module, worst)}, {seen.load.text(seen.at_s)}"
    )
    return Said("temperature_c", above, setpoint_k, why, evidence(seen, module))


def evidence(seen: Seen, module: int) -> dict[str, object]:
    """Return what a module was judged by, for people and for pictures."""
    heat = seen.heat
    sensors = (seen.rack.sensor_module == module).nonzero()[0].tolist()
    rate = seen.load.rate_at(seen.at_s)
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
        "window_s": round(heat.minute_s, 1),
        "rate_c": _rounded(rate),
        "idle_for_s": _rounded(seen.load.idle_for_s(seen.at_s)),
        "data_age_s": round(seen.at_s - heat.at_s, 3),
    }


def place_text(seen: Seen, scope: Scope, index: int) -> str:
    """Return who it is about, in words."""
    rack = seen.rack
    places = {Scope.MODULE: rack.modules, Scope.CELL: rack.cells, Scope.SENSOR: rack.sensors}
    part = places[scope][index] if scope in places else rack.component
    return words.place(part, rack.asset)


def _peers(seen: Seen) -> int:
    return len(seen.rack.modules) - 1


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
    return f"sensor {seen.rack.sensors[worst].sensor} alone"


def _rounded(number: float) -> float | None:
    return round(float(number), 3) if np.isfinite(number) else None
