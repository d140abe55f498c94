"""What discharges say of cells over time: corrected, counted, compared with their own first."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.domain.component import Component
from batteryd.domain.health import ResistancePoint
from batteryd.domain.inventory import Chemistry
from batteryd.health.cells import resistances_of
from batteryd.health.limits import DEFAULT_LIMITS
from batteryd.health.meter import measured_of
from batteryd.health.temperature import activation_of
from tests.builders import NOON_S
from tests.worn_racks import WornRack, resistance_point, step

NMC = activation_of(Chemistry.NMC, DEFAULT_LIMITS)
DAY_S = 86_400.0


def days(*mohm: tuple[float, ...]) -> list[ResistancePoint]:
    return [resistance_point(*row, at_s=NOON_S + n * DAY_S) for n, row in enumerate(mohm)]


def test_the_worst_cell_comes_first_and_says_how_much_it_has_grown() -> None:
    points = days(*[(0.80, 0.82)] * 3, *[(0.81, 1.31)] * 4)

    (state,) = resistances_of(points, NMC)

    worst = state.cells[0]
    assert (str(worst.component), worst.mohm, worst.count) == ("s1/m01/c02", 1.31, 7)
    assert worst.growth_pct == pytest.approx(59.8, abs=0.1)
    assert state.median_mohm == pytest.approx((0.81 + 1.31) / 2)
    assert (state.discharges, state.since_s) == (7, NOON_S)
    assert state.most_grown is worst


def test_growth_is_not_said_of_discharges_that_are_first_and_last_at_once() -> None:
    (state,) = resistances_of(days(*[(0.8, 0.9)] * 5), NMC)

    assert state.most_grown is None
    assert state.cells[0].growth_pct is None


def test_one_discharge_that_lies_off_moves_nothing() -> None:
    (state,) = resistances_of(days(*[(0.8,)] * 4, (9.9,), (0.8,)), NMC)

    assert state.cells[0].mohm == 0.8


def test_summer_and_winter_are_compared_at_25_degrees() -> None:
    points = []
    for temperature_c in (18.0, 25.0, 32.0):
        rack = WornRack(temperature_c=temperature_c)
        measured = measured_of(rack.asset, step(rack, rate_c=-3.0), DEFAULT_LIMITS)
        points += [point for point in measured if isinstance(point, ResistancePoint)]

    found = [resistances_of([point], NMC)[0] for point in points]

    assert [s.median_mohm for s in found] == pytest.approx([found[1].median_mohm] * 3, rel=0.04)
    assert points[0].mohm.mean() > 1.15 * points[1].mohm.mean()
    assert found[1].correction_uncertainty_pct == pytest.approx(0.0, abs=0.2)
    assert 5 < (found[0].correction_uncertainty_pct or 0) < 12


def test_cells_of_unknown_temperature_stand_apart_and_are_never_mixed() -> None:
    known, unknown = (
        resistance_point(0.8, 0.9),
        resistance_point(1.8, 1.9, at_s=NOON_S + DAY_S, temperature_c=np.array([25.0, np.nan])),
    )
    third = resistance_point(2.8, 2.9, temperature_c=np.full(2, np.nan), at_s=NOON_S + 2 * DAY_S)

    (state,) = resistances_of([known, unknown, third], NMC)

    assert {str(c.component): c.count for c in state.cells} == {"s1/m01/c01": 2, "s1/m01/c02": 1}
    (apart,) = resistances_of([third], NMC)
    assert apart.activation is None
    assert apart.correction_uncertainty_pct is None


def test_cells_with_and_without_temperature_are_two_statements() -> None:
    point = resistance_point(0.8, 0.9, temperature_c=np.array([25.0, np.nan]))

    corrected, apart = resistances_of([point], NMC)

    assert [str(c.component) for c in corrected.cells] == ["s1/m01/c01"]
    assert [str(c.component) for c in apart.cells] == ["s1/m01/c02"]
    assert apart.activation is None


def test_without_a_chemistry_nothing_is_corrected_unless_the_site_has_its_own_number() -> None:
    own = activation_of(None, replace(DEFAULT_LIMITS, resistance_kj_per_mol=12.0))

    assert activation_of(None, DEFAULT_LIMITS) is None
    assert own is not None
    assert (own.kj_per_mol, own.source) == (12.0, "the site's own")
    assert resistances_of([resistance_point(0.8)], None)[0].activation is None


def test_outside_5_to_45_degrees_nothing_is_corrected() -> None:
    point = resistance_point(0.8, 0.9, temperature_c=np.array([2.0, 48.0]))

    (state,) = resistances_of([point], NMC)

    assert state.activation is None


@pytest.mark.parametrize(
    "change",
    [{"window_s": 60.0}, {"method": 0}, {"cells": (Component(1, 2, 1), Component(1, 2, 2))}],
)
def test_points_that_were_measured_otherwise_are_set_aside(change: dict[str, object]) -> None:
    other = resistance_point(5.0, 5.0, at_s=NOON_S - DAY_S, **change)

    (state,) = resistances_of([other, *days((0.8, 0.9))], NMC)

    assert (state.discharges, state.set_aside) == (1, 1)
    assert state.cells[0].mohm == 0.9


def test_strings_are_told_one_by_one() -> None:
    one, two = resistance_point(0.8), resistance_point(0.9, string=Component(2))

    assert [str(s.string) for s in resistances_of([one, two], NMC)] == ["s1", "s2"]


@given(st.floats(0.05, 50.0), st.lists(st.floats(0.2, 5.0), min_size=6, max_size=6))
def test_so_many_times_the_resistance_is_so_many_times_the_figure_and_the_same_growth(
    scale: float, mohm: list[float]
) -> None:
    one = resistances_of(days(*((m,) for m in mohm)), NMC)[0].cells[0]
    other = resistances_of(days(*((m * scale,) for m in mohm)), NMC)[0].cells[0]

    assert other.mohm == pytest.approx(scale * one.mohm)
    assert other.growth_pct == pytest.approx(one.growth_pct, abs=1e-6)
