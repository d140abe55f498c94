"""Which columns belong to a rack, and by which capacity its current is judged."""

import pytest

from batteryd.domain.component import Component
from batteryd.domain.snapshot import Column, Layout
from batteryd.errors import ConfigError
from batteryd.rules.rack import racks_of
from tests.racks import Rack, discharge, watched
from tests.rulebooks import make_asset, rulebook


def layout_with_current_of(*components, strings):
    columns = [Column(component, "current_a") for component in components]
    places = [(s, m) for s in range(1, strings + 1) for m in (1, 2, 3)]
    columns += [Column(Component(s, m, None, 1), "temperature_c") for s, m in places]
    return Layout.of(columns)


@pytest.mark.parametrize(
    ("components", "strings", "capacity_ah"),
    [
        ((Component(),), 1, 200.0),
        ((Component(),), 4, 200.0),  # one current of them all
        ((Component(1), Component(2), Component(3), Component(4)), 4, 50.0),  # each its own
    ],
)
def test_a_rate_is_a_current_by_the_capacity_of_what_carries_it(components, strings, capacity_ah):
    layout = layout_with_current_of(*components, strings=strings)

    racks = racks_of(make_asset(capacity_ah=200.0), layout)

    assert [rack.capacity_ah for rack in racks] == [capacity_ah] * strings
    assert [rack.string_ah for rack in racks] == [200.0 / strings] * strings


def test_a_joint_reads_the_same_in_one_string_as_in_four():
    load = discharge(1.0, 6.0, recharged=True)

    def joint(at_h, heat, volts):
        volts[2, 1] += 0.0006 * load(at_h) * (at_h > 3.0)

    for strings in (1, 4):
        rack = Rack(shape=(4, 2, 4), current_a=load, strings=strings)
        told = [e for e in watched(rack, 6.5, joint) if e.key.rule == "loose_joint"]
        assert [e.value for e in told[:1]] == [pytest.approx(0.6, abs=0.06)]
        assert str(told[0].key.component) == "s1/m03"


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        (
            '[rule.warm]\nkind = "heat_peer"\npriority = "high"\npriority_beyond = "low"\n',
            "as urgent",
        ),
        ('[rule.stuck]\nkind = "sensor_stuck"\npriority_beyond = "critical"\n', "priority_beyond"),
    ],
)
def test_a_second_step_that_means_nothing_is_refused(text, allowed):
    with pytest.raises(ConfigError, match=allowed):
        rulebook(text)
