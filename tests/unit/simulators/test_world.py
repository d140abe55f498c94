"""The timetable does what it says, when it says so, and the same every time."""

import numpy as np
import pytest

from batteryd.domain.snapshot import parse_column
from simulators.faults import FAULT_KINDS, Realm
from simulators.scenario import find_scenario, shipped_names
from simulators.world import World
from tests.simulated import fault, make_world, rack_profile


def reading(world: World, column: str, rack: str = "R1") -> float:
    simulated = world.racks[rack]
    return float(simulated.reading()[simulated.layout.index[parse_column(column)]])


def test_nothing_happens_before_its_minute() -> None:
    world = make_world(fault("heater", minute=5, component="m09"))

    world.advance(to_s=299.5)
    before = world.racks["R1"].faults
    world.advance(to_s=300.0)

    assert before == ()
    assert [f.kind.name for f in world.racks["R1"].faults] == ["heater"]


def test_the_way_to_a_time_does_not_matter() -> None:
    entries = [
        fault("heater", minute=1, component="m05"),
        {"action": "mains", "target": "U1", "present": False, "second": 90.0},
    ]
    at_once, in_small_steps = make_world(*entries), make_world(*entries)

    at_once.advance(to_s=200.0)
    for to_s in np.arange(1.0, 201.0):
        in_small_steps.advance(to_s=float(to_s))

    assert (at_once.racks["R1"].reading() == in_small_steps.racks["R1"].reading()).all()


def test_another_seed_is_another_room() -> None:
    head = {"name": "test", "title": "Test", "starts_at": "now"}
    one = make_world(scenario=head | {"seed": 1})
    other = make_world(scenario=head | {"seed": 2})

    assert (one.racks["R1"].reading() != other.racks["R1"].reading()).any()
    assert (one.racks["R1"].reading() != one.racks["R2"].reading()).any()


def test_a_fault_that_lasts_a_while_ends_by_itself() -> None:
    world = make_world(fault("silent", minute=1, lasts_s=120))

    world.advance(to_s=100)
    during = world.racks["R1"].modbus_fault()
    world.advance(to_s=180)

    assert during is not None
    assert world.racks["R1"].modbus_fault() is None


def test_clearing_without_a_name_lifts_every_fault_of_its_target_and_of_no_other() -> None:
    clear = {"action": "clear", "target": "R1", "minute": 2}
    world = make_world(fault("silent"), fault("heater"), fault("silent", "R2"), clear)

    world.advance(to_s=125)

    assert world.racks["R1"].faults == ()
    assert len(world.racks["R2"].faults) == 1


@pytest.mark.parametrize(
    ("column", "kind", "parameters", "expected"),
    [
        ("m02/t1:temperature_c", "spike", {"value": 100}, 100.0),
        ("m02/c03:cell_voltage_v", "spike", {"value": 53}, 53.0),
        ("-:gas_alarm", "spike", {"value": 1}, 1.0),
        ("-:soc_pct", "sentinel", {}, float("nan")),
    ],
)
def test_a_sensor_says_what_its_fault_makes_it_say(
    column: str, kind: str, parameters: dict[str, float], expected: float
) -> None:
    component, quantity = column.split(":")
    world = make_world(fault(kind, component=component, quantity=quantity, parameters=parameters))
    column = column if component == "-" else f"s1/{column}"

    world.advance(to_s=30)

    assert reading(world, column) == pytest.approx(expected, nan_ok=True)


def test_a_frozen_sensor_keeps_its_number_while_its_neighbour_moves() -> None:
    world = make_world(
        fault("heater", component="m04", parameters={"power_w": 2000}),
        fault("frozen", minute=1, component="m04/t1"),
    )

    world.advance(to_s=60)
    frozen_c = reading(world, "s1/m04/t1:temperature_c")
    world.advance(to_s=600)

    assert reading(world, "s1/m04/t1:temperature_c") == frozen_c
    assert reading(world, "s1/m04/t2:temperature_c") > frozen_c + 20


def test_a_drifting_sensor_is_wrong_by_its_rate_and_an_offset_at_once() -> None:
    healthy = make_world()
    world = make_world(
        fault("drift", component="m01/t1", parameters={"per_hour": 6.0}),
        fault("offset", component="-", quantity="soc_pct", parameters={"by": -12.0}),
    )

    for each in (healthy, world):
        each.advance(to_s=1800)

    drift_k = reading(world, "s1/m01/t1:temperature_c") - reading(
        healthy, "s1/m01/t1:temperature_c"
    )
    assert drift_k == pytest.approx(3.0)
    assert reading(world, "-:soc_pct") - reading(healthy, "-:soc_pct") == pytest.approx(-12.0)


def test_a_sensor_fault_leaves_the_battery_itself_alone() -> None:
    healthy, world = make_world(), make_world(fault("spike", component="m02/t1"))

    for each in (healthy, world):
        each.advance(to_s=60)

    assert (world.racks["R1"].state.temperature_c == healthy.racks["R1"].state.temperature_c).all()


