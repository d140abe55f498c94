from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from batteryd.domain.inventory import Chemistry
from batteryd.domain.quality import Quality
from batteryd.replay.recording import Recording
from simulators.traces.cluster import make_cluster, plan_cluster
from simulators.traces.faults import FAULT_KINDS, Family
from simulators.traces.geometry import TraceRack, parse_rack
from simulators.traces.kinds import KINDS, Plan, make_trace, plan_trace
from simulators.traces.trace import Trace

SMALL = TraceRack(module_count=4, cell_count=3, sensor_count=2, poll_s=60.0)


ONE_OF_EACH = (
    "short_2ohm", "short_growing", "joint_1mohm", "airflow_module", "airflow_rack", "heat_strong",
    "hvac", "sensor_stuck", "sensor_drift", "sensor_wild",
)  # fmt: skip


def small(kind: str, seed: int = 1, *, days: float = 0.75) -> Plan:
    return plan_trace(kind, SMALL, seed, days=days)


def after_onset(trace: Trace) -> np.ndarray:
    assert trace.truth.onset_s is not None
    return trace.readings.at_s >= trace.truth.onset_s


def parted(kind: str, *, days: float = 0.75) -> tuple[Trace, np.ndarray, np.ndarray]:
    """Return a trace with a fault, and how far temperatures and voltages are from those without."""
    plan = small(kind, days=days)
    faulty, healthy = make_trace(plan), make_trace(plan.without_fault())
    warmer_k = faulty.readings.temperature_c - healthy.readings.temperature_c
    return faulty, warmer_k, faulty.readings.cell_v - healthy.readings.cell_v


def test_the_same_seed_makes_the_same_trace() -> None:
    once, again = make_trace(small("short_2ohm")), make_trace(small("short_2ohm"))

    np.testing.assert_array_equal(once.values(), again.values())
    assert once.truth == again.truth
    np.testing.assert_array_equal(once.readings.at_s, again.readings.at_s)


def test_another_seed_makes_another_rack() -> None:
    one, other = (make_trace(small("normal", seed)) for seed in (1, 2))

    assert not np.array_equal(
        one.readings.cell_v[:100], other.readings.cell_v[:100], equal_nan=True
    )


@pytest.mark.parametrize("kind", ONE_OF_EACH)
def test_a_fault_changes_nothing_before_its_onset(kind: str) -> None:
    plan = small(kind, days=1.0)
    quiet = replace(plan.without_fault(), days=replace(plan.days, hvac=()))
    faulty, healthy = make_trace(plan), make_trace(quiet)

    begun = after_onset(faulty)
    np.testing.assert_array_equal(faulty.values()[~begun], healthy.values()[~begun])
    assert not np.array_equal(faulty.values()[begun], healthy.values()[begun], equal_nan=True)


def test_a_short_drains_the_cell_that_the_truth_names_and_no_other() -> None:
    faulty, _, fallen_v = parted("short_1ohm")
    truth = faulty.truth
    assert truth.module is not None
    assert truth.cell is not None

    last_v = np.nanmedian(fallen_v[-60:], axis=0)
    place = (truth.module - 1, truth.cell - 1)
    fall_v = last_v[place]
    assert fall_v < -0.05
    last_v[place] = 0.0
    assert np.abs(last_v).max() < abs(fall_v) / 3


@pytest.mark.parametrize("kind", ["heat_strong", "airflow_module"])
def test_heat_is_felt_most_in_the_module_that_the_truth_names(kind: str) -> None:
    faulty, warmer_k, _ = parted(kind)

    by_module_k = np.nanmax(np.nanmedian(warmer_k[-120:], axis=0), axis=1)
    assert by_module_k.argmax() + 1 == faulty.truth.module
    assert by_module_k.max() > 0.2


def test_a_joint_sags_by_what_it_resists_times_the_current() -> None:
    faulty, _, fallen_v = parted("joint_3mohm", days=1.0)
    truth, read = faulty.truth, faulty.readings
    assert truth.module is not None
    assert truth.cell is not None

    loaded = after_onset(faulty) & (read.current_a < -50.0)
    sag_ohm = fallen_v[loaded, truth.module - 1, truth.cell - 1] / read.current_a[loaded]
    assert np.nanmedian(sag_ohm) == pytest.approx(0.003, rel=0.1)


