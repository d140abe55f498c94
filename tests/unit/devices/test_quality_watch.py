"""Values that cannot be trusted are shown with a reason, and honest ones are left alone."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.devices.link import RawReading
from batteryd.devices.quality_frozen import WINDOW_S
from batteryd.devices.quality_jumps import GAP_S_MAX, PACES
from batteryd.devices.quality_watch import QualityWatch
from batteryd.domain.quality import Quality
from batteryd.domain.quantity import QUANTITIES
from batteryd.domain.snapshot import Layout

POLL_S = 10.0
GOOD, JUMP = Quality.GOOD, Quality.UNCONFIRMED_JUMP


class Device:
    """A device that is polled every ten seconds; None is a value that it does not say."""

    def __init__(self, *columns: str) -> None:
        self.layout = Layout.from_text("\n".join(columns))
        self.watch = QualityWatch()
        self.at_s = 5_000.0

    def poll(self, *values: float | None, after_s: float = POLL_S) -> list[Quality]:
        self.at_s += after_s
        known = np.array(values, dtype=np.float64)
        quality = np.where(np.isnan(known), Quality.MISSING, GOOD).astype(np.uint8)
        self.watch.judge(RawReading(known, quality), layout=self.layout, at_s=self.at_s)
        return [Quality(code) for code in quality]


def once(shown: Mapping[str, float | None]) -> dict[str, Quality]:
    """Return the qualities of one reading of a device that was never read before."""
    columns = [name if ":" in name else f"-:{name}" for name in shown]
    return dict(zip(shown, Device(*columns).poll(*shown.values()), strict=True))


def doubted(shown: Mapping[str, float | None]) -> set[str]:
    return {name for name, quality in once(shown).items() if quality == Quality.CONTRADICTED}


# Jumps ------------------------------------------------------------------------------------------


def test_a_spike_of_one_read_is_doubted_and_forgotten():
    sensor = Device("m01:temperature_c")

    assert [sensor.poll(t) for t in (24.0, 100.0, 24.1)] == [[GOOD], [JUMP], [GOOD]]


def test_a_jump_that_repeats_is_true():
    sensor = Device("m01:temperature_c")

    assert [sensor.poll(t) for t in (24.0, 41.0, 41.5)] == [[GOOD], [JUMP], [GOOD]]


def test_a_module_in_runaway_is_doubted_once_only():
    sensor = Device("m01:temperature_c")

    found = [sensor.poll(t) for t in (31.0, 58.0, 94.0, 131.0, 149.0)]

    assert found == [[GOOD], [JUMP], [GOOD], [GOOD], [GOOD]]


def test_a_jump_to_the_other_side_is_another_jump():
    cell = Device("c01:cell_voltage_v")

    assert [cell.poll(v) for v in (3.3, 4.9, 0.2, 3.3)] == [[GOOD], [JUMP], [JUMP], [GOOD]]


def test_a_value_that_is_missing_neither_confirms_nor_refutes():
    sensor = Device("m01:temperature_c")
    sensor.poll(24.0)
    sensor.poll(60.0)

    assert sensor.poll(None) == [Quality.MISSING]
    assert sensor.poll(61.0) == [GOOD]


@pytest.mark.parametrize(
    ("quantity", "before", "after"),
    [
        ("temperature_c", 24.0, 31.5),
        ("cell_voltage_v", 3.35, 3.08),
        ("soc_pct", 90.0, 72.0),
        ("current_a", 0.5, -180.0),  # the mains failed
        ("voltage_v", 409.0, 0.0),  # the contactor opened
        ("runtime_remaining_s", 3600.0, 300.0),
        ("insulation_kohm", 4000.0, 20.0),
        ("contactor_closed", 1.0, 0.0),
    ],
)
def test_what_can_happen_between_two_polls_is_believed_at_once(quantity, before, after):
    device = Device(f"-:{quantity}")
    device.poll(before)

    assert device.poll(after) == [GOOD]


def test_a_slower_poll_allows_more_and_a_long_silence_everything():
    sensor = Device("m01:temperature_c", "-:soc_pct")
    sensor.poll(24.0, 90.0)

    assert sensor.poll(44.0, 40.0, after_s=300.0) == [GOOD, GOOD]
    assert sensor.poll(120.0, 5.0, after_s=GAP_S_MAX + 1) == [GOOD, GOOD]


def test_another_layout_is_another_device():
    device = Device("-:soc_pct")
    device.poll(90.0)
    device.layout = Layout.from_text("-:soc_pct\nm01:temperature_c")

    assert device.poll(12.0, 24.0) == [GOOD, GOOD]


watched = st.sampled_from(sorted(PACES))


@given(watched, st.data())
def test_whatever_is_shown_twice_is_confirmed(quantity, data):
    row = QUANTITIES[quantity]
    plausible = st.floats(row.plausible_min, row.plausible_max)
    device = Device(f"-:{quantity}")
    for value in data.draw(st.lists(plausible, min_size=1, max_size=5)):
        device.poll(value)
    settled = data.draw(plausible)
    device.poll(settled)
    device.poll(settled)

    assert device.poll(settled) == [GOOD]


@given(watched, st.data())
def test_what_moves_no_faster_than_physics_is_never_doubted(quantity, data):
    row, pace = QUANTITIES[quantity], PACES[quantity]
    device = Device(f"-:{quantity}")
    value = data.draw(st.floats(row.plausible_min, row.plausible_max))
    moves = st.floats(-0.99, 0.99)
    for move in data.draw(st.lists(moves, min_size=1, max_size=20)):
        assert device.poll(value) == [GOOD]
        value += move * (pace.step + pace.rate_per_s * POLL_S)


# Contradictions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ({"soc_pct": 0, "voltage_v": 54, "battery_status": 2}, {"soc_pct"}),
        ({"soc_pct": 0, "voltage_v": 41, "battery_status": 4}, set()),
        ({"soc_pct": 0, "voltage_v": 41, "battery_status": 1}, set()),
        ({"runtime_remaining_s": 0, "soc_pct": 99, "battery_status": 2}, {"runtime_remaining_s"}),
        ({"voltage_v": 0, "soc_pct": 99, "battery_status": 2}, {"voltage_v"}),
        ({"voltage_v": 0, "soc_pct": 60}, set()),  # isolated
        ({"soc_pct": 97, "battery_status": 4}, {"soc_pct"}),
        ({"soc_pct": 97, "battery_status": None}, set()),
        ({"current_a": 40, "output_source": 5}, {"current_a"}),
        ({"current_a": -40, "output_source": 5}, set()),
        ({"current_a": 0.4, "output_source": 5}, set()),
        ({"current_a": 40, "output_source": 3}, set()),
        ({"s1:contactor_closed": 0, "s1:current_a": -60}, {"s1:contactor_closed", "s1:current_a"}),
        ({"s1:contactor_closed": 0, "s2:current_a": -60}, set()),
        ({"s1:contactor_closed": 0, "s1:current_a": 1.5}, set()),  # an offset
        ({"s1:breaker_closed": 0, "s1:current_a": 60}, {"s1:breaker_closed", "s1:current_a"}),
        ({"s1:contactor_closed": 1, "s1:current_a": -60}, set()),
    ],
)
def test_a_number_that_a_flag_rules_out_is_doubted(shown, expected):
    assert doubted(shown) == expected


def test_extremes_in_the_wrong_order_are_both_doubted():
    shown = {"s1:cell_voltage_v_min": 3.4, "s1:cell_voltage_v_max": 3.2, "s1:voltage_v": 54.0}

    assert doubted(shown) == {"s1:cell_voltage_v_min", "s1:cell_voltage_v_max"}


def test_a_doubted_value_is_nothing_to_compare_with():
    card = Device("-:soc_pct", "-:battery_status")
    card.poll(90, 2)

    assert card.poll(0, 2) == [Quality.CONTRADICTED, GOOD]
    assert card.poll(0, 2) == [Quality.CONTRADICTED, GOOD]
    assert card.poll(89, 2) == [GOOD, GOOD]


# Nothing but zeroes -----------------------------------------------------------------------------


def test_a_device_that_knows_nothing_after_its_restart_is_not_believed_until_it_recovers():
    rack = Device("-:voltage_v", "-:soc_pct", "-:current_a", "m01:temperature_c")
    before = rack.poll(409.0, 55.0, -0.4, 24.0)

    restarted = [rack.poll(0.0, 0.0, 0.0, 0.0) for _ in range(3)]
    after = rack.poll(408.0, 55.0, -0.4, 24.5)

    zeroes = [Quality.CONTRADICTED, Quality.CONTRADICTED, GOOD, Quality.CONTRADICTED]
    assert before == after == [GOOD] * 4
    assert restarted == [zeroes] * 3


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ({"voltage_v": 0, "soc_pct": 0}, {"voltage_v", "soc_pct"}),
        ({"voltage_v": 0, "soc_pct": None, "temperature_c": 0}, {"voltage_v", "temperature_c"}),
        ({"voltage_v": 0, "soc_pct": 0, "temperature_c": 21}, set()),
        ({"s1:voltage_v": 0, "s2:voltage_v": 0, "current_a": 0}, set()),  # both isolated
        ({"soc_pct": 0, "current_a": 0}, set()),
        ({"m01:temperature_c": 0, "m02:temperature_c": 0}, set()),  # a winter's day
        ({"voltage_v": None, "soc_pct": None}, set()),
    ],
)
def test_zeroes_are_doubted_where_no_battery_could_show_them_together(shown, expected):
    assert doubted(shown) == expected


def test_temperatures_that_all_became_zero_are_doubted():
    rack = Device("m01:temperature_c", "m02:temperature_c", "m03:temperature_c")
    rack.poll(4.0, 5.0, 4.0)

    assert rack.poll(0.0, 0.0, 0.0) == [Quality.CONTRADICTED] * 3
    assert rack.poll(0.0, 0.0, 3.0) == [GOOD] * 3


# Frozen -----------------------------------------------------------------------------------------


def drift(device: Device, *, stuck: float | None, warmer_k: float, polls: int = 242) -> None:
    """Warm up three modules over a window; a fourth one is stuck or has no number."""
    for n in range(polls):
        warm = [base + warmer_k * n / polls for base in (22.0, 23.0, 24.0)]
        device.poll(*warm, stuck, after_s=WINDOW_S / 240)


def four_modules() -> Device:
    return Device(*(f"m{n:02d}:temperature_c" for n in range(1, 5)))


def test_a_sensor_that_stands_still_while_its_neighbours_move_is_frozen_until_it_moves():
    rack = four_modules()
    drift(rack, stuck=23.4, warmer_k=5.0)

    assert rack.poll(27.0, 28.0, 29.0, 23.4) == [GOOD, GOOD, GOOD, Quality.FROZEN]
    assert rack.poll(27.0, 28.0, 29.0, 23.5) == [GOOD] * 4
    assert rack.poll(27.0, 28.0, 29.0, 23.4) == [GOOD] * 4


def test_a_frozen_sensor_stays_frozen_while_the_room_is_calm_again():
    rack = four_modules()
    drift(rack, stuck=23.4, warmer_k=5.0)
    drift(rack, stuck=23.4, warmer_k=0.0)

    assert rack.poll(22.0, 23.0, 24.0, 23.4)[3] == Quality.FROZEN


@pytest.mark.parametrize(("stuck", "warmer_k"), [(23.4, 1.0), (None, 5.0)])
def test_where_nothing_moves_or_is_said_nothing_is_frozen(stuck, warmer_k):
    rack = four_modules()
    drift(rack, stuck=stuck, warmer_k=warmer_k)

    assert Quality.FROZEN not in rack.poll(23.0, 24.0, 25.0, stuck)


def test_two_sensors_are_no_neighbourhood():
    pair = Device("m01:temperature_c", "m02:temperature_c")
    for n in range(242):
        pair.poll(22.0 + n / 40, 23.4, after_s=WINDOW_S / 240)

    assert pair.poll(28.0, 23.4) == [GOOD, GOOD]
