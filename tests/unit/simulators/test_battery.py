"""The rack's physics keeps its books: charge, energy and heat go where they say."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.domain.inventory import Chemistry
from simulators.battery import (
    Damage,
    Load,
    RackBuild,
    RackState,
    advance,
    build_rack,
    electrics,
    no_damage,
    rested_state,
)
from simulators.chemistry import CELL_CHEMISTRIES

AIR_C = 23.0


def a_rack(
    *, soc: float = 0.6, chemistry: Chemistry = Chemistry.NMC, seed: int = 3
) -> tuple[RackBuild, RackState]:
    rng = np.random.default_rng(seed)
    build = build_rack(
        chemistry, capacity_ah=78.0, module_count=5, cell_count_per_module=14, rng=rng
    )
    return build, rested_state(build, soc=soc, air_c=AIR_C, rng=rng)


def lived(
    build: RackBuild,
    state: RackState,
    *,
    damage: Damage | None = None,
    current_a: float = 0.0,
    duration_s: float = 600.0,
) -> RackState:
    damage = damage or no_damage(build)
    for _ in range(round(duration_s)):
        now = electrics(build, state, damage)
        load = Load(current_a=current_a, air_c=AIR_C)
        state = advance(build, state, load=load, damage=damage, now=now, dt_s=1.0)
    return state


def isolated(build: RackBuild) -> RackBuild:
    return replace(build, cooling_w_per_k=0.0)


def heat_j(build: RackBuild, before: RackState, after: RackState) -> float:
    return float((after.temperature_c - before.temperature_c).sum() * build.module_heat_j_per_k)


def test_an_hour_at_a_tenth_of_the_capacity_moves_a_tenth_of_the_charge() -> None:
    build, state = a_rack(soc=0.5)

    after = lived(build, state, current_a=-7.8, duration_s=3600)

    assert state.soc.mean() - after.soc.mean() == pytest.approx(0.1, rel=0.01)
    assert after.discharged_ah == pytest.approx(7.8)
    assert after.discharged_kwh == pytest.approx(7.8 * 70 * 3.7 / 1000, rel=0.03)


def test_a_rack_at_rest_in_its_own_air_stays_as_it_is() -> None:
    build, state = a_rack()

    after = lived(build, state)

    assert after.soc == pytest.approx(state.soc)
    # The lowest and the highest module have one neighbour only: they settle within a tenth.
    assert after.temperature_c == pytest.approx(state.temperature_c, abs=0.1)


@pytest.mark.parametrize("current_a", [-120.0, -40.0, 25.0])
def test_what_a_current_loses_in_the_cells_is_found_as_heat(current_a: float) -> None:
    build, state = a_rack()
    build = isolated(build)
    now = electrics(build, state, no_damage(build))

    after = lived(build, state, current_a=current_a, duration_s=60)

    lost_j = current_a**2 * now.resistance_ohm * 60
    assert heat_j(build, state, after) == pytest.approx(lost_j, rel=0.02)


def test_an_internal_short_turns_the_cells_own_charge_into_heat() -> None:
    build, state = a_rack()
    build = isolated(build)
    damage = no_damage(build)
    damage.short_s[2, 4] = 1.0  # 1 Ω

    after = lived(build, state, damage=damage, duration_s=60)

    given_up_ah = float((state.soc - after.soc)[2, 4] * build.cell_capacity_ah[2, 4])
    assert heat_j(build, state, after) == pytest.approx(given_up_ah * 3600 * 3.77, rel=0.02)
    assert np.count_nonzero(state.soc != after.soc) == 1


def test_heat_flows_to_the_neighbours_and_from_them_to_theirs() -> None:
    build, state = a_rack()
    damage = no_damage(build)
    damage.heater_w[2] = 1500.0

    after = lived(build, state, damage=damage, duration_s=1200)

    rise = after.temperature_c - state.temperature_c
    assert rise[2] > 40
    assert rise[2] > rise[1] > rise[0] > 0
    assert rise[1] == pytest.approx(rise[3], rel=0.05)


def test_a_heater_heats_by_its_power_as_long_as_nothing_is_given_off() -> None:
    build, state = a_rack()
    build = replace(isolated(build), coupling_w_per_k=0.0)
    damage = no_damage(build)
    damage.heater_w[1] = 1000.0

    after = lived(build, state, damage=damage, duration_s=100)

    assert heat_j(build, state, after) == pytest.approx(100_000)


def test_without_air_the_same_load_warms_a_rack_more() -> None:
    build, state = a_rack()
    starved = no_damage(build)
    starved.airflow[:] = 0.1

    cooled = lived(build, state, current_a=-60.0, duration_s=1800)
    stuffy = lived(build, state, current_a=-60.0, duration_s=1800, damage=starved)

    assert (stuffy.temperature_c > cooled.temperature_c).all()


def test_a_loose_joint_costs_voltage_under_load_only() -> None:
    build, state = a_rack()
    damage = no_damage(build)
    damage.joint_ohm[0, 3] = 0.001

    healthy = electrics(build, state, no_damage(build))
    loose = electrics(build, state, damage)

    assert loose.cell_voltage_v(0.0) == pytest.approx(healthy.cell_voltage_v(0.0))
    missing_v = healthy.cell_voltage_v(-100.0) - loose.cell_voltage_v(-100.0)
    assert missing_v[0, 3] == pytest.approx(0.1)
    assert np.count_nonzero(missing_v.round(9)) == 1


@pytest.mark.parametrize("dt_s", [0.0, -1.0, 11.0, float("nan")])
def test_a_step_that_would_be_wrong_is_refused(dt_s: float) -> None:
    build, state = a_rack()
    damage = no_damage(build)
    now = electrics(build, state, damage)

    with pytest.raises(ValueError, match="a step is more than 0"):
        advance(build, state, load=Load(0.0, AIR_C), damage=damage, now=now, dt_s=dt_s)


@pytest.mark.parametrize("chemistry", CELL_CHEMISTRIES)
def test_voltage_never_falls_as_charge_rises(chemistry: Chemistry) -> None:
    socs = np.linspace(0.0, 1.0, 501)

    voltages = CELL_CHEMISTRIES[chemistry].voltage_at(socs)

    assert (np.diff(voltages) >= 0).all()


@given(
    soc=st.floats(0.0, 1.0),
    current_a=st.floats(-400.0, 400.0),
    dt_s=st.floats(0.01, 10.0),
    short_ohm=st.floats(0.05, 100.0),
    chemistry=st.sampled_from(sorted(CELL_CHEMISTRIES)),
)
def test_whatever_is_done_to_a_rack_its_state_stays_physical(
    soc: float, current_a: float, dt_s: float, short_ohm: float, chemistry: Chemistry
) -> None:
    build, state = a_rack(soc=soc, chemistry=chemistry)
    build = replace(build, coupling_w_per_k=0.0)
    damage = no_damage(build)
    damage.short_s[0, 0] = 1.0 / short_ohm
    now = electrics(build, state, damage)

    after = advance(build, state, load=Load(current_a, AIR_C), damage=damage, now=now, dt_s=dt_s)

    assert ((after.soc >= 0) & (after.soc <= 1)).all()
    assert (after.temperature_c >= state.temperature_c - 1e-9).all()
    assert np.isfinite(now.cell_voltage_v(current_a)).all()
