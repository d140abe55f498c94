"""The blast radius of a battery, a DC bus and a room, in services."""

from dataclasses import replace
from datetime import date

import pytest

from batteryd.domain.clearance import ImpactedService
from batteryd.domain.impact import impact_of
from batteryd.domain.inventory import DcBus, Room, Service, Ups
from tests.builders import make_battery, make_inventory

DAY = date(2025, 9, 26)

# ups-1 and its rack are in room 5B; ups-2 stands in 5C and its rack in 5B, on bus-2 of 5C.
INVENTORY = replace(
    make_inventory(
        make_battery("rack-1"),
        make_battery("rack-2", ups_id="ups-2", dc_bus_id="bus-2"),
        make_battery("rack-3", ups_id="ups-3", dc_bus_id="bus-3", room_id="room-7"),
    ),
    rooms={r: Room(r, "daejeon", r) for r in ("room-5b", "room-5c", "room-7")},
    dc_buses={
        "bus-1": DcBus("bus-1", "room-5b", "Bus 1"),
        "bus-2": DcBus("bus-2", "room-5c", "Bus 2"),
        "bus-3": DcBus("bus-3", "room-7", "Bus 3"),
    },
    ups={
        "ups-1": Ups("ups-1", "room-5b", "UPS 1"),
        "ups-2": Ups("ups-2", "room-5c", "UPS 2"),
        "ups-3": Ups("ups-3", "room-7", "UPS 3"),
    },
    services=(
        Service("mobile identity", 1, ups_id="ups-1"),
        Service("postal banking", 1, ups_id="ups-2"),
        Service("public notices", 3, ups_id="ups-3"),
        Service("staff canteen", 4, room_id="room-5b"),
        Service("archive", 2, room_id="room-5c"),
    ),
)


def names(impact: tuple[ImpactedService, ...]) -> list[str]:
    return [service.name for service in impact]


@pytest.mark.parametrize(
    ("battery", "expected"),
    [
        ("rack-1", ["mobile identity", "staff canteen"]),
        ("rack-2", ["postal banking", "staff canteen"]),
        ("rack-3", ["public notices"]),
        ("rack-9", []),
    ],
)
def test_a_battery_reaches_the_services_of_its_ups_and_of_its_room(
    battery: str, expected: list[str]
) -> None:
    assert names(impact_of(INVENTORY, batteries=[battery], day=DAY)) == expected


def test_a_dc_bus_reaches_what_its_batteries_reach_and_its_own_room() -> None:
    found = impact_of(INVENTORY, dc_bus="bus-2", day=DAY)

    assert names(found) == ["postal banking", "archive", "staff canteen"]


def test_a_room_reaches_its_ups_and_the_ups_of_every_battery_in_it() -> None:
    assert names(impact_of(INVENTORY, room="room-5b", day=DAY)) == [
        "mobile identity",  # UPS 1 stands in it
        "postal banking",  # a battery of UPS 2 does
        "staff canteen",
    ]
    assert names(impact_of(INVENTORY, room="room-5c", day=DAY)) == ["postal banking", "archive"]


def test_nothing_named_reaches_nothing() -> None:
    orphan = replace(INVENTORY, services=(Service("orphan", 1),))

    assert impact_of(INVENTORY, day=DAY) == ()
    assert impact_of(orphan, room="room-5b", day=DAY) == ()


def test_a_service_comes_once_with_its_best_grade_and_every_way_to_it() -> None:
    inventory = replace(
        INVENTORY,
        services=(
            Service("payments", 3, room_id="room-5b"),
            Service("payments", 2, ups_id="ups-1"),
            Service("chat", 2, ups_id="ups-1"),
        ),
    )

    found = impact_of(inventory, batteries=["rack-1"], day=DAY)

    assert found == (
        ImpactedService("chat", 2, "UPS ups-1"),
        ImpactedService("payments", 2, "UPS ups-1, room room-5b"),
    )


def test_a_grade_that_changed_yesterday_counts_today() -> None:
    inventory = replace(
        INVENTORY,
        services=(
            Service("payments", 3, ups_id="ups-1"),
            Service("payments", 1, ups_id="ups-1", valid_from=date(2025, 9, 25)),
        ),
    )

    before = impact_of(inventory, batteries=["rack-1"], day=date(2025, 9, 24))
    after = impact_of(inventory, batteries=["rack-1"], day=DAY)

    assert [s.grade for s in (*before, *after)] == [3, 1]
