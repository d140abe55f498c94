"""Faults find the cells, modules and columns that they name, and no others."""

import numpy as np
import pytest

from batteryd.domain.component import parse_component
from batteryd.domain.inventory import Chemistry
from batteryd.domain.snapshot import Layout, parse_column
from simulators.battery import RackBuild, build_rack
from simulators.damage import Distortion, columns_of, damage_of
from simulators.faults import FAULT_KINDS, Fault

LAYOUT = Layout.of(
    parse_column(text)
    for text in (
        "-:soc_pct", "s1/m01:voltage_v", "s1/m01/c01:cell_voltage_v", "s1/m01/c02:cell_voltage_v",
        "s1/m01/t1:temperature_c", "s1/m02/c01:cell_voltage_v", "s1/m02/t1:temperature_c",
    )
)  # fmt: skip


def a_build() -> RackBuild:
    rng = np.random.default_rng(1)
    return build_rack(
        Chemistry.LFP, capacity_ah=100.0, module_count=3, cell_count_per_module=4, rng=rng
    )


def a_fault(name: str, component: str = "-", **parameters: float) -> Fault:
    return Fault(FAULT_KINDS[name], "R1", parse_component(component), None, parameters)


@pytest.mark.parametrize(
    ("component", "quantity", "expected"),
    [
        ("-", None, [0, 1, 2, 3, 4, 5, 6]),
        ("-", "cell_voltage_v", [2, 3, 5]),
        ("m01", None, [1, 2, 3, 4]),
        ("s1/m01", "temperature_c", [4]),
        ("m02/c01", None, [5]),
        ("m09", None, []),
    ],
)
def test_a_component_names_everything_inside_it(
    component: str, quantity: str | None, expected: list[int]
) -> None:
    found = columns_of(LAYOUT, component=parse_component(component), quantity=quantity)

    assert found.tolist() == expected


def test_two_faults_of_one_kind_add_up() -> None:
    faults = [a_fault("heater", "m02", power_w=200), a_fault("heater", "m02", power_w=300)]

    damage = damage_of(a_build(), faults)

    assert damage.heater_w.tolist() == [0, 500, 0]


def test_lost_airflow_without_a_module_is_of_the_whole_rack() -> None:
    damage = damage_of(a_build(), [a_fault("lost_airflow", remaining_fraction=0.3)])

    assert damage.airflow.tolist() == [0.3, 0.3, 0.3]


def test_a_fault_of_a_cell_that_names_none_is_of_the_first() -> None:
    damage = damage_of(a_build(), [a_fault("internal_short", "m03", resistance_ohm=2.0)])

    assert np.argwhere(damage.short_s).tolist() == [[2, 0]]
    assert damage.short_s[2, 0] == 0.5


def test_a_fault_of_another_realm_is_refused_loudly() -> None:
    reading = np.zeros(len(LAYOUT))
    distortion = Distortion.begin(a_fault("silent"), layout=LAYOUT, reading=reading, at_s=0.0)

    with pytest.raises(ValueError, match="silent is no fault of the physics"):
        damage_of(a_build(), [a_fault("silent")])
    with pytest.raises(ValueError, match="silent is no fault of a sensor"):
        distortion.applied(reading, at_s=1.0)
