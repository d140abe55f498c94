"""PW-03: state of charge with its margin, and the voltage that goes with it."""

import math

import pytest

from batteryd.clearance.checks_charge import cell_voltage_v, charge_too_high
from batteryd.clearance.facts import ClearanceLimits
from batteryd.domain.inventory import Chemistry
from tests.clearances import make_facts, make_rack


@pytest.mark.parametrize(
    ("soc_pct", "holds"),
    [(0.0, False), (18.0, False), (20.0, False), (20.1, True), (90.0, True), (math.nan, True)],
)
def test_the_margin_is_added_before_the_limit_is_compared(soc_pct: float, holds: bool) -> None:
    rack = make_rack(soc_pct=soc_pct, voltage_v=3.54 * 102)

    assert bool(list(charge_too_high(make_facts(rack)))) is holds


@pytest.mark.parametrize(("soc_pct_max", "margin_pct", "holds"), [(28, 10, False), (27, 10, True)])
def test_a_site_sets_its_own_limit_and_margin(
    soc_pct_max: float, margin_pct: float, holds: bool
) -> None:
    limits = ClearanceLimits(soc_pct_max=soc_pct_max, soc_margin_pct=margin_pct)

    assert bool(list(charge_too_high(make_facts(limits=limits)))) is holds


def test_a_voltage_that_says_otherwise_holds() -> None:
    rack = make_rack(soc_pct=18.0, voltage_v=402.9)

    (hold,) = charge_too_high(make_facts(rack))

    assert hold.text == (
        "rack-1: 3.950 V a cell does not go with a state of charge of 18 % (NMC: 3.18 to 3.66 V)"
    )
    assert hold.evidence["cell_voltage_v"] == pytest.approx(3.95)


def test_a_battery_that_is_neither_discharged_nor_plausible_is_one_hold_of_two_reasons() -> None:
    (hold,) = charge_too_high(make_facts(make_rack(soc_pct=60.0)))

    assert "60 % with a margin of 10 is above 30 %" in hold.text
    assert "does not go with" in hold.text


@pytest.mark.parametrize(
    ("unknown", "said"),
    [
        ({"soc_pct": None}, "its state of charge is unknown"),
        ({"voltage_v": None}, "its voltage is unknown"),
        ({"chemistry": None}, "its chemistry is unknown"),
        ({"cell_count": None}, "the number of its cells in series is unknown"),
        ({"cell_count": 0}, "the number of its cells in series is unknown"),
        ({"voltage_v": None, "soc_pct": None}, "its state of charge and its voltage are unknown"),
    ],
)
def test_what_the_check_needs_and_nobody_knows_holds(unknown: dict[str, object], said: str) -> None:
    (hold,) = charge_too_high(make_facts(make_rack(**unknown)))

    assert said in hold.text


def test_an_unknown_chemistry_does_not_hide_a_charge_that_is_too_high() -> None:
    (hold,) = charge_too_high(make_facts(make_rack(chemistry=None, soc_pct=80.0)))

    assert "above 30 %" in hold.text


def test_a_charged_rack_on_the_same_bus_is_not_in_scope() -> None:
    neighbour = make_rack("rack-2", soc_pct=80.0)

    assert not list(charge_too_high(make_facts(make_rack(), neighbour)))


def test_an_lfp_battery_on_its_plateau_is_judged_by_its_counted_charge_alone() -> None:
    discharged = make_rack(chemistry=Chemistry.LFP, cell_count=120, voltage_v=120 * 3.33)
    charged = make_rack(chemistry=Chemistry.LFP, cell_count=120, voltage_v=120 * 3.33, soc_pct=40.0)

    assert not list(charge_too_high(make_facts(discharged)))
    assert len(list(charge_too_high(make_facts(charged)))) == 1


def test_the_voltage_of_a_cell_is_unknown_where_one_of_its_parts_is() -> None:
    assert cell_voltage_v(make_rack(voltage_v=None)) is None
    assert cell_voltage_v(make_rack(cell_count=None)) is None
    assert cell_voltage_v(make_rack(voltage_v=0.0)) == 0.0
