"""A UPS charges with mains, carries the load without, and stops when its racks are empty."""

import pytest

from batteryd.domain.quantity import BatteryStatus, OutputSource
from simulators.ups import UpsState, battery_status
from simulators.ups_mib import oid_of
from simulators.world import World
from tests.simulated import fault, make_world

MAINS_OFF = {"action": "mains", "target": "U1", "present": False}
OUTPUT_SOURCE = oid_of("1.3.6.1.2.1.33.1.4.1.0")
ALARMS_PRESENT = oid_of("1.3.6.1.2.1.33.1.6.1.0")
ON_BATTERY = "1.3.6.1.2.1.33.1.6.3.2"


def lived(world: World, *, to_s: float) -> World:
    world.advance(to_s=to_s)
    return world


def test_with_mains_the_racks_are_charged_and_the_load_is_carried() -> None:
    world = lived(make_world(), to_s=60)

    readings = world.ups["U1"].readings()
    assert readings.output_source is OutputSource.NORMAL
    assert readings.battery_current_a == pytest.approx(60.0)  # as much as the charger may
    assert world.racks["R1"].state.soc.mean() > 0.8


def test_without_mains_the_racks_carry_the_load_and_its_losses() -> None:
    world = lived(make_world(MAINS_OFF), to_s=120)

    readings = world.ups["U1"].readings()
    assert readings.output_source is OutputSource.BATTERY
    assert readings.time_on_battery_s == pytest.approx(120)
    power_w = -readings.battery_current_a * readings.battery_voltage_v
    assert power_w == pytest.approx(40_000 / 0.95, rel=1e-3)
    assert readings.battery_status is BatteryStatus.NORMAL


def test_when_mains_is_back_the_time_on_battery_is_over() -> None:
    back = {"action": "mains", "target": "U1", "present": True, "minute": 2}

    world = lived(make_world(MAINS_OFF, back), to_s=130)

    assert world.ups["U1"].readings().time_on_battery_s == 0
    assert world.ups["U1"].readings().output_source is OutputSource.NORMAL


def test_empty_racks_drop_the_load_until_mains_is_back() -> None:
    back = {"action": "mains", "target": "U1", "present": True, "minute": 30}
    world = make_world(MAINS_OFF, back, every_rack={"ups_id": "U1", "soc_pct": 6})

    empty = lived(world, to_s=1700).ups["U1"].readings()
    recovered = lived(world, to_s=1810).ups["U1"].readings()

    assert empty.battery_status is BatteryStatus.DEPLETED
    assert empty.output_source is OutputSource.NONE
    assert empty.delivered_w == 0
    assert recovered.output_source is OutputSource.NORMAL
    assert (world.racks["R1"].state.soc > 0).all()


def test_more_load_than_the_racks_can_carry_is_dropped_at_once() -> None:
    overload = {"action": "load", "target": "U1", "load_kw": 5000}

    world = lived(make_world(MAINS_OFF, overload), to_s=5)

    assert world.ups["U1"].readings().output_source is OutputSource.NONE
    assert world.ups["U1"].readings().battery_current_a == 0


def test_a_bus_without_racks_is_live_while_the_ups_feeds_it() -> None:
    world = lived(make_world(*({"action": "open", "target": r} for r in ("R1", "R2"))), to_s=5)

    readings = world.ups["U1"].readings()
    assert world.ups["U1"].flow.voltage_v == pytest.approx(4.10 * 17 * 14)
    assert readings.battery_status is BatteryStatus.UNKNOWN
    assert readings.runtime_remaining_s == 0


@pytest.mark.parametrize(
    ("soc_pct", "has_dropped_load", "is_connected", "expected"),
    [
        (80.0, False, True, BatteryStatus.NORMAL),
        (19.9, False, True, BatteryStatus.LOW),
        (19.9, True, True, BatteryStatus.DEPLETED),
        (80.0, False, False, BatteryStatus.UNKNOWN),
    ],
)
def test_battery_status_follows_charge_and_cut_off(
    soc_pct: float, has_dropped_load: bool, is_connected: bool, expected: BatteryStatus
) -> None:
    state = UpsState(has_dropped_load=has_dropped_load)

    assert battery_status(state, soc_pct=soc_pct, is_connected=is_connected) is expected


def test_opening_the_ups_leaves_the_bus_live_and_opening_every_rack_does_not() -> None:
    ups_open = {"action": "open", "target": "U1"}
    racks_open = [{"action": "open", "target": r, "minute": 2} for r in ("R1", "R2")]
    world = make_world(MAINS_OFF, ups_open, *racks_open)

    lived(world, to_s=60)
    live_v = world.ups["U1"].flow.voltage_v
    lived(world, to_s=180)

    assert live_v == pytest.approx(940, abs=20)
    assert world.ups["U1"].flow.voltage_v == 0
    assert not world.racks["R1"].is_connected


def test_the_mib_speaks_in_tenths_and_lists_its_alarms() -> None:
    objects = lived(make_world(MAINS_OFF), to_s=10).ups["U1"].snmp_objects()

    readings = {".".join(map(str, oid)): v.value for oid, v in objects.items()}
    assert readings["1.3.6.1.2.1.33.1.2.5.0"] == pytest.approx(9200, abs=300)
    assert objects[OUTPUT_SOURCE].value == OutputSource.BATTERY
    assert objects[ALARMS_PRESENT].value == 2
    assert readings["1.3.6.1.2.1.33.1.6.2.1.2.1"] == ON_BATTERY
    assert list(objects) == sorted(objects)


def test_missing_and_sentinel_objects_spoil_what_lies_below_their_oid_only() -> None:
    battery, output = "1.3.6.1.2.1.33.1.2", "1.3.6.1.2.1.33.1.4.4"
    world = make_world(
        fault("missing_oids", "U1", parameters={"below": battery}),
        fault("sentinel_oids", "U1", parameters={"below": output, "value": -1}),
    )

    objects = world.ups["U1"].snmp_objects()

    assert not any(oid[:9] == oid_of(battery) for oid in objects)
    spoilt = {oid: v.value for oid, v in objects.items() if oid[:10] == oid_of(output)}
    assert set(spoilt.values()) == {-1}
    assert objects[OUTPUT_SOURCE].value == OutputSource.NORMAL
