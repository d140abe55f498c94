"""How the cells, the cooling and the sensors of one rack differ from one another: drawn once.

The spreads are those of racks in the field as far as they are known, and a little wider: what is
quiet here has a chance to be quiet there.
"""

from dataclasses import dataclass

import numpy as np

from simulators.chemistry import CELL_CHEMISTRIES, CellChemistry, Floats
from simulators.traces.geometry import TraceRack

_CASING = 1.3  # heat capacity of cell and casing against that of the cell
_OHMIC_SHARE = 0.65  # of the resistance; the rest builds up in seconds and in minutes
_POLARISED_SHARES = (0.2, 0.15)
_POLARISED_S = (25.0, 600.0)
_CONDUCTION_S = 900.0  # heat capacity of a cell against what it conducts to the next cell
_STACK_S = 40_000.0  # the same to the cell in the module above, through the gap between them
_SELF_DISCHARGE_PER_MONTH = 0.015
_MONTH_H = 720.0
_BAR_AH = 67.0  # a larger cell has a wider bar
_AGED = 1.3


@dataclass(frozen=True, slots=True)
class Spread:
    """How far the parts of a rack differ: standard deviations, fractions where no unit is said."""

    resistance: float = 0.04
    module_resistance: float = 0.02
    capacity: float = 0.01
    soc: float = 0.003  # of the full charge
    cooling: float = 0.08
    air_rise_k_max: float = 2.5  # from the foot of the rack to its top
    sensor_offset_k: float = 0.8
    long_bars: float = 0.05  # share of the cells that have one
    long_bar_ohm: tuple[float, float] = (0.05e-3, 0.5e-3)


@dataclass(frozen=True, slots=True, eq=False)
class TraceBuild:
    """One rack in numbers; arrays are (module, cell) or (module, sensor)."""

    chemistry: CellChemistry
    cell_capacity_ah: Floats
    ohmic_ohm: Floats  # at 25 °C, bars apart
    polarised_ohm: Floats  # (2, module, cell)
    polarised_s: Floats  # (2, module, cell)
    bar_ohm: Floats  # beyond what the usual bar has
    self_discharge_a: Floats
    soc: Floats  # at the beginning
    heat_j_per_k: float  # of a cell
    idle_w: Floats  # of the electronics, a cell
    cooling_w_per_k: Floats
    air_rise_k: Floats  # (module,)
    conduction_w_per_k: float
    stack_w_per_k: float
    sensor_cell: np.ndarray  # which cell of its module a sensor sits at
    sensor_air: Floats  # share of the air in what it reads
    sensor_bar_k: Floats  # what it reads above its cell at 1C for good: it sits at a bar
    sensor_offset_k: Floats


def build_trace_rack(
    rack: TraceRack,
    rng: np.random.Generator,
    *,
    soc: float,
    spread: Spread,
    aged_module: int | None = None,
) -> TraceBuild:
    """Draw a rack. `aged_module` counts from 0."""
    cells, shape = CELL_CHEMISTRIES[rack.chemistry], (rack.module_count, rack.cell_count)
    heat_j_per_k = cells.heat_capacity_j_per_k_ah * rack.capacity_ah * _CASING
    total = _resistance(rack, cells, rng, spread=spread, aged_module=aged_module)
    seconds = np.array(_POLARISED_S)[:, None, None] * rng.normal(1.0, 0.1, (2, *shape)).clip(0.5)
    to_air_s = rng.uniform(1.4, 2.6) * 3600.0
    modules = rng.normal(1.0, spread.cooling, (shape[0], 1)).clip(0.4)
    cooling = heat_j_per_k / to_air_s * modules
    return TraceBuild(
        chemistry=cells,
        cell_capacity_ah=rack.capacity_ah * rng.normal(1.0, spread.capacity, shape).clip(0.8),
        ohmic_ohm=_OHMIC_SHARE * total,
        polarised_ohm=np.array(_POLARISED_SHARES)[:, None, None] * total,
        polarised_s=seconds,
        bar_ohm=_bars_ohm(rack, rng, spread=spread),
        self_discharge_a=rack.capacity_ah
        * (_SELF_DISCHARGE_PER_MONTH / _MONTH_H)
        * rng.lognormal(0.0, 0.3, shape),
        soc=(soc + rng.normal(0.0, spread.soc, shape)).clip(0.0, 1.0),
        heat_j_per_k=heat_j_per_k,
        idle_w=cooling * rng.uniform(0.5, 1.6) * rng.normal(1.0, 0.15, (shape[0], 1)),
        cooling_w_per_k=cooling * rng.normal(1.0, 0.03, shape),
        air_rise_k=np.linspace(0.0, rng.uniform(0.4, spread.air_rise_k_max), shape[0]),
        conduction_w_per_k=heat_j_per_k / _CONDUCTION_S,
        stack_w_per_k=heat_j_per_k / _STACK_S,
        **_sensors(rack, rng, spread=spread),
    )


def _resistance(
    rack: TraceRack,
    cells: CellChemistry,
    rng: np.random.Generator,
    *,
    spread: Spread,
    aged_module: int | None,
) -> Floats:
    shape = (rack.module_count, rack.cell_count)
    ohm = cells.resistance_ohm_ah / rack.capacity_ah * rng.uniform(0.9, 1.4)
    modules = rng.normal(1.0, spread.module_resistance, (shape[0], 1))
    resistance: Floats = ohm * modules * rng.normal(1.0, spread.resistance, shape).clip(0.6)
    if aged_module is not None:
        resistance[aged_module] *= _AGED
    return resistance


def _bars_ohm(rack: TraceRack, rng: np.random.Generator, *, spread: Spread) -> Floats:
    shape = (rack.module_count, rack.cell_count)
    ohm = np.where(
        rng.random(shape) < spread.long_bars, rng.uniform(*spread.long_bar_ohm, shape), 0
    )
    return ohm * min(1.0, _BAR_AH / rack.capacity_ah)


def _sensors(rack: TraceRack, rng: np.random.Generator, *, spread: Spread) -> dict[str, np.ndarray]:
    shape = (rack.module_count, rack.sensor_count)
    places = (np.arange(rack.sensor_count) + 0.5) * rack.cell_count / rack.sensor_count
    moved = places + rng.integers(-1, 2, shape)
    return {
        "sensor_cell": moved.clip(0, rack.cell_count - 1).astype(np.intp),
        "sensor_air": rng.uniform(0.0, 0.15, shape),
        "sensor_bar_k": np.zeros(shape),
        "sensor_offset_k": rng.normal(0.0, spread.sensor_offset_k, shape).clip(-3.0, 3.0),
    }
