"""Which cell voltage goes with a state of charge."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.clearance.curves import voltages_at
from batteryd.domain.inventory import Chemistry
from batteryd.domain.open_circuit import CURVES, SOC_POINTS_PCT


def agrees(soc_pct: float, cell_v: float, chemistry: Chemistry) -> bool:
    low_v, high_v = voltages_at(soc_pct, chemistry=chemistry)
    return low_v <= cell_v <= high_v


@pytest.mark.parametrize(
    ("soc_pct", "cell_v", "is_plausible"),
    [
        (18, 3.52, True),
        (18, 3.60, True),
        (18, 3.70, False),
        (18, 3.95, False),
        (90, 3.95, True),  # Daejeon: 90 % in the log, about 80 % in the cells
        (90, 4.06, True),
        (90, 3.70, False),
        (0, 3.70, False),  # a BMS that restarted and counts from 0
        (0, 3.95, False),
        (100, 4.18, True),
        (100, 3.00, False),
    ],
)
def test_nmc_tells_a_discharged_cell_from_a_charged_one(
    soc_pct: float, cell_v: float, is_plausible: bool
) -> None:
    assert agrees(soc_pct, cell_v, Chemistry.NMC) is is_plausible


@pytest.mark.parametrize(
    ("soc_pct", "cell_v", "is_plausible"),
    [
        (18, 3.26, True),
        (18, 3.33, True),  # could as well be 85 %: the voltage cannot tell
        (60, 3.24, True),
        (95, 3.24, True),
        (60, 2.90, False),  # below the plateau
        (60, 3.45, False),  # above it
        (0, 3.30, False),  # a BMS that restarted on the plateau
        (0, 2.65, True),
        (4, 3.30, False),
        (5, 3.30, True),  # 5 % and its tolerance just touch the plateau
    ],
)
def test_lfp_only_tells_that_it_is_on_the_plateau(
    soc_pct: float, cell_v: float, is_plausible: bool
) -> None:
    assert agrees(soc_pct, cell_v, Chemistry.LFP) is is_plausible


@pytest.mark.parametrize("chemistry", list(Chemistry))
def test_every_chemistry_has_a_curve_that_rises(chemistry: Chemistry) -> None:
    curve = CURVES[chemistry].voltage_v

    assert len(curve) == len(SOC_POINTS_PCT)
    assert all(lower < higher for lower, higher in pairwise(curve))


@pytest.mark.parametrize("chemistry", list(Chemistry))
@given(soc_pct=st.floats(0, 100), off_pct=st.floats(-15, 15))
def test_a_cell_whose_soc_is_off_by_15_points_at_most_is_never_called_a_liar(
    chemistry: Chemistry, soc_pct: float, off_pct: float
) -> None:
    cell_v = CURVES[chemistry].at(soc_pct)
    reported_pct = min(max(soc_pct + off_pct, 0.0), 100.0)

    assert agrees(reported_pct, cell_v, chemistry)


@pytest.mark.parametrize("chemistry", [c for c in Chemistry if CURVES[c].plateau is None])
def test_a_full_cell_that_reports_18_percent_is_found_in_every_sloped_chemistry(
    chemistry: Chemistry,
) -> None:
    assert not agrees(18, CURVES[chemistry].at(90), chemistry)


def test_a_charge_that_is_no_number_agrees_with_nothing() -> None:
    assert not agrees(math.nan, 3.54, Chemistry.NMC)
