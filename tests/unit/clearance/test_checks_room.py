"""PW-06: alarms in the room, active or of the last day."""

from typing import Any

import pytest

from batteryd.clearance.checks_room import alarm_in_room
from batteryd.clearance.facts import AlarmFacts, AlarmTrouble, Facts
from tests.clearances import AS_OF_S, HOUR_S, make_facts, make_order, make_rack
from tests.listed import listed

DAY_S = 24 * HOUR_S


def thermal(**changes: Any) -> AlarmFacts:
    facts: dict[str, Any] = {
        "trouble": AlarmTrouble.THERMAL,
        "raised_at_s": AS_OF_S - 3 * DAY_S,
        "room_id": "room-5b",
        **changes,
    }
    return AlarmFacts(**facts)


def subjects(facts: Facts) -> list[str]:
    return [hold.subject for hold in alarm_in_room(facts)]


@pytest.mark.parametrize(
    ("trouble", "counts"),
    [
        (AlarmTrouble.THERMAL, True),
        (AlarmTrouble.IMBALANCE, True),
        (AlarmTrouble.INSULATION, True),
        (AlarmTrouble.GAS, True),
        (AlarmTrouble.COMMUNICATION, False),  # silence is the matter of PW-05
    ],
)
def test_what_may_burn_counts(trouble: AlarmTrouble, counts: bool) -> None:
    facts = make_facts(alarms=(thermal(trouble=trouble),))

    assert subjects(facts) == (["room-5b"] if counts else [])


@pytest.mark.parametrize(
    ("raised_ago_s", "returned_ago_s", "counts"),
    [
        (3 * DAY_S, None, True),
        (0, None, True),
        (-1, None, False),  # not raised yet
        (3 * DAY_S, DAY_S, True),  # exactly a day over
        (3 * DAY_S, DAY_S + 1, False),
        (3 * DAY_S, 0, True),
        (3 * DAY_S, -HOUR_S, True),  # will return, has not
    ],
)
def test_an_alarm_counts_until_a_day_after_its_return(
    raised_ago_s: float, returned_ago_s: float | None, counts: bool
) -> None:
    returned_at_s = None if returned_ago_s is None else AS_OF_S - returned_ago_s
    alarm = thermal(raised_at_s=AS_OF_S - raised_ago_s, returned_at_s=returned_at_s)

    assert bool(subjects(make_facts(alarms=(alarm,)))) is counts


@pytest.mark.parametrize(
    ("alarm", "expected"),
    [
        (thermal(room_id="room-5b"), ["room-5b"]),
        (thermal(room_id="room-6a"), []),
        (thermal(room_id=None, asset_id="rack-8"), ["room-5b"]),  # by its battery's room
        (thermal(room_id=None, asset_id="rack-60"), []),
        (thermal(room_id="room-5b", asset_id="ups-1"), ["room-5b"]),  # no battery
        (thermal(room_id=None, asset_id="rack-77"), ["WO-5B-3"]),  # nobody knows where that is
        (thermal(room_id=None), ["WO-5B-3"]),
    ],
)
def test_an_alarm_is_in_its_room_in_that_of_its_battery_or_perhaps_here(
    alarm: AlarmFacts, expected: list[str]
) -> None:
    facts = make_facts(
        make_rack("rack-1"),
        make_rack("rack-8", dc_bus_id="bus-2"),
        make_rack("rack-60", dc_bus_id="bus-3", room_id="room-6a"),
        alarms=(alarm,),
    )

    assert subjects(facts) == expected


def test_a_battery_of_unknown_room_has_unknown_neighbours() -> None:
    (hold,) = alarm_in_room(make_facts(make_rack(room_id=None)))

    assert hold.subject == "rack-1"
    assert hold.text == "rack-1: its room is unknown, and so are the alarms in it"


def test_alarms_of_one_room_are_one_hold_that_names_each() -> None:
    over = thermal(
        trouble=AlarmTrouble.IMBALANCE, room_id=None, asset_id="rack-1",
        returned_at_s=AS_OF_S - 2 * HOUR_S, text="cell spread 62 mV",
    )  # fmt: skip

    (hold,) = alarm_in_room(make_facts(alarms=(thermal(), over)))

    assert hold.text == (
        "room room-5b: thermal alarm, active since 2025-09-23T10:31:44Z"
        " and imbalance alarm at rack-1, over for 2.0 h"
    )
    assert listed(hold.evidence["alarms"])[1] == {
        "kind": "imbalance",
        "battery": "rack-1",
        "raised_at": "2025-09-23T10:31:44Z",
        "returned_at": "2025-09-26T08:31:44Z",
        "text": "cell spread 62 mV",
    }


def test_every_room_of_the_order_is_looked_at_once() -> None:
    facts = make_facts(
        make_rack("rack-1"),
        make_rack("rack-2"),
        make_rack("rack-60", room_id="room-6a"),
        order=make_order(batteries=("rack-1", "rack-2", "rack-60")),
        alarms=(thermal(), thermal(room_id="room-6a")),
    )

    assert subjects(facts) == ["room-5b", "room-6a"]
