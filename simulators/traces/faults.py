"""The faults that a trace can hold, one row each, and what each does step by step.

What physics sees of a fault is a `Harm`; what only a sensor sees is done to the readings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from batteryd.domain.inventory import Chemistry
from simulators.chemistry import Floats
from simulators.traces.geometry import TraceRack


class Family(StrEnum):
    """What must be named to have found it."""

    NORMAL = "normal"
    SHORT = "short"
    HEAT = "heat"
    JOINT = "joint"
    AIRFLOW_MODULE = "airflow_module"
    AIRFLOW_RACK = "airflow_rack"
    HVAC = "hvac"
    SENSOR = "sensor"
    CLUSTER = "cluster"  # a log of a cluster under load; only its altered sensors are wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultKind:
    """What is wrong, in numbers; 0 is nothing."""

    family: Family
    short_ohm: float = 0.0
    short_ohm_end: float = 0.0  # where it grows to
    growth_s: float = 0.0  # in which it grows by e
    joint_ohm: float = 0.0
    heater_w: float = 0.0
    heater_ramp_s: float = 1.0
    airflow: tuple[float, float] = (1.0, 1.0)  # drawn between
    room_k: tuple[float, float] = (0.0, 0.0)  # drawn between
    sensor: str = ""  # a name in `readings.ALTERATIONS`
    chemistry: Chemistry | None = None  # where it is about one


def _short(ohm: float, chemistry: Chemistry | None = None) -> FaultKind:
    return FaultKind(family=Family.SHORT, short_ohm=ohm, chemistry=chemistry)


def _joint(milliohm: float) -> FaultKind:
    return FaultKind(family=Family.JOINT, joint_ohm=milliohm / 1000.0)


FAULT_KINDS: Mapping[str, FaultKind] = MappingProxyType(
    {
        "short_50ohm": _short(50.0),
        "short_20ohm": _short(20.0),
        "short_5ohm": _short(5.0),
        "short_2ohm": _short(2.0),
        "short_1ohm": _short(1.0),
        "short_0.5ohm": _short(0.5),
        "short_lfp_5ohm": _short(5.0, Chemistry.LFP),
        "short_lfp_1ohm": _short(1.0, Chemistry.LFP),
        "short_growing": FaultKind(
            family=Family.SHORT, short_ohm=50.0, short_ohm_end=0.1, growth_s=7200.0
        ),
        "short_hard": _short(0.05),
        "joint_0.3mohm": _joint(0.3),
        "joint_1mohm": _joint(1.0),
        "joint_3mohm": _joint(3.0),
        "airflow_module": FaultKind(family=Family.AIRFLOW_MODULE, airflow=(0.15, 0.3)),
        "airflow_rack": FaultKind(family=Family.AIRFLOW_RACK, airflow=(0.25, 0.35)),
        "heat_slow": FaultKind(family=Family.HEAT, heater_w=15.0, heater_ramp_s=72_000.0),
        "heat_strong": FaultKind(family=Family.HEAT, heater_w=200.0, heater_ramp_s=1800.0),
        "hvac": FaultKind(family=Family.HVAC, room_k=(8.0, 14.0)),
        "sensor_stuck": FaultKind(family=Family.SENSOR, sensor="stuck"),
        "sensor_drift": FaultKind(family=Family.SENSOR, sensor="drift"),
        "sensor_wild": FaultKind(family=Family.SENSOR, sensor="wild"),
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault at a place, from a time on. Places count from 0."""

    kind: FaultKind
    onset_s: float
    module: int
    cell: int
    sensor: int
    airflow: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Harm:
    """What physics sees of a fault, step by step."""

    module: int = 0
    cell: int = 0
    short_s: Floats | None = None  # conductance
    joint_ohm: Floats | None = None
    heater_w: Floats | None = None
    airflow: Floats | None = None
    is_everywhere: bool = field(default=False)  # the airflow of all modules


NO_HARM = Harm()


def draw_fault(
    kind: FaultKind, rack: TraceRack, rng: np.random.Generator, *, onset_s: float
) -> Fault:
    """Draw where a fault is."""
    return Fault(
        kind=kind,
        onset_s=onset_s,
        module=int(rng.integers(rack.module_count)),
        cell=int(rng.integers(rack.cell_count)),
        sensor=int(rng.integers(rack.sensor_count)),
        airflow=float(rng.uniform(*kind.airflow)),
    )


def harm_of(fault: Fault | None, at_s: Floats) -> Harm:
    """Return what a fault does at each of these times."""
    if fault is None:
        return NO_HARM
    kind, since_s = fault.kind, (at_s - fault.onset_s).clip(0.0)
    has_begun = at_s >= fault.onset_s
    return Harm(
        module=fault.module,
        cell=fault.cell,
        short_s=has_begun / _ohm(kind, since_s) if kind.short_ohm else None,
        joint_ohm=np.where(has_begun, kind.joint_ohm, 0.0) if kind.joint_ohm else None,
        heater_w=kind.heater_w * (since_s / kind.heater_ramp_s).clip(0.0, 1.0)
        if kind.heater_w
        else None,
        airflow=np.where(has_begun, fault.airflow, 1.0) if fault.airflow < 1.0 else None,
        is_everywhere=kind.family is Family.AIRFLOW_RACK,
    )


def _ohm(kind: FaultKind, since_s: Floats) -> Floats:
    if not kind.growth_s:
        return np.full(len(since_s), kind.short_ohm)
    return (kind.short_ohm * np.exp(-since_s / kind.growth_s)).clip(kind.short_ohm_end)
