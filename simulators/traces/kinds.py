"""Traces by name and seed: days of a rack that idles mostly, with a fault or none.

The seed and the name decide all of it: the rack, its days, the fault's time and place, the noise.
They are drawn apart, so that the same rack lives through the same days without its fault
(`without_fault`).
"""

import zlib
from dataclasses import dataclass, replace

import numpy as np

from simulators.traces.build import Spread, build_trace_rack
from simulators.traces.faults import FAULT_KINDS, Family, Fault, draw_fault, harm_of
from simulators.traces.geometry import TraceRack
from simulators.traces.physics import STEP_S_MAX, live
from simulators.traces.program import HOUR_S, Days, Spell, fault_days, harsh_days, program_of
from simulators.traces.readings import Alteration, read
from simulators.traces.trace import Trace, Truth

NORMAL = "normal"
KINDS = (NORMAL, *FAULT_KINDS)
NORMAL_DAYS = 4.0
FAULT_HOURS = 36.0
_ONSET_H = (10.2, 13.0)
_SOC_FULL = (0.86, 0.92)
_HVAC_HOURS = (3.0, 6.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a trace will be, before any of it is lived."""

    kind: str
    seed: int
    rack: TraceRack
    days: Days
    fault: Fault | None
    aged_module: int | None

    @property
    def name(self) -> str:
        """Return a name that is a file's as well."""
        return f"{self.kind}_{self.rack.name.replace(':', '_').replace('@', '_')}_{self.seed}"

    @property
    def truth(self) -> Truth:
        """Return what is the matter with it."""
        return _truth(self)

    def without_fault(self) -> "Plan":
        """Return the same days without the fault."""
        return replace(self, fault=None)


def plan_trace(kind: str, rack: TraceRack, seed: int, *, days: float | None = None) -> Plan:
    """Draw what a trace will be. `days` is 4 of a normal rack and 1.5 with a fault, unless said."""
    rng = _chance(kind, seed, "plan")
    rack = replace(rack, temperature_quantum_c=float(rng.choice((0.1, 0.1, 0.5, 1.0, 1.0))))
    if kind == NORMAL:
        return _plan_normal(rack, seed, rng, days=days or NORMAL_DAYS)
    fault_kind = FAULT_KINDS[kind]
    rack = replace(rack, chemistry=fault_kind.chemistry or rack.chemistry)
    quiet = fault_days(rng, hours=FAULT_HOURS if days is None else days * 24.0)
    onset_s = rng.uniform(*_ONSET_H) * HOUR_S
    fault = draw_fault(fault_kind, rack, rng, onset_s=onset_s)
    if fault_kind.family is Family.HVAC:
        end_s = onset_s + rng.uniform(*_HVAC_HOURS) * HOUR_S
        quiet = replace(quiet, hvac=(Spell(onset_s, end_s, rng.uniform(*fault_kind.room_k)),))
    return Plan(kind, seed, rack, quiet, fault, None)


def make_trace(plan: Plan) -> Trace:
    """Live through a plan and read it."""
    rng = _chance(plan.kind, plan.seed, "rack")
    soc = float(rng.uniform(*_SOC_FULL))
    build = build_trace_rack(plan.rack, rng, soc=soc, spread=Spread(), aged_module=plan.aged_module)
    step_s = min(STEP_S_MAX, plan.rack.poll_s)
    days = _chance(plan.kind, plan.seed, "days")
    program = program_of(plan.days, plan.rack, days, step_s=step_s, soc_full=soc)
    harm = harm_of(plan.fault, np.arange(float(program.steps)) * step_s)
    lived = live(build, program, harm)
    noise = _chance(plan.kind, plan.seed, "noise")
    readings = read(lived, build, plan.rack, noise, alterations=_alterations(plan))
    return Trace(plan.name, plan.rack, plan.truth, readings)


def _chance(kind: str, seed: int, part: str) -> np.random.Generator:
    return np.random.default_rng((seed, zlib.crc32(kind.encode()), zlib.crc32(part.encode())))


def _plan_normal(rack: TraceRack, seed: int, rng: np.random.Generator, *, days: float) -> Plan:
    rack = replace(rack, voltage_quantum_v=float(rng.choice((0.001, 0.001, 0.001, 0.005, 0.01))))
    aged = int(rng.integers(rack.module_count)) if rng.random() < 0.35 else None
    return Plan(NORMAL, seed, rack, harsh_days(rack, rng, days=days), None, aged)


def _alterations(plan: Plan) -> tuple[Alteration, ...]:
    fault = plan.fault
    if fault is None or not fault.kind.sensor:
        return ()
    sign = 1.0 if _chance(plan.kind, plan.seed, "sign").random() < 0.75 else -1.0
    return (
        Alteration(
            fault.kind.sensor,
            fault.onset_s,
            fault.module,
            fault.sensor,
            height_k=9.0,
            rise_k_per_h=0.5 * sign,
        ),
    )


def _truth(plan: Plan) -> Truth:
    fault, aged = plan.fault, plan.aged_module
    found = Truth(
        kind=plan.kind,
        family=Family.NORMAL,
        hvac=plan.days.hvac,
        aged_module=None if aged is None else aged + 1,
    )
    if fault is None:
        return found
    family = fault.kind.family
    has_module = family not in (Family.HVAC, Family.AIRFLOW_RACK)
    has_cell = family in (Family.SHORT, Family.JOINT, Family.HEAT)
    return replace(
        found,
        family=family,
        onset_s=fault.onset_s,
        module=fault.module + 1 if has_module else None,
        cell=fault.cell + 1 if has_cell else None,
        sensor=fault.sensor + 1 if family is Family.SENSOR else None,
    )
