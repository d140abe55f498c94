"""What stands behind every finding of the detection family, whatever its kind.

A detector knows its own numbers. Around them the same is always asked: which unit, against whom,
beyond which limit and for how long, over which window, under which load, by how old a reading, and
with which parameters: rules change, and what is read years later has to say by which it was judged.
What an event calls its quantity is what was read; what was found in it is of another unit mostly,
kelvins between modules and not degrees, so the unit of value and setpoint stands in the evidence.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from batteryd.domain.alarm import MEASURE, UNIT
from batteryd.domain.component import Scope
from batteryd.rules.cells_seen import MEAN_S
from batteryd.rules.detector import Rhythm, Said, Seen
from batteryd.rules.kind import Rule
from batteryd.rules.parameters import RuleSettings

Evidence = Mapping[str, object]


class Measure(NamedTuple):
    """What value and setpoint of a kind are: `4.2 K above its peers`."""

    unit: str
    says: str


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "heat_room": Measure("K", "risen within two hours"),
        "heat_peer": Measure("K", "above its own normal"),
        "heat_rise": Measure("K/min", "faster than its peers"),
        "heat_drift": Measure("K·h", "above its own normal, added up"),
        "heat_cooling": Measure("K", "further above its air than normal"),
        "heat_charge": Measure("K", "more between its modules than at rest"),
        "heat_pattern": Measure("K", "off their own normal"),
        "cell_leak": Measure("V", "lost against its peers"),
        "cell_fast_leak": Measure("V", "lost against its peers"),
        "cell_joint": Measure("mΩ", "more than normal"),
        "sensor_invalid": Measure("", "invalid readings"),
        "sensor_stuck": Measure("K", "moved by the rack meanwhile"),
        "sensor_cold": Measure("K", "below its own normal"),
    }
)

_OF_EVERY_RULE = set(RuleSettings.model_fields)  # how it is told of, not how it was judged


def evidence_of(
    rule: Rule, said: Said, seen: Seen, *, scope: Scope, rhythm: Rhythm, for_s: float
) -> Evidence:
    """Return what was found, by what, and in which circumstances; the detector's own word wins."""
    unit, says = MEASURES[rule.kind]
    load = seen.load
    return {
        UNIT: unit,
        MEASURE: says,
        "value": _rounded(said.value),
        "limit": _rounded(said.setpoint),
        "beyond_for_s": round(for_s, 1),
        "peer_count": _peer_count(seen, scope),
        "window_s": round(_window_s(seen, rhythm), 1),
        "load": load.text(seen.at_s),
        "rate_c": _rounded(load.rate_at(seen.at_s)),
        "idle_for_s": _rounded(load.idle_for_s(seen.at_s)),
        "rest_for_s": _rounded(load.rest_for_s(seen.at_s)),
        "soc_pct": _rounded(seen.soc_pct),
        "data_age_s": round(seen.at_s - _read_at_s(seen, rhythm), 3),
        "parameters": rule.settings.model_dump(exclude=_OF_EVERY_RULE),
        **said.evidence,
    }


def _peer_count(seen: Seen, scope: Scope) -> int:
    """Return how many of its kind were read beside it; a rack or room is its own measure: 0."""
    heat = seen.heat
    of_scope = {
        Scope.MODULE: seen.rack.mean_of_modules(heat.mean),
        Scope.SENSOR: heat.mean,
        Scope.CELL: seen.cells.residual,
    }
    return max(0, int(np.isfinite(of_scope.get(scope, np.empty(0))).sum()) - 1)


def _window_s(seen: Seen, rhythm: Rhythm) -> float:
    match rhythm:
        case Rhythm.POLL:
            return seen.dt_s
        case Rhythm.MINUTE:
            return seen.heat.minute_s
        case Rhythm.REST_MEAN:
            return MEAN_S


def _read_at_s(seen: Seen, rhythm: Rhythm) -> float:
    return seen.heat.at_s if rhythm is Rhythm.MINUTE else seen.at_s


def _rounded(number: float | None) -> float | None:
    return round(float(number), 4) if number is not None and np.isfinite(number) else None
