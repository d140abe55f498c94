from dataclasses import replace

import numpy as np
import pytest

from batteryd.domain.inventory import Chemistry
from simulators.chemistry import CELL_CHEMISTRIES
from simulators.traces.build import Spread, TraceBuild, build_trace_rack
from simulators.traces.faults import FAULT_KINDS, Fault, Harm, harm_of
from simulators.traces.geometry import TraceRack
from simulators.traces.physics import live
from simulators.traces.program import HOUR_S, Program

RACK = TraceRack(module_count=3, cell_count=4, sensor_count=1)
STEP_S = 10.0
J_PER_WH = 3600.0


def build(chemistry: Chemistry = Chemistry.NMC) -> TraceBuild:
    rack = replace(RACK, chemistry=chemistry)
    return build_trace_rack(rack, np.random.default_rng(5), soc=0.88, spread=Spread())


def day(hours: float = 8.0) -> Program:
    """A rest, a discharge of 15 min at 2C, and the charge after it."""
    steps = int(hours * HOUR_S / STEP_S)
    at_s = np.arange(float(steps)) * STEP_S
    current_a = np.full(steps, np.nan)
    current_a[(at_s >= HOUR_S) & (at_s < 1.25 * HOUR_S)] = -2 * RACK.capacity_ah
    refresh = np.zeros(steps, dtype=bool)
    refresh[int(1.25 * HOUR_S / STEP_S)] = True
    return Program(
        step_s=STEP_S,
        current_a=current_a,
        refresh=refresh,
        charge_a=0.25 * RACK.capacity_ah,
        soc_full=0.88,
        air_c=22.0 + np.sin(at_s / HOUR_S),
        door_k=np.zeros(steps),
    )


def harm(kind: str, onset_h: float = 0.5) -> Harm:
    fault = Fault(FAULT_KINDS[kind], onset_h * HOUR_S, 1, 2, 0)
    return harm_of(fault, np.arange(float(day(24.0).steps)) * STEP_S)


LIVES = [("healthy", Harm()), *((k, harm(k)) for k in ("short_2ohm", "joint_3mohm", "heat_strong"))]


@pytest.mark.parametrize(("name", "harm"), LIVES)
def test_charge_that_is_not_stored_was_drawn(name: str, harm: Harm) -> None:
    rack = build()

    lived = live(rack, day(), harm)

    through_ah = lived.current_a.sum() * STEP_S / 3600.0
    stored_ah = (lived.books.soc_end - rack.soc) * rack.cell_capacity_ah
    np.testing.assert_allclose(stored_ah, through_ah - lived.books.drawn_ah, atol=1e-6)


@pytest.mark.parametrize(("name", "harm"), LIVES)
def test_heat_that_is_not_stored_was_given_off(name: str, harm: Harm) -> None:
    books = live(build(), day(), harm).books

    assert books.heat_j == pytest.approx(books.given_off_j + books.stored_j, rel=1e-6)


@pytest.mark.parametrize(("name", "harm"), LIVES[:3])
def test_energy_taken_in_is_stored_or_becomes_heat(name: str, harm: Harm) -> None:
    rack = build()

    books = live(rack, day(hours=24.0), harm).books

    stored_j = stored_wh(rack, books.soc_end) * J_PER_WH - stored_wh(rack, rack.soc) * J_PER_WH
    leaked_j = float(rack.self_discharge_a.sum()) * 24.0 * HOUR_S * 4.06
    # Steps of 10 s take each voltage as it was at their beginning: 2 % of the losses.
    assert books.taken_in_j == pytest.approx(
        stored_j + books.losses_j + leaked_j, abs=0.025 * books.losses_j
    )


def stored_wh(rack: TraceBuild, soc: np.ndarray) -> float:
    points = np.linspace(0.0, 1.0, 20_001)
    curve_v = CELL_CHEMISTRIES[Chemistry.NMC].voltage_at(points)
    energy = np.concatenate(([0.0], np.cumsum((curve_v[1:] + curve_v[:-1]) / 2) * points[1]))
    return float((np.interp(soc, points, energy) * rack.cell_capacity_ah).sum())


@pytest.mark.parametrize("chemistry", [Chemistry.NMC, Chemistry.LFP])
def test_a_charge_tapers_and_ends(chemistry: Chemistry) -> None:
    lived = live(build(chemistry), day(hours=16.0))

    assert lived.current_a.max() == pytest.approx(0.25 * RACK.capacity_ah)
    assert (lived.current_a[-360:] == 0.0).all()
    assert lived.soc[-1] == pytest.approx(0.88, abs=0.05)
    assert lived.cell_v.mean(axis=(1, 2)).max() < charge_v_max(chemistry) + 0.01


def charge_v_max(chemistry: Chemistry) -> float:
    return CELL_CHEMISTRIES[chemistry].charge_v_max


def test_a_discharge_warms_the_rack_and_the_air_takes_it_away() -> None:
    lived = live(build(), day(hours=16.0))

    at_end_of_load = int(1.25 * HOUR_S / STEP_S)
    rise_k = lived.sensor_c[at_end_of_load + 12].mean() - lived.sensor_c[0].mean()
    assert 3.0 < rise_k < 15.0
    assert lived.sensor_c[-1].mean() - lived.air_c[-1] < 3.5


def test_a_short_warms_the_cell_by_what_its_resistance_takes() -> None:
    quiet, shorted = live(build(), day()).books, live(build(), day(), harm("short_2ohm")).books

    watts = (shorted.heat_j - quiet.heat_j) / (7.5 * HOUR_S)
    assert watts == pytest.approx(4.0**2 / 2.0, rel=0.15)


def test_a_step_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="step"):
        live(build(), replace(day(), step_s=30.0))


def test_an_empty_cell_feeds_its_short_no_longer() -> None:
    rack, idle = build(), day()
    idle.current_a[:], idle.refresh[:] = np.nan, False

    books = live(rack, idle, harm("short_hard")).books

    assert books.soc_end[1, 2] < 0.01
    held_ah = (rack.soc * rack.cell_capacity_ah)[1, 2]
    assert books.drawn_ah[1, 2] == pytest.approx(held_ah, rel=0.02)
