"""The resolution of readings, found by looking at them."""

import numpy as np
import pytest

from batteryd.rules.quantum import Quantum

STEPS_C = (1.0, 0.5, 0.1)


@pytest.mark.parametrize(
    ("readings_c", "step_c"),
    [
        ([24.0, 25.0, 23.0, 26.0, 24.0], 1.0),
        ([24.5, 25.0, 23.5, 26.0, 24.0], 0.5),
        ([24.1, 25.3, 23.5, 26.0, 24.7], 0.1),
        ([24.123, 25.378, 23.511], 0.1),
        ([24.0, np.nan, 23.0, 26.0, np.nan], 1.0),
        ([24.0, 25.0, 23.0, 26.0, 24.0, 61.37], 1.0),  # one of them is wild
        ([np.nan, np.nan], 1.0),
        ([], 1.0),
    ],
)
def test_the_coarsest_step_that_nearly_all_readings_are_multiples_of(
    readings_c: list[float], step_c: float
) -> None:
    quantum = Quantum(STEPS_C)

    quantum.look(np.array(readings_c))

    assert quantum.step == step_c


def test_readings_that_happen_to_be_whole_make_nothing_coarser() -> None:
    quantum = Quantum(STEPS_C)
    quantum.look(np.array([24.1, 25.3, 23.5]))

    quantum.look(np.array([24.0, 25.0, 23.0]))

    assert quantum.step == 0.1


@pytest.mark.parametrize("rank", [-2.0, 0.0, 9.0])
def test_a_rank_that_does_not_exist_is_the_nearest_that_does(rank: float) -> None:
    quantum = Quantum(STEPS_C)
    quantum.rank = np.array([rank])

    assert quantum.step == (0.1 if rank > 0 else 1.0)
