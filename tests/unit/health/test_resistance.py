"""Resistance from discharge steps: recovered where it is known, absent where it is not seen."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batteryd.domain.health import ResistancePoint
from batteryd.domain.snapshot import Layout, Snapshot, failed_snapshot
from batteryd.health.limits import DEFAULT_LIMITS, HealthLimits
from batteryd.health.meter import measured_of
from tests.worn_racks import MINUTE_S, WornRack, spoilt, step

# What the open-circuit voltage falls in a window of 30 s at any rate, for 60 Ah of NMC near full:
# 1.1 V · 20 s / 60 Ah.
FALLING_MOHM = 0.102


def steps_of(
    rack: WornRack, snapshots: Iterable[Snapshot], limits: HealthLimits = DEFAULT_LIMITS
) -> list[ResistancePoint]:
    found = measured_of(rack.asset, snapshots, limits)
    return [point for point in found if isinstance(point, ResistancePoint)]


@pytest.mark.parametrize(("quantum_v", "tolerance_mohm"), [(0.001, 0.04), (0.010, 0.16)])
def test_the_resistance_of_each_cell_is_recovered_through_noise_and_rounding(
    quantum_v: float, tolerance_mohm: float
) -> None:
    rack = WornRack(quantum_v=quantum_v)

    (point,) = steps_of(rack, step(rack, rate_c=-1.0))

    off = point.mohm - rack.mohm - FALLING_MOHM
    assert np.abs(off).max() < tolerance_mohm
    assert abs(off.mean()) < tolerance_mohm / 2
    assert [str(cell) for cell in point.cells[:2]] == ["s1/m01/c01", "s1/m01/c02"]


def test_a_point_carries_its_evidence() -> None:
    rack = WornRack(temperature_c=22.0)
    begins_s = rack.at_s

    (point,) = steps_of(rack, step(rack, rate_c=-1.5))

    assert point.at_s == begins_s + 10 * MINUTE_S
    assert point.step_a == pytest.approx(1.5 * 67.0, abs=0.3)
    assert point.step_c == pytest.approx(1.5, abs=0.01)
    assert point.window_s == pytest.approx(30.0)
    assert point.soc_pct == pytest.approx(96.0)
    assert point.temperature_c == pytest.approx(22.0, abs=0.1)
    assert point.method == 1


def test_polls_of_30_s_are_often_enough() -> None:
    rack = WornRack(poll_s=30.0)

    (point,) = steps_of(rack, step(rack))

    assert point.window_s == 60.0
    assert point.mohm == pytest.approx(rack.mohm + 2 * FALLING_MOHM, abs=0.1)


def test_polls_of_60_s_are_not() -> None:
    rack = WornRack(poll_s=60.0)

    assert steps_of(rack, step(rack)) == []


@settings(max_examples=15, deadline=None)
@given(scale=st.floats(0.3, 3.0), rate_c=st.floats(-4.0, -0.5))
def test_cells_of_so_many_times_the_resistance_measure_so_many_times_as_much(
    scale: float, rate_c: float
) -> None:
    one, other = WornRack(), WornRack()
    other.mohm = one.mohm * scale

    (first,), (second,) = (steps_of(r, step(r, rate_c=rate_c)) for r in (one, other))

    falling = first.mohm.mean() - one.mohm.mean()
    assert second.mohm - falling == pytest.approx(scale * (first.mohm - falling), abs=0.15)


@settings(max_examples=15, deadline=None)
@given(order=st.permutations(range(2, 30)))
def test_the_order_of_the_columns_changes_no_cell(order: list[int]) -> None:
    rack = WornRack()
    polls = list(step(rack))
    shuffled = [0, 1, *order]
    layout = Layout.of(rack.layout.columns[at] for at in shuffled)
    moved = [
        replace(poll, layout=layout, values=poll.values[shuffled], quality=poll.quality[shuffled])
        for poll in polls
    ]

    (one,), (other,) = steps_of(rack, polls), steps_of(rack, moved)

    found = dict(zip(other.cells, other.mohm, strict=True))
    assert [found[cell] for cell in one.cells] == pytest.approx(list(one.mohm))


@settings(max_examples=25, deadline=None)
@given(
    plan=st.lists(
        st.tuples(st.sampled_from([60.0, 200.0, 400.0]), st.floats(0.0, 4.0)), max_size=12
    )
)
def test_charging_alone_never_gives_a_point(plan: list[tuple[float, float]]) -> None:
    rack = WornRack(soc_pct=60.0)

    assert steps_of(rack, rack.live(*plan)) == []


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        ([(600.0, 0.0), (120.0, -0.1)], "too small a step"),
        ([(200.0, 0.0), (120.0, -1.0)], "too short a rest"),
        ([(600.0, 0.3), (120.0, -1.0)], "charged before"),
        ([(600.0, 0.0), (20.0, -1.0), (60.0, 0.0)], "over before the window was"),
        ([(600.0, 0.0), (20.0, -1.0), (100.0, -2.0)], "not steady"),
    ],
)
def test_what_is_no_clean_step_gives_no_point(plan: list[tuple[float, float]], why: str) -> None:
    rack = WornRack()

    assert steps_of(rack, rack.live(*plan)) == [], why


def test_at_a_low_or_unknown_charge_there_is_no_point() -> None:
    low, silent = WornRack(soc_pct=45.0), WornRack()

    assert steps_of(low, step(low)) == []
    assert steps_of(silent, [spoilt(s, "-:soc_pct") for s in step(silent)]) == []


def test_a_cell_that_is_not_read_costs_that_cell_only() -> None:
    rack = WornRack()

    (point,) = steps_of(rack, [spoilt(s, "s1/m02/c03:cell_voltage_v") for s in step(rack)])

    unknown = [str(c) for c, r in zip(point.cells, point.mohm, strict=True) if np.isnan(r)]
    assert unknown == ["s1/m02/c03"]


def test_a_module_without_temperature_is_marked_and_not_guessed() -> None:
    rack = WornRack(shape=(4, 1, 5))

    (point,) = steps_of(rack, [spoilt(s, "s1/m02/t1:temperature_c") for s in step(rack)])

    known = np.isfinite(point.temperature_c)
    assert {c.module for c, k in zip(point.cells, known, strict=True) if not k} == {2}
    assert np.isfinite(point.mohm).all()


@pytest.mark.parametrize(
    ("column", "value"), [("s1/m02/c03:cell_voltage_v", 4.9), ("-:current_a", -900.0)]
)
@pytest.mark.parametrize("poll", [55, 61, 62])
def test_one_wild_reading_moves_nothing(column: str, value: float, poll: int) -> None:
    rack = WornRack()
    polls = list(step(rack))
    polls[poll] = spoilt(polls[poll], column, value)

    (point,) = steps_of(rack, polls)

    assert point.mohm == pytest.approx(rack.mohm + FALLING_MOHM, abs=0.04)


def test_a_gap_before_the_load_leaves_nothing_to_compare_with() -> None:
    rack = WornRack()
    polls = list(step(rack))

    assert steps_of(rack, polls[:40] + polls[60:]) == []


def test_failed_polls_and_clocks_that_run_back_cost_no_more_than_the_point() -> None:
    rack = WornRack()
    polls = list(step(rack))
    failed = failed_snapshot("rack-1", rack.layout, at_s=polls[61].observed_at_s, failure="timeout")
    back = replace(polls[61], observed_at_s=polls[0].observed_at_s)

    assert len(steps_of(rack, [*polls[:61], failed, *polls[62:]])) == 1
    assert steps_of(rack, [*polls[:61], back, *polls[62:]]) == []
    assert len(steps_of(rack, [*polls, *step(rack)])) == 2


def test_several_strings_that_share_one_current_are_not_measured() -> None:
    rack = WornRack()
    asset = replace(rack.asset, geometry=replace(rack.asset.geometry, string_count=2))

    assert list(measured_of(asset, step(rack), DEFAULT_LIMITS)) == []


def test_a_device_that_sends_voltages_of_a_poll_ago_is_measured_all_the_same() -> None:
    rack = WornRack()
    polls = list(step(rack))
    cells = rack.layout.indices("cell_voltage_v")
    late = []
    for before, poll in pairwise(polls):
        values = poll.values.copy()
        values[cells] = before.values[cells]
        late.append(replace(poll, values=values))

    (point,) = steps_of(rack, late)

    assert point.mohm == pytest.approx(rack.mohm + FALLING_MOHM / 2, abs=0.04)
