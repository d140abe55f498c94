"""Logs of a cluster at work: hours of heavy load, nothing to learn from, some altered sensors.

A plant that shifts energy or holds a frequency has hundreds of cells in series. Its log begins
and ends under load; its modules sit in one stream of air or water and warm by place, its sensors
at bars by load, and cells at the ends of modules have longer bars for good. None of that is a
fault. What is wrong in such a log is known only of sensors that were altered on purpose.
"""

from dataclasses import dataclass, replace

import numpy as np

from batteryd.domain.inventory import Chemistry
from simulators.chemistry import Floats
from simulators.traces.build import Spread, TraceBuild, build_trace_rack
from simulators.traces.faults import Family
from simulators.traces.geometry import TraceRack
from simulators.traces.physics import STEP_S_MAX, live
from simulators.traces.program import HOUR_S, Program
from simulators.traces.readings import Alteration, read
from simulators.traces.trace import Trace, Truth

CLUSTER_KINDS = ("cluster_plain", "cluster_drift", "cluster_stuck", "cluster_step")
_SHAPES = ((15, 16, 18), (30, 8, 9), (10, 24, 27), (20, 12, 13), (5, 48, 54))
_POLLS_S = (1.0, 5.0, 10.0, 30.0, 60.0)
_CAPACITIES_AH = (50.0, 100.0, 280.0)
_ALTERED_MAX = 3
_BARE = 0.6  # large cells have little casing for their charge
_SPREAD = Spread(
    resistance=0.05,
    module_resistance=0.10,
    capacity=0.015,
    soc=0.01,
    cooling=0.25,
    air_rise_k_max=4.0,
    sensor_offset_k=0.6,
    long_bars=0.08,
    long_bar_ohm=(0.1e-3, 1.0e-3),
)


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """What a log will be."""

    kind: str
    seed: int
    rack: TraceRack
    seconds: float
    shape: str  # charge, discharge or dynamic
    rate_c: float

    @property
    def name(self) -> str:
        """Return a name that is a file's as well."""
        shape = self.rack.name.replace(":", "_").replace("@", "_")
        return f"{self.kind}_{self.shape}_{shape}_{self.seed}"


def plan_cluster(kind: str, seed: int) -> ClusterPlan:
    """Draw what a log will be; it brings a rack of its own."""
    rng = np.random.default_rng((seed, CLUSTER_KINDS.index(kind)))
    modules, cells, sensors = _SHAPES[rng.integers(len(_SHAPES))]
    rack = TraceRack(
        module_count=modules,
        cell_count=cells,
        sensor_count=sensors,
        poll_s=float(rng.choice(_POLLS_S)),
        chemistry=Chemistry.LFP,
        capacity_ah=float(rng.choice(_CAPACITIES_AH)),
        temperature_quantum_c=float(rng.choice((0.1, 1.0))),
        has_ambient=bool(rng.random() < 0.3),
    )
    shape = str(rng.choice(("charge", "discharge", "dynamic")))
    rate_c = float(rng.uniform(0.45, 1.1))
    hours = rng.uniform(3.0, 10.0) if shape == "dynamic" else 0.9 / rate_c + rng.uniform(0.2, 1.5)
    return ClusterPlan(kind, seed, rack, hours * HOUR_S, shape, rate_c)


def make_cluster(plan: ClusterPlan) -> Trace:
    """Live through a log and read it."""
    build_rng, load_rng, noise_rng, altered_rng = (
        np.random.default_rng((plan.seed, part)) for part in range(4)
    )
    step_s = min(STEP_S_MAX, plan.rack.poll_s)
    soc = {"charge": 0.06, "discharge": 0.96, "dynamic": 0.5}[plan.shape]
    drawn = build_trace_rack(plan.rack, build_rng, soc=soc, spread=_SPREAD)
    build = _weakened(_by_place(drawn, build_rng), build_rng)
    lived = live(build, _program(plan, load_rng, step_s=step_s))
    alterations = _alterations(plan, altered_rng)
    readings = read(lived, build, plan.rack, noise_rng, alterations=alterations)
    truth = Truth(
        kind=plan.kind,
        family=Family.CLUSTER,
        onset_s=min((a.onset_s for a in alterations), default=None),
        altered=tuple((a.module + 1, a.sensor + 1) for a in alterations),
    )
    return Trace(plan.name, plan.rack, truth, readings)