def test_lost_airflow_of_a_rack_warms_all_of_its_modules() -> None:
    faulty, warmer_k, _ = parted("airflow_rack")

    assert faulty.truth.module is None
    assert np.nanmin(np.nanmedian(warmer_k[-120:], axis=0)) > 0.2


@pytest.mark.parametrize("kind", ["sensor_stuck", "sensor_drift", "sensor_wild"])
def test_an_altered_sensor_leaves_all_others_alone(kind: str) -> None:
    faulty, changed_k, changed_v = parted(kind, days=1.0)
    truth = faulty.truth
    assert truth.module is not None
    assert truth.sensor is not None

    assert np.nanmax(np.abs(changed_v)) == 0.0
    column = changed_k[:, truth.module - 1, truth.sensor - 1].copy()
    changed_k[:, truth.module - 1, truth.sensor - 1] = 0.0
    assert np.nanmax(np.abs(changed_k)) == 0.0
    assert np.nanmax(np.abs(column)) > 1.0


def test_a_failed_cooling_warms_the_room_while_the_truth_says_so() -> None:
    trace = make_trace(small("hvac"))
    spell, read = trace.truth.hvac[0], trace.readings
    assert read.ambient_c is not None

    late = (read.at_s > spell.end_s - 600.0) & (read.at_s < spell.end_s)
    before = read.at_s < spell.begin_s
    assert np.nanmedian(read.ambient_c[late]) > np.nanmedian(read.ambient_c[before]) + 4.0


def test_faults_of_lfp_are_in_lfp_cells() -> None:
    plan = small("short_lfp_5ohm")

    assert plan.rack.chemistry is Chemistry.LFP
    assert np.nanmedian(make_trace(plan).readings.cell_v[:60]) < 3.5


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_it_is(kind: str) -> None:
    truth = small(kind).truth

    assert truth.kind == kind
    assert (truth.family is Family.NORMAL) == (truth.onset_s is None) == (kind not in FAULT_KINDS)


def test_a_reading_of_the_csv_is_what_the_snapshots_say(tmp_path: Path) -> None:
    trace = make_trace(plan_trace("normal", SMALL, 3, days=0.5))

    recording, _ = trace.write(tmp_path)

    read = list(Recording(recording).snapshots(trace.name))
    made = list(trace.snapshots())
    assert [s.observed_at_s for s in read] == [s.observed_at_s for s in made]
    for one, other in zip(read, made, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(one.quality, other.quality)
        assert one.is_failed == other.is_failed
    assert any((s.quality == Quality.MISSING).any() for s in made)


def test_temperatures_and_voltages_are_steps_of_what_the_rack_resolves() -> None:
    plan = small("normal")
    coarse = replace(plan.rack, temperature_quantum_c=0.5, voltage_quantum_v=0.005)
    read = make_trace(replace(plan, rack=coarse)).readings

    for values, quantum in ((read.temperature_c, 0.5), (read.cell_v, 0.005)):
        steps = values[~np.isnan(values)] / quantum
        np.testing.assert_allclose(steps, np.round(steps), atol=1e-6)


def test_a_log_of_a_cluster_names_the_sensors_that_were_altered() -> None:
    plan = replace(plan_cluster("cluster_step", 2), rack=replace(SMALL, chemistry=Chemistry.LFP))
    plain = make_cluster(replace(plan, kind="cluster_plain"))

    trace = make_cluster(plan)

    moved = trace.readings.temperature_c - plain.readings.temperature_c
    found = np.argwhere(np.nanmax(np.abs(moved), axis=0) > 0.0) + 1
    assert sorted(map(tuple, found.tolist())) == sorted(trace.truth.altered)
    assert plain.truth.altered == ()
    np.testing.assert_array_equal(trace.readings.cell_v, plain.readings.cell_v)


@pytest.mark.parametrize("text", ["17x14x2@10", "10x16x1@30:LFP", "4x3x2@0.5:nmc"])
def test_a_rack_is_parsed_from_what_it_prints(text: str) -> None:
    rack = parse_rack(text)

    assert parse_rack(rack.name) == rack


@pytest.mark.parametrize("text", ["17x14@10", "0x14x2@10", "17x14x2@0", "17x14x2@10:NCA", ""])
def test_what_is_no_rack_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="x"):
        parse_rack(text)
