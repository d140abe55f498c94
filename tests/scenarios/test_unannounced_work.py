"""Every scenario that ships, watched for work that nobody announced: told only where it should be.

No sockets: each rack is polled every 10 s straight from the simulated world, as its device would
have answered. No work order is ever started here.
"""

from collections.abc import Iterator

import numpy as np
import pytest

from batteryd.clearance.unannounced import UnannouncedWork
from batteryd.domain.alarm import AlarmEvent
from batteryd.domain.inventory import Battery, DcBus, Inventory, Room, Site, Source
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Snapshot, failed_snapshot
from simulators.rack import SimulatedRack
from simulators.scenario import find_scenario, shipped_names
from simulators.scenario_model import Scenario
from simulators.world import World
from tests.builders import NOON_S
from tests.listed import listed
from tests.simulated import fault, make_scenario, rack_profile

POLL_S = 10.0


def inventory_of(scenario: Scenario) -> Inventory:
    """Return the racks of a scenario; those of one gateway share its address."""
    buses = {ups.ups_id: DcBus(ups.dc_bus_id, ups.room_id, ups.name) for ups in scenario.ups}
    racks = [
        Battery(
            asset_id=rack.asset_id,
            room_id=buses[rack.ups_id].room_id,
            dc_bus_id=buses[rack.ups_id].dc_bus_id,
            rack=rack.rack,
            source=Source(f"modbus://{rack.gateway or rack.asset_id}:502/{unit}", "lithium-rack"),
        )
        for unit, rack in enumerate(scenario.rack, start=1)
    ]
    return Inventory(
        sites={s.site_id: Site(s.site_id, s.name) for s in scenario.site},
        rooms={r.room_id: Room(r.room_id, r.site_id, r.name) for r in scenario.room},
        dc_buses={bus.dc_bus_id: bus for bus in buses.values()},
        batteries={rack.asset_id: rack for rack in racks},
    )


def poll(rack: SimulatedRack, *, at_s: float) -> Snapshot:
    """Return what a poll of a simulated rack gives."""
    name = rack.table.asset_id
    wire = rack.modbus_fault()
    if wire is not None:
        failure = f"timeout: {wire.kind.meaning}"
        return failed_snapshot(name, rack.layout, at_s=at_s, failure=failure)
    values = rack.reading()
    quality = np.where(np.isnan(values), Quality.SENTINEL, Quality.GOOD).astype(np.uint8)
    return Snapshot(name, at_s, rack.layout, values, quality)


def watched(scenario: Scenario) -> Iterator[AlarmEvent]:
    """Yield the events of a whole scenario."""
    world = World(scenario, profile=rack_profile())
    work = UnannouncedWork(inventory_of(scenario))
    while world.now_s <= scenario.scenario.duration_s:
        at_s = NOON_S + world.now_s
        polls = [poll(rack, at_s=at_s) for rack in world.racks.values()]
        yield from work.step(polls, covered=(), now_s=at_s)
        world.advance(to_s=world.now_s + POLL_S)


def told(scenario: Scenario) -> list[str]:
    """Return `12:00 UPS-5-R1 raised contactor_opened breaker_opened`, in the scenario's time."""
    lines = []
    for event in watched(scenario):
        minute, second = divmod(round(event.at_s - NOON_S), 60)
        kinds = [sign["kind"] for sign in listed(event.evidence["signs"])]
        what = "more" if event.is_addition else event.change.value
        lines.append(" ".join((f"{minute:02d}:{second:02d}", event.key.asset_id, what, *kinds)))
    return lines


EXPECTED = {
    # The control box of rack 1 is opened while no work order is started. Later racks fall silent
    # one after the other, and each is told while there are others that still answer.
    "daejeon": [
        "12:00 UPS-5-R1 raised contactor_opened breaker_opened",
        "51:40 UPS-5-R4 raised rack_vanished",
        "51:40 UPS-5-R5 raised rack_vanished",
        "52:00 UPS-5-R3 raised rack_vanished",
        "52:10 UPS-5-R6 raised rack_vanished",
    ],
    "early-warning": [],
    "hot-module": [],
    "quiet": [],
    "relocation": [
        "01:20 R1 raised contactor_opened breaker_opened",
        "02:00 R2 raised contactor_opened breaker_opened",
        "02:30 R3 raised contactor_opened breaker_opened",
        "03:00 R4 raised contactor_opened breaker_opened",
        "16:00 R3 returned",
    ],
    "silent-rack": [
        "02:50 UPS-1-R2 raised rack_vanished",
        "09:00 UPS-1-R2 returned",
    ],
    "tour": [
        "02:20 B-R2 raised rack_vanished",
        "06:30 B-R2 returned",
    ],
    "unannounced-work": [
        "02:00 UPS-1-R1 raised door_opened",
        "05:00 UPS-1-R2 raised contactor_opened breaker_opened",
        "05:00 UPS-1-R1 returned",
        "10:00 UPS-1-R2 returned",
        "11:10 UPS-1-R3 raised module_vanished",
        "15:00 UPS-1-R3 returned",
        "16:00 UPS-1-R4 raised current_pinned",
        "19:00 UPS-1-R4 returned",
    ],
}


@pytest.mark.parametrize("name", shipped_names())
def test_a_scenario_tells_of_unannounced_work_where_it_should_and_nowhere_else(name: str) -> None:
    assert told(find_scenario(name)) == EXPECTED[name]


def changes_of_mains(*, minutes: tuple[float, float]) -> tuple[dict[str, object], ...]:
    failed, back = minutes
    return (
        {"action": "mains", "target": "U1", "present": False, "minute": failed},
        {"action": "mains", "target": "U1", "present": True, "minute": back},
    )


@pytest.mark.parametrize("seed", range(2))
def test_a_mains_failure_and_the_charging_after_it_are_no_work(seed: int) -> None:
    racks = [
        {"asset_id": f"R{n}", "rack": f"Rack {n}", "serial_number": f"S-{n}", "soc_pct": 70 + 5 * n}
        for n in (1, 2, 3)
    ]
    head = {"name": "test", "title": "Test", "starts_at": "now", "seed": seed, "duration_s": 5400}

    scenario = make_scenario(*changes_of_mains(minutes=(10, 25)), scenario=head, rack=racks)

    assert told(scenario) == []


def test_a_card_or_a_whole_room_that_falls_silent_is_no_work() -> None:
    everybody = [fault("silent", target, minute=2) for target in ("R1", "R2", "U1")]

    assert told(make_scenario(*everybody)) == []