@pytest.mark.parametrize(
    ("entry", "changed"),
    [
        (fault("internal_short", component="m03/c05"), "soc"),
        (fault("loose_joint", component="m03/c05", parameters={"resistance_mohm": 5}), "heat"),
        (fault("heater", component="m03"), "heat"),
        (fault("lost_airflow", component="m03"), "heat"),
    ],
)
def test_each_fault_of_the_physics_shows_in_its_module(
    entry: dict[str, object], changed: str
) -> None:
    mains_off = {"action": "mains", "target": "U1", "present": False}
    healthy, world = make_world(mains_off), make_world(mains_off, entry)

    for each in (healthy, world):
        each.advance(to_s=900)

    sick, well = world.racks["R1"].state, healthy.racks["R1"].state
    difference = well.soc.min(axis=1) - sick.soc.min(axis=1)
    if changed == "heat":
        difference = sick.temperature_c - well.temperature_c
    assert difference.argmax() == 2
    assert difference[2] > 0.005


def test_lost_cooling_warms_the_room_and_its_return_cools_it() -> None:
    world = make_world(
        fault("cooling_lost", "room", parameters={"rise_k_per_min": 1.0}, lasts_s=600)
    )

    world.advance(to_s=600)
    warm_c = world.air["room"].air_c
    world.advance(to_s=4000)

    assert warm_c == pytest.approx(32.0)
    assert world.air["room"].air_c == pytest.approx(22.0)
    assert reading(world, "-:ambient_temperature_c") == pytest.approx(22.0)


def test_the_bms_count_of_charge_is_off_by_what_the_scenario_says() -> None:
    world = make_world(every_rack={"ups_id": "U1", "soc_pct": 80, "soc_error_pct": 10})

    assert reading(world, "-:soc_pct") == pytest.approx(90, abs=0.5)
    assert world.racks["R1"].state.soc.mean() == pytest.approx(0.8, abs=0.005)


def test_every_kind_of_fault_can_be_begun_and_lifted() -> None:
    target = {Realm.SNMP: "U1", Realm.ROOM: "room"}
    for kind in FAULT_KINDS.values():
        at = target.get(kind.realm, "R1")
        world = make_world(fault(kind.name, at), {"action": "clear", "target": at, "minute": 1})

        world.advance(to_s=61)

        assert not world.racks["R1"].faults


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_scenario_lives_ten_minutes_twice_the_same(name: str) -> None:
    scenario = find_scenario(name)
    worlds = [World(scenario, profile=rack_profile()) for _ in range(2)]

    for world in worlds:
        world.advance(to_s=600)

    for rack in worlds[0].racks:
        one, other = (world.racks[rack].reading() for world in worlds)
        assert np.array_equal(one, other, equal_nan=True)
        assert np.isfinite(one).all()


def test_nothing_in_the_quiet_room_comes_near_a_limit() -> None:
    world = World(find_scenario("quiet"), profile=rack_profile())

    for minute in range(1, 16):
        world.advance(to_s=60.0 * minute)
        for rack in world.racks:
            spread_v = reading(world, "-:cell_voltage_v_max", rack) - reading(
                world, "-:cell_voltage_v_min", rack
            )
            assert reading(world, "-:module_temperature_c_max", rack) < 30
            assert spread_v < 0.04
            assert world.racks[rack].faults == ()


def test_the_tour_shows_its_faults_within_fifteen_minutes() -> None:
    world = World(find_scenario("tour"), profile=rack_profile())

    world.advance(to_s=120)
    silent = world.racks["B-R2"].modbus_fault()
    world.advance(to_s=420)
    hottest_c = reading(world, "-:module_temperature_c_max", "A-R2")
    world.advance(to_s=930)

    assert silent is not None
    assert silent.kind.name == "silent"
    assert world.racks["B-R2"].modbus_fault() is None
    assert hottest_c > 50
    assert not world.ups["UPS-C"].readings().mains_present


def test_daejeon_is_flat_until_the_flash_and_silent_after_it() -> None:
    world = World(find_scenario("daejeon"), profile=rack_profile())
    seconds = {"work": 45 * 60, "flash": 50 * 60 + 44, "explosion": 52 * 60 + 14}

    world.advance(to_s=seconds["work"])
    closed = [name for name, rack in world.racks.items() if rack.is_connected]
    temperatures = [reading(world, "-:module_temperature_c_max", r) for r in world.racks]
    at_work = {q: reading(world, f"-:{q}", "UPS-5-R1") for q in ("soc_pct", "bus_voltage_v")}
    world.advance(to_s=seconds["flash"])
    silent_first = [n for n, r in world.racks.items() if r.modbus_fault() is not None]
    world.advance(to_s=seconds["explosion"])

    assert closed == [f"UPS-5-R{n}" for n in range(2, 9)]
    assert max(temperatures) < 28
    assert at_work["soc_pct"] == pytest.approx(90, abs=0.7)
    assert at_work["bus_voltage_v"] > 700  # live, though rack 1 and the UPS are open
    assert silent_first == ["UPS-5-R4", "UPS-5-R5"]
    assert all(rack.modbus_fault() is not None for rack in world.racks.values())
