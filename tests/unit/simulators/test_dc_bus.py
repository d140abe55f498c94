"""Racks in parallel share current by their voltages and resistances, and keep their bus live."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.battery import Electrics
from simulators.dc_bus import in_parallel, shares


def source(emf_v: float, resistance_ohm: float = 0.2) -> Electrics:
    return Electrics(np.array([emf_v]), np.array([resistance_ohm]), emf_v, resistance_ohm)


def test_racks_at_one_voltage_share_a_current_by_their_resistances() -> None:
    racks = {"R1": source(900.0, 0.1), "R2": source(900.0, 0.3)}
    together = in_parallel(racks)
    assert together is not None

    currents = shares(racks, voltage_v=together.voltage_v(-80.0))

    assert currents == pytest.approx({"R1": -60.0, "R2": -20.0})


def test_racks_of_different_charge_balance_through_the_bus_though_nothing_is_drawn() -> None:
    racks = {"full": source(910.0), "empty": source(890.0)}
    together = in_parallel(racks)
    assert together is not None

    currents = shares(racks, voltage_v=together.voltage_v(0.0))

    assert currents == pytest.approx({"full": -50.0, "empty": 50.0})


def test_a_bus_is_live_as_long_as_one_rack_is_closed_and_nothing_when_none_is() -> None:
    only = in_parallel({"R8": source(760.0)})

    assert only is not None
    assert only.voltage_v(0.0) == pytest.approx(760.0)
    assert in_parallel({}) is None


def test_a_charger_holds_its_voltage_and_never_draws() -> None:
    together = in_parallel({"R1": source(900.0, 0.2)})
    assert together is not None

    near = together.charging_current_a(voltage_v=902.0, current_a_max=60.0)
    far = together.charging_current_a(voltage_v=960.0, current_a_max=60.0)
    above = together.charging_current_a(voltage_v=880.0, current_a_max=60.0)

    assert (near, far, above) == pytest.approx((10.0, 60.0, 0.0))


def test_more_power_than_the_racks_can_give_is_none_at_all() -> None:
    together = in_parallel({"R1": source(900.0, 0.2)})
    assert together is not None

    assert together.discharging_current_a(power_w=900.0**2 / 4 / 0.2 + 1) is None


@given(
    emfs_v=st.lists(st.floats(600.0, 1000.0), min_size=1, max_size=8),
    power_w=st.floats(1.0, 200_000.0),
)
def test_what_the_racks_give_together_is_what_the_load_takes(
    emfs_v: list[float], power_w: float
) -> None:
    racks = {f"R{n}": source(emf_v, 0.15) for n, emf_v in enumerate(emfs_v)}
    together = in_parallel(racks)
    assert together is not None

    current_a = together.discharging_current_a(power_w=power_w)

    assert current_a is not None
    voltage_v = together.voltage_v(current_a)
    assert -current_a * voltage_v == pytest.approx(power_w, rel=1e-6, abs=1e-3)
    assert sum(shares(racks, voltage_v=voltage_v).values()) == pytest.approx(current_a, abs=1e-6)
