"""Peers of a sensor: those at the same place in the other modules."""

import numpy as np
import pytest

from batteryd.domain.component import Component
from batteryd.rules.alike import Alike, spread_of


def sensors(modules, numbers):
    return [Component(1, m, None, t) for m in range(1, modules + 1) for t in numbers]


def test_sensors_at_a_busbar_are_compared_with_each_other():
    alike = Alike(sensors(8, (1, 2)))
    read = np.tile([30.0, 41.0], 8)

    assert alike.middles(read).tolist() == read.tolist()


def test_the_middle_does_not_hear_of_one_that_burns():
    alike = Alike(sensors(8, (1,)))
    read = np.full(8, 25.0)
    read[3] = 90.0

    assert alike.middles(read).tolist() == [25.0] * 8
    assert alike.spreads(read - 25.0).tolist() == [0.0] * 8


def test_a_place_that_looks_even_among_few_sensors_is_as_uneven_as_the_rack():
    alike = Alike(sensors(8, (1, 2, 3)))
    deviations = np.tile([2.0, 0.1, -2.0], 8)

    assert alike.spreads(deviations) == pytest.approx(1.4826 * 2.0)


def test_a_place_that_is_more_uneven_than_the_rack_keeps_its_own_spread():
    alike = Alike(sensors(8, (1, 2, 3)))
    deviations = np.tile([2.0, 0.1, -0.1], 8)

    spreads = alike.spreads(deviations).reshape(8, 3)

    assert spreads[:, 0] == pytest.approx(1.4826 * 2.0)
    assert spreads[:, 1:] == pytest.approx(1.4826 * 0.1)


def test_where_few_have_a_number_all_sensors_are_peers():
    alike = Alike([*sensors(8, (1,)), Component(1, 1, None, 2)])
    read = np.append(np.full(8, 25.0), 31.0)

    assert alike.middles(read)[-1] == 25.0


def test_what_cannot_be_read_counts_for_nothing_and_too_few_have_no_middle():
    alike = Alike(sensors(8, (1,)))
    read = np.array([20.0, np.nan, 22.0, 24.0, np.nan, 26.0, np.nan, np.nan])

    assert alike.middles(read).tolist() == [23.0] * 8
    read[0] = np.nan
    assert np.isnan(alike.middles(read)).all()


def test_a_rack_without_sensors_has_no_middles():
    assert len(Alike([]).middles(np.empty(0))) == 0


@pytest.mark.parametrize(
    ("values", "spread"), [([-1.0, 1.0, 1.0, 50.0], 1.4826), ([np.nan], 0.0), ([], 0.0)]
)
def test_a_spread_is_that_of_most(values, spread):
    assert spread_of(np.array(values)) == pytest.approx(spread)
