"""The simulated rack, with its own physics and sensors: its resistance and capacity are found."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from batteryd.domain.health import CapacityPoint, Measured, ResistancePoint
from batteryd.domain.inventory import Asset, Chemistry, Geometry
from batteryd.domain.snapshot import Snapshot
from batteryd.health.cells import resistances_of
from batteryd.health.limits import DEFAULT_LIMITS
from batteryd.health.meter import measured_of
from batteryd.health.temperature import activation_of
from simulators.battery import (
    Load,
    RackBuild,
    advance,
    build_rack,
    electrics,
    no_damage,
    rested_state,
)
from simulators.sensors import RackSensors, RackTruth
from tests.builders import NOON_S
from tests.worn_racks import WornRack

AH = 80.0
LIMITS = replace(DEFAULT_LIMITS, resistance_kj_per_mol=8.9)  # 1.2 % a kelvin, as it simulates
DISCHARGE = ((2400.0, 0.0), (1.75 * 3600.0, -40.0), (2400.0, 0.0))  # seconds, amperes


def lived(build: RackBuild, rng: np.random.Generator) -> Iterator[Snapshot]:
    """Yield what the simulated BMS sends every 10 s."""
    sensors = RackSensors(build, sensor_count_per_module=2, seed=5)
    state, damage = rested_state(build, soc=0.97, air_c=22.0, rng=rng), no_damage(build)
    at_s = 0.0
    for length_s, current_a in DISCHARGE:
        for _ in range(int(length_s / 10)):
            now = electrics(build, state, damage)
            truth = RackTruth(
                state, now, current_a, now.emf_v, 22.0, 45.0, contactor_closed=True,
                breaker_closed=True, soh_pct=97.0, soc_error_pct=-6.0, cycle_count=10,
                energy_throughput_kwh=100.0,
            )  # fmt: skip
            values = sensors.read(truth, scan_number=int(at_s))
            quality = np.zeros(len(values), np.uint8)
            yield Snapshot("rack-1", NOON_S + at_s, sensors.layout, values, quality)
            load = Load(current_a, 22.0)
            state = advance(build, state, load=load, damage=damage, now=now, dt_s=10.0)
            at_s += 10.0


@pytest.fixture(scope="module")
def build() -> RackBuild:
    rng = np.random.default_rng(5)
    return build_rack(
        Chemistry.NMC, capacity_ah=AH, module_count=6, cell_count_per_module=8, rng=rng
    )


@pytest.fixture(scope="module")
def measured(build: RackBuild) -> list[Measured]:
    asset: Asset = replace(WornRack().asset, capacity_ah=AH, geometry=Geometry(1, 6, 8, 2))
    return list(measured_of(asset, lived(build, np.random.default_rng(6)), LIMITS))


def test_each_cell_has_the_resistance_that_it_was_built_with(
    build: RackBuild, measured: list[Measured]
) -> None:
    points = [one for one in measured if isinstance(one, ResistancePoint)]

    (state,) = resistances_of(points, activation_of(Chemistry.NMC, LIMITS))

    built = 1000 * build.cell_resistance_ohm.ravel()
    found = {cell.component: cell.mohm for cell in state.cells}
    off = np.array([found[cell] for cell in points[0].cells]) - built
    assert off.mean() == pytest.approx(1.1 * 20 / 3600 / AH * 1000, abs=0.03)  # falling voltage
    assert off.std() < 0.03
    assert state.cells[0].mohm == pytest.approx(built.max() + off.mean(), abs=0.05)


def test_its_capacity_is_found_although_its_bms_is_off_by_six_points(
    measured: list[Measured],
) -> None:
    (point,) = (one for one in measured if isinstance(one, CapacityPoint))

    assert abs(point.capacity_ah - AH) < point.uncertainty_ah
    assert point.capacity_ah == pytest.approx(AH, rel=0.03)
    assert point.reported_from_pct == pytest.approx(91.0, abs=0.5)
