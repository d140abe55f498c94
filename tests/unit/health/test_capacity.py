"""Capacity from deep discharges: recovered with its uncertainty, refused with its reason."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batteryd.domain.health import CUT_OFF, REST, CapacityPoint, Refusal
from batteryd.domain.inventory import Chemistry
from batteryd.domain.snapshot import Snapshot
from batteryd.health.limits import DEFAULT_LIMITS, HealthLimits
from batteryd.health.meter import measured_of
from tests.worn_racks import HOUR_S, REST_S, WornRack, deep, spoilt


def seen_of(
    rack: WornRack, snapshots: Iterable[Snapshot], limits: HealthLimits = DEFAULT_LIMITS
) -> tuple[list[CapacityPoint], list[Refusal]]:
    found = list(measured_of(rack.asset, snapshots, limits))
    points = [one for one in found if isinstance(one, CapacityPoint)]
    return points, [one for one in found if isinstance(one, Refusal)]


@pytest.mark.parametrize("quantum_v", [0.001, 0.010])
@pytest.mark.parametrize("capacity_ah", [67.0, 61.2, 48.0])
def test_the_capacity_is_recovered_within_its_uncertainty(
    capacity_ah: float, quantum_v: float
) -> None:
    rack = WornRack(capacity_ah=capacity_ah, quantum_v=quantum_v, mohm=_alike())

    (point,), refusals = seen_of(rack, deep(rack))

    assert point.capacity_ah == pytest.approx(capacity_ah, rel=0.015)
    assert abs(point.capacity_ah - capacity_ah) < point.uncertainty_ah
    assert 0.02 < point.uncertainty_ah / point.capacity_ah < 0.05
    assert refusals == []


def _alike() -> np.ndarray:
    return np.full(20, 0.8)


def test_a_point_carries_its_evidence() -> None:
    rack = WornRack()
    begins_s = rack.at_s

    (point,), _ = seen_of(rack, deep(rack))

    assert point.began_at_s == pytest.approx(begins_s + REST_S, abs=20)
    assert (point.from_pct, point.to_pct) == pytest.approx((96.0, 12.0), abs=0.5)
    assert point.ended_by == REST
    assert point.counted_ah == pytest.approx(0.84 * 60, rel=0.005)
    assert point.rate_c == pytest.approx(0.5, abs=0.01)
    assert point.temperature_c == pytest.approx(25.0, abs=0.1)
    assert (point.gap_s, point.method) == (0.0, 1)
    assert (point.reported_from_pct, point.reported_to_pct) == pytest.approx((96, 12), abs=0.5)


def test_the_cut_off_is_an_end_as_well() -> None:
    rack = WornRack(soc_pct=98.0)

    (point,), _ = seen_of(rack, rack.live((REST_S, 0.0), (2 * HOUR_S, -0.5)))

    assert point.ended_by == CUT_OFF
    assert point.to_pct == 0.0
    # The voltage of 0 % is reached under load, before 0 % at rest is.
    assert 0.97 * 60 < point.capacity_ah < 60.0


def test_a_reported_charge_that_is_off_by_ten_points_changes_no_capacity() -> None:
    honest, off = WornRack(), WornRack(reported_off_pct=-10.0)

    ((one,), _), ((other,), _) = (seen_of(r, deep(r)) for r in (honest, off))

    assert other.capacity_ah == one.capacity_ah
    assert other.reported_to_pct == pytest.approx(2.0, abs=0.5)


def test_no_reported_charge_is_needed() -> None:
    rack = WornRack()

    (point,), _ = seen_of(rack, [spoilt(s, "-:soc_pct") for s in deep(rack)])

    assert point.reported_from_pct is None


def test_a_reported_charge_that_says_something_else_is_a_veto() -> None:
    rack = WornRack()
    polls = [spoilt(s, "-:soc_pct", 90.0) for s in deep(rack)]

    points, (refusal,) = seen_of(rack, polls)

    assert points == []
    assert "voltages say that it fell by 84 points of charge, the BMS 0" in refusal.why


@settings(max_examples=20, deadline=None)
@given(to_pct=st.floats(40.0, 95.0), rate_c=st.floats(-2.0, -0.2))
def test_a_shallow_discharge_never_gives_a_capacity(to_pct: float, rate_c: float) -> None:
    rack = WornRack(poll_s=30.0)

    points, _ = seen_of(rack, deep(rack, to_pct=to_pct, rate_c=rate_c))

    assert points == []


@settings(max_examples=10, deadline=None)
@given(scale=st.floats(0.5, 20.0))
def test_a_string_of_so_many_times_the_size_has_so_many_times_the_capacity(scale: float) -> None:
    one = WornRack(poll_s=30.0)
    other = WornRack(
        poll_s=30.0, rated_ah=67.0 * scale, capacity_ah=60.0 * scale, mohm=one.mohm / scale
    )

    ((first,), _), ((second,), _) = (seen_of(r, deep(r)) for r in (one, other))

    assert second.capacity_ah == pytest.approx(scale * first.capacity_ah, rel=0.005)
    assert second.uncertainty_ah == pytest.approx(scale * first.uncertainty_ah, rel=0.02)


@pytest.mark.parametrize(
    ("rack", "to_pct", "why"),
    [
        (WornRack(), 50.0, "fell by 46 points of charge"),
        (WornRack(temperature_c=8.0), 12.0, "15 and 35 °C"),
        (WornRack(rated_ah=30.0), 12.0, "60 Ah of rated 30 Ah"),
        (WornRack(chemistry=Chemistry.LFP, soc_pct=85.0), 12.0, "voltage at rest says too little"),
    ],
)
def test_a_long_discharge_that_gives_nothing_says_why(
    rack: WornRack, to_pct: float, why: str
) -> None:
    points, (refusal,) = seen_of(rack, deep(rack, to_pct=to_pct))

    assert points == []
    assert why in refusal.why
    assert refusal.counted_ah > 20.0


def test_a_discharge_that_the_charger_ends_gives_nothing() -> None:
    rack = WornRack()
    plan = ((REST_S, 0.0), (1.4 * HOUR_S, -0.5), (600.0, 0.0), (HOUR_S, 0.2), (REST_S, 0.0))

    points, (refusal,) = seen_of(rack, rack.live(*plan))

    assert points == []
    assert refusal.why == "it was charged before it had rested"


def test_a_discharge_that_did_not_begin_with_a_rest_gives_nothing() -> None:
    rack = WornRack()
    plan = ((600.0, 0.0), (1.5 * HOUR_S, -0.5), (REST_S, 0.0))

    assert seen_of(rack, rack.live(*plan)) == ([], [])


def test_a_pause_on_the_way_down_ends_nothing() -> None:
    rack = WornRack()
    plan = ((REST_S, 0.0), (0.8 * HOUR_S, -0.5), (600.0, 0.0), (0.7 * HOUR_S, -0.5), (REST_S, 0.0))

    (point,), _ = seen_of(rack, rack.live(*plan))

    assert point.capacity_ah == pytest.approx(60.0, rel=0.015)


def test_a_short_gap_is_bridged_and_counts_as_uncertainty() -> None:
    whole, holed = WornRack(), WornRack()
    polls = list(deep(holed))

    ((one,), _), ((other,), _) = (
        seen_of(whole, deep(whole)),
        seen_of(holed, polls[:300] + polls[315:]),
    )

    assert other.capacity_ah == pytest.approx(one.capacity_ah, rel=0.002)
    assert other.gap_s == 160.0
    assert other.uncertainty_ah > one.uncertainty_ah


@pytest.mark.parametrize(
    ("hole", "why"), [(80, "nothing was read for 810 s of it"), (200, "nothing was read for too")]
)
def test_a_long_gap_gives_nothing(hole: int, why: str) -> None:
    rack = WornRack()
    polls = list(deep(rack))

    points, (refusal,) = seen_of(rack, polls[:600] + polls[600 + hole :])

    assert points == []
    assert refusal.why.startswith(why)


def test_single_wild_readings_change_nothing() -> None:
    whole, wild = WornRack(), WornRack()
    polls = list(deep(wild))
    polls[400] = spoilt(polls[400], "-:current_a", -1200.0)
    polls[500] = spoilt(polls[500], "s1/m01/c01:cell_voltage_v", 0.8)
    polls[600] = spoilt(polls[600], "-:current_a")

    ((one,), _), ((other,), _) = seen_of(whole, deep(whole)), seen_of(wild, polls)

    assert other.capacity_ah == pytest.approx(one.capacity_ah, rel=0.001)


def test_a_better_current_sensor_makes_it_more_certain() -> None:
    limits = replace(DEFAULT_LIMITS, current_uncertainty_pct=5.0)
    one, other = WornRack(), WornRack()

    ((good,), _), ((bad,), _) = seen_of(one, deep(one)), seen_of(other, deep(other), limits)

    assert bad.uncertainty_ah > 1.3 * good.uncertainty_ah


def test_charging_gives_no_capacity() -> None:
    rack = WornRack(soc_pct=12.0)

    assert seen_of(rack, rack.live((REST_S, 0.0), (1.6 * HOUR_S, 0.5), (REST_S, 0.0))) == ([], [])


def test_an_unknown_chemistry_gives_no_capacity() -> None:
    rack = WornRack()
    asset = replace(rack.asset, chemistry=None)

    found = list(measured_of(asset, deep(rack), DEFAULT_LIMITS))

    assert not [one for one in found if isinstance(one, CapacityPoint | Refusal)]