def _by_place(build: TraceBuild, rng: np.random.Generator) -> TraceBuild:
    """Let one stream of air cool the first modules best, and some sensors sit at bars."""
    modules, sensors = build.sensor_offset_k.shape
    along = np.linspace(rng.uniform(1.3, 1.8), rng.uniform(0.6, 0.8), modules)
    order = rng.permutation(modules) if rng.random() < 0.5 else np.arange(modules)
    # Modules are built alike, mostly: a sensor number is a place. Some logs number otherwise.
    at_bar = rng.random((modules, sensors)) < (0.12 if rng.random() < 0.3 else 0.02)
    at_bar |= rng.random(sensors) < 0.12
    return replace(
        build,
        heat_j_per_k=_BARE * build.heat_j_per_k,
        cooling_w_per_k=build.cooling_w_per_k * along[order][:, None],
        sensor_bar_k=np.where(at_bar, rng.uniform(1.0, 6.0, at_bar.shape), 0.0),
    )


def _weakened(build: TraceBuild, rng: np.random.Generator) -> TraceBuild:
    """Let some cells hold less, resist more and be charged less: they part at both ends."""
    weak = rng.random(build.soc.shape) < 0.02
    return replace(
        build,
        cell_capacity_ah=np.where(weak, 0.95, 1.0) * build.cell_capacity_ah,
        ohmic_ohm=np.where(weak, rng.uniform(1.2, 1.5), 1.0) * build.ohmic_ohm,
        soc=(build.soc - np.where(weak, 0.02, 0.0)).clip(0.0, 1.0),
    )


def _program(plan: ClusterPlan, rng: np.random.Generator, *, step_s: float) -> Program:
    steps = int(plan.seconds / step_s)
    at_s = np.arange(float(steps)) * step_s
    rate_c = _rate_c(plan, at_s, rng)
    day = rng.uniform(0.3, 1.0) * np.sin(at_s / (4 * HOUR_S) + rng.uniform(0.0, 6.0))
    return Program(
        step_s=step_s,
        current_a=rate_c * plan.rack.capacity_ah,
        refresh=np.zeros(steps, dtype=bool),
        charge_a=0.0,
        soc_full=1.0,
        air_c=rng.uniform(19.3, 21.0) + day,
        door_k=np.zeros(steps),
    )


def _rate_c(plan: ClusterPlan, at_s: Floats, rng: np.random.Generator) -> Floats:
    if plan.shape == "dynamic":
        return _dynamic_c(plan, at_s, rng)
    begin_s = rng.uniform(0.0, 0.3) * HOUR_S  # some logs begin in the middle of it
    begin_s = 0.0 if rng.random() < 0.5 else begin_s
    end_s = begin_s + 0.88 / plan.rate_c * HOUR_S
    ripple = 1.0 + rng.uniform(0.0, 0.05) * np.sin(at_s / rng.uniform(20.0, 200.0))
    tapered = np.where(at_s > end_s - 600.0, 0.4, 1.0)
    sign = 1.0 if plan.shape == "charge" else -1.0
    held = (at_s >= begin_s) & (at_s < end_s)
    return np.where(held, sign * plan.rate_c * ripple * tapered, 0.0)


def _dynamic_c(plan: ClusterPlan, at_s: Floats, rng: np.random.Generator) -> Floats:
    """Return minutes of charge and of discharge that come to nothing in the long run."""
    step_s = at_s[1] - at_s[0]
    rate_c, balance = np.zeros(len(at_s)), 0.0
    at = 0
    while at < len(at_s):
        length = max(1, int(rng.uniform(60.0, 900.0) / step_s))
        rate = rng.normal(0.0, 0.8 * plan.rate_c) - 3.0 * balance
        rate = 0.0 if rng.random() < 0.1 else float(np.clip(rate, -1.2, 1.2))
        rate_c[at : at + length] = rate
        balance += rate * length * step_s / HOUR_S
        at += length
    return rate_c * (1.0 + 0.05 * rng.normal(0.0, 1.0, len(at_s)))


def _alterations(plan: ClusterPlan, rng: np.random.Generator) -> tuple[Alteration, ...]:
    kind = plan.kind.removeprefix("cluster_")
    if kind == "plain":
        return ()
    count = int(rng.integers(1, _ALTERED_MAX + 1))
    modules = rng.choice(plan.rack.module_count, count, replace=False)
    onset_s = rng.uniform(0.3, 0.6) * plan.seconds
    return tuple(
        Alteration(
            kind,
            onset_s,
            int(module),
            int(rng.integers(plan.rack.sensor_count)),
            height_k=float(rng.uniform(6.0, 15.0)),
            rise_k_per_h=float(rng.uniform(4.0, 10.0)),
        )
        for module in modules
    )
