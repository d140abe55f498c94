"""Physics of one rack: charge, voltage and heat of its modules and cells. Pure.

Each cell is a source and two resistors. Its open-circuit voltage E follows from its state of charge
(coulombs counted against its own capacity), R is its internal resistance, and a conductance G
across its terminals is an internal short (0 in a healthy cell):

    V = E + (I - G·V)·R        I is the rack's current, positive while charging

Each module is one lump of heat. It is warmed by its cells (R and G), gives heat to the air in
front of it and to the modules above and below, and cools better the more air passes:

    C·dT/dt = losses + heater - airflow·A·(T - air) - K·((T - above) + (T - below))

so that what goes in at the terminals is stored or becomes heat, joule for joule. Cells differ a
little, by a seed; the air is warmer at the top of the rack. Nothing here ages, and nothing models
thermal runaway: a fire is a heater switched on.

Modules and cells are indices from 0 here, arrays are (module, cell). `advance` steps forward with
explicit Euler; a module's time constant is some two hours, a step of seconds is far from unstable.
"""

from dataclasses import dataclass

import numpy as np

from batteryd.domain.inventory import Chemistry
from simulators.chemistry import CELL_CHEMISTRIES, CellChemistry, Floats

_RESISTANCE_SPREAD = 0.04  # standard deviations, as fractions of the mean
_CAPACITY_SPREAD = 0.006
_SOC_SPREAD = 0.003
_RESISTANCE_PER_K = 0.012  # cold cells resist more
_AIR_RISE_K = 1.5  # the air at the top of a rack against the air at its foot
_COOLING_W_PER_K = 3.6  # of a module of _COOLED_AH ampere-hours times cells
_COUPLING_W_PER_K = 2.0
_COOLED_AH = 14 * 78.0
STEP_S_MAX = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class RackBuild:
    """How a rack was built; it never changes."""

    chemistry: CellChemistry
    capacity_ah: float
    cell_capacity_ah: Floats  # (module, cell)
    cell_resistance_ohm: Floats  # (module, cell), at 25 °C
    module_heat_j_per_k: float
    cooling_w_per_k: float  # of one module, to the air
    coupling_w_per_k: float  # between neighbours
    air_rise_k: Floats  # (module,), air in front of the module against the room

    @property
    def module_count(self) -> int:
        """How many modules stand above each other."""
        return int(self.cell_capacity_ah.shape[0])

    @property
    def cell_count_per_module(self) -> int:
        """How many cells are in series in each module."""
        return int(self.cell_capacity_ah.shape[1])

    @property
    def cell_count(self) -> int:
        """How many cells are in series in the rack."""
        return int(self.cell_capacity_ah.size)


@dataclass(frozen=True, slots=True, eq=False)
class RackState:
    """What changes in a rack from step to step."""

    soc: Floats  # (module, cell), fraction
    temperature_c: Floats  # (module,)
    discharged_ah: float = 0.0  # since the simulation began
    discharged_kwh: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Damage:
    """What is wrong inside a rack, as faults of the physics see it."""

    short_s: Floats  # (module, cell), conductance of an internal short, siemens
    joint_ohm: Floats  # (module, cell), resistance of a loose joint, on top of the cell's own
    heater_w: Floats  # (module,)
    airflow: Floats  # (module,), 1 as designed, 0 none


@dataclass(frozen=True, slots=True)
class Load:
    """What acts on a rack from outside during a step."""

    current_a: float  # positive while charging
    air_c: float  # at the foot of the rack


@dataclass(frozen=True, slots=True, eq=False)
class Electrics:
    """A rack as the DC bus sees it: each cell's source and resistance, shorts included."""

    cell_emf_v: Floats
    cell_resistance_ohm: Floats
    emf_v: float
    resistance_ohm: float

    def cell_voltage_v(self, current_a: float) -> Floats:
        """Return the voltage of each cell while this current charges the rack."""
        return self.cell_emf_v + current_a * self.cell_resistance_ohm


