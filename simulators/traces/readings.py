"""What a BMS says of what was true: polls, rounding, noise, wild values, gaps, altered sensors.

All chance is drawn before it is known what the values are, so that two traces of one seed differ
only by what was done to them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from simulators.chemistry import Floats
from simulators.traces.build import TraceBuild
from simulators.traces.geometry import TraceRack
from simulators.traces.physics import Lived
from simulators.traces.program import DAY_S, HOUR_S

_TEMPERATURE_NOISE_K = 0.045
_CELL_NOISE_V = 0.0008
_CURRENT_NOISE_A = 0.05
_AIR_NOISE_K = 0.05
_WILD_C = np.array([100.0, 0.0, -40.0, 127.0, 60.0, 8.0])
_WILD_V = np.array([0.0, 5.0, 2.0, 4.6, 65.535])
_WILD_A_DAY = 2.0  # single reads, of the whole rack
_SENSOR_WILD = 0.01  # share of the readings of a sensor that is altered so


@dataclass(frozen=True, slots=True)
class Alteration:
    """What is wrong with one sensor from a time on. Places count from 0."""

    kind: str  # a name in ALTERATIONS
    onset_s: float
    module: int
    sensor: int
    height_k: float = 0.0
    rise_k_per_h: float = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """What was polled; NaN is missing. A poll that failed has nothing at all."""

    at_s: Floats  # since the trace began
    current_a: Floats
    soc_pct: Floats
    ambient_c: Floats | None
    temperature_c: Floats  # (poll, module, sensor)
    cell_v: Floats  # (poll, module, cell)


def read(
    lived: Lived,
    build: TraceBuild,
    rack: TraceRack,
    rng: np.random.Generator,
    *,
    alterations: Sequence[Alteration] = (),
) -> Readings:
    """Poll a life that was lived."""
    at_s = _polls_s(len(lived.current_a) * lived.step_s, rack.poll_s, rng)
    then = (at_s / lived.step_s).astype(np.intp).clip(0, len(lived.current_a) - 1)
    readings = Readings(
        at_s=at_s,
        current_a=_rounded(
            lived.current_a[then] + _zero_a(rng) + _noise(rng, at_s, _CURRENT_NOISE_A), 0.1
        ),
        soc_pct=_rounded(100.0 * lived.soc[then], 0.1),
        ambient_c=_rounded(lived.air_c[then] + _noise(rng, at_s, _AIR_NOISE_K), 0.1)
        if rack.has_ambient
        else None,
        temperature_c=_temperatures(
            lived.sensor_c[then], build, rack, rng, at_s=at_s, alterations=alterations
        ),
        cell_v=_voltages(lived.cell_v[then], rack, rng),
    )
    _lose(readings, rng)
    return readings


def _zero_a(rng: np.random.Generator) -> float:
    return float(rng.normal(0.0, 0.04))  # a current sensor's own zero


def _noise(rng: np.random.Generator, at_s: Floats, sd: float) -> Floats:
    return rng.normal(0.0, sd, len(at_s))


def _rounded(values: Floats, quantum: float) -> Floats:
    rounded: Floats = np.round(np.round(values / quantum) * quantum, 4)
    return rounded


def _polls_s(seconds: float, poll_s: float, rng: np.random.Generator) -> Floats:
    """Return when polls were answered: a little early or late, now and then not for minutes."""
    at_s = np.arange(0.0, seconds - poll_s, poll_s)
    at_s = at_s + rng.uniform(0.0, 0.05 * poll_s, len(at_s))
    for begin_s in rng.uniform(0.0, seconds, rng.poisson(seconds / DAY_S)).tolist():
        length_s = rng.uniform(100.0, 1800.0)
        at_s = at_s[(at_s < begin_s) | (at_s > begin_s + length_s)]
    return at_s


def _temperatures(
    truth_c: np.ndarray,
    build: TraceBuild,
    rack: TraceRack,
    rng: np.random.Generator,
    *,
    at_s: Floats,
    alterations: Sequence[Alteration],
) -> Floats:
    noise_k = _TEMPERATURE_NOISE_K * np.where(rng.random(truth_c.shape[1:]) < 0.1, 2.0, 1.0)
    read_c = truth_c + build.sensor_offset_k + rng.normal(0.0, 1.0, truth_c.shape) * noise_k
    wild, altered = (np.random.default_rng(seed) for seed in rng.integers(2**32, size=2))
    for alteration in alterations:
        column = read_c[:, alteration.module, alteration.sensor]
        has_begun = at_s >= alteration.onset_s
        if has_begun.any():
            ALTERATIONS[alteration.kind](column, has_begun, at_s - alteration.onset_s, alteration)
    rounded = _rounded(read_c, rack.temperature_quantum_c)
    for alteration in (a for a in alterations if a.kind == "wild"):
        column = rounded[:, alteration.module, alteration.sensor]
        hit = (at_s >= alteration.onset_s) & (altered.random(len(at_s)) < _SENSOR_WILD)
        column[hit] = np.round(altered.uniform(-30.0, 140.0, int(hit.sum())))
    _sprinkle(rounded, _WILD_C, wild, seconds=at_s[-1])
    return rounded


def _voltages(truth_v: np.ndarray, rack: TraceRack, rng: np.random.Generator) -> Floats:
    read_v = truth_v + rng.normal(0.0, _CELL_NOISE_V, truth_v.shape)
    read_v = _rounded(read_v, rack.voltage_quantum_v)
    _sprinkle(read_v, _WILD_V, rng, seconds=len(truth_v) * rack.poll_s)
    return read_v


def _sprinkle(values: Floats, wild: Floats, rng: np.random.Generator, *, seconds: float) -> None:
    """Put single wild values, and single holes, where they fall."""
    for among in (wild, np.array([np.nan])):
        count = int(rng.poisson(_WILD_A_DAY * seconds / DAY_S))
        places = rng.integers(0, values.size, count)
        values.reshape(-1)[places] = rng.choice(among, count)


def _lose(readings: Readings, rng: np.random.Generator) -> None:
    """Lose polls: single ones, and the answers of one module."""
    polls = len(readings.at_s)
    failed = rng.random(polls) < 0.0005
    for begin in rng.integers(0, polls, rng.poisson(polls / 8640.0)).tolist():
        failed[begin : begin + int(rng.integers(2, 40))] = True
    columns = (readings.current_a, readings.soc_pct, readings.temperature_c, readings.cell_v)
    for values in (*columns, readings.ambient_c):
        if values is not None:
            values[failed] = np.nan
    alone = np.flatnonzero(rng.random(polls) < 0.0005)
    modules = rng.integers(0, readings.cell_v.shape[1], len(alone))
    readings.temperature_c[alone, modules] = np.nan
    readings.cell_v[alone, modules] = np.nan


def _stick(column: Floats, has_begun: np.ndarray, _: Floats, __: Alteration) -> None:
    column[has_begun] = column[np.argmax(has_begun)]


def _drift(column: Floats, has_begun: np.ndarray, since_s: Floats, how: Alteration) -> None:
    risen_k = how.rise_k_per_h * since_s[has_begun] / HOUR_S
    column[has_begun] += risen_k.clip(-abs(how.height_k), abs(how.height_k))


def _step(column: Floats, has_begun: np.ndarray, _: Floats, how: Alteration) -> None:
    column[has_begun] += how.height_k


def _none(_: Floats, __: np.ndarray, ___: Floats, ____: Alteration) -> None:
    """Wild readings are put in after rounding."""


ALTERATIONS: Mapping[str, Callable[[Floats, np.ndarray, Floats, Alteration], None]] = (
    MappingProxyType({"stuck": _stick, "drift": _drift, "step": _step, "wild": _none})
)