def build_rack(
    chemistry: Chemistry,
    *,
    capacity_ah: float,
    module_count: int,
    cell_count_per_module: int,
    rng: np.random.Generator,
) -> RackBuild:
    """Build a rack whose cells differ as cells do."""
    cells = CELL_CHEMISTRIES[chemistry]
    shape = (module_count, cell_count_per_module)
    size = capacity_ah * cell_count_per_module  # what heat capacity and surface scale with
    mean_ohm = cells.resistance_ohm_ah / capacity_ah
    return RackBuild(
        chemistry=cells,
        capacity_ah=capacity_ah,
        cell_capacity_ah=capacity_ah * rng.normal(1.0, _CAPACITY_SPREAD, shape),
        cell_resistance_ohm=mean_ohm * rng.normal(1.0, _RESISTANCE_SPREAD, shape).clip(0.5),
        module_heat_j_per_k=cells.heat_capacity_j_per_k_ah * size,
        cooling_w_per_k=_COOLING_W_PER_K * size / _COOLED_AH,
        coupling_w_per_k=_COUPLING_W_PER_K * size / _COOLED_AH,
        air_rise_k=np.linspace(0.0, _AIR_RISE_K, module_count),
    )


def rested_state(
    build: RackBuild, *, soc: float, air_c: float, rng: np.random.Generator
) -> RackState:
    """Return a rack that has stood at this state of charge (a fraction) until it was as its air."""
    spread = rng.normal(0.0, _SOC_SPREAD, build.cell_capacity_ah.shape)
    return RackState(soc=(soc + spread).clip(0.0, 1.0), temperature_c=air_c + build.air_rise_k)


def no_damage(build: RackBuild) -> Damage:
    """Return a rack's health."""
    shape, modules = build.cell_capacity_ah.shape, build.module_count
    return Damage(np.zeros(shape), np.zeros(shape), np.zeros(modules), np.ones(modules))


def electrics(build: RackBuild, state: RackState, damage: Damage) -> Electrics:
    """Return what the rack is, electrically, at this instant."""
    source_v = build.chemistry.voltage_at(state.soc)
    resistance = _resistance_ohm(build, state, damage)
    loaded = 1.0 / (1.0 + damage.short_s * resistance)  # Thévenin: the short divides the source
    emf, resistance = source_v * loaded, resistance * loaded
    return Electrics(emf, resistance, float(emf.sum()), float(resistance.sum()))


def advance(
    build: RackBuild,
    state: RackState,
    *,
    load: Load,
    damage: Damage,
    now: Electrics,
    dt_s: float,
) -> RackState:
    """Return the rack `dt_s` seconds later; `now` is what `electrics` says of `state`.

    Raises:
        ValueError: the step is not positive or too long to be accurate.
    """
    if not 0 < dt_s <= STEP_S_MAX:
        raise ValueError(f"a step is more than 0 and at most {STEP_S_MAX:g} s, not {dt_s}")
    cell_v = now.cell_voltage_v(load.current_a)
    stored_a = load.current_a - damage.short_s * cell_v
    resistance = _resistance_ohm(build, state, damage)
    losses_w = stored_a**2 * resistance + damage.short_s * cell_v**2
    power_w = losses_w.sum(axis=1) + damage.heater_w - _given_off_w(build, state, load, damage)
    taken_a = max(-load.current_a, 0.0)
    return RackState(
        soc=(state.soc + stored_a * dt_s / (3600.0 * build.cell_capacity_ah)).clip(0.0, 1.0),
        temperature_c=state.temperature_c + power_w * dt_s / build.module_heat_j_per_k,
        discharged_ah=state.discharged_ah + taken_a * dt_s / 3600.0,
        discharged_kwh=state.discharged_kwh + taken_a * float(cell_v.sum()) * dt_s / 3.6e6,
    )


def _resistance_ohm(build: RackBuild, state: RackState, damage: Damage) -> Floats:
    warmth = np.exp(_RESISTANCE_PER_K * (25.0 - state.temperature_c.clip(-20.0, 80.0)))
    return build.cell_resistance_ohm * warmth[:, None] + damage.joint_ohm


def _given_off_w(build: RackBuild, state: RackState, load: Load, damage: Damage) -> Floats:
    air_c = load.air_c + build.air_rise_k
    to_air_w = build.cooling_w_per_k * damage.airflow * (state.temperature_c - air_c)
    upwards_w = build.coupling_w_per_k * -np.diff(state.temperature_c)  # to the module above
    to_air_w[:-1] += upwards_w
    to_air_w[1:] -= upwards_w
    return to_air_w
