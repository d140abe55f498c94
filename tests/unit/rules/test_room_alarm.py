"""What is told and recorded of one event after the other, where batteries share a room."""

import json
from dataclasses import replace

import pytest

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import Scope, parse_component
from batteryd.rules.found import FOUND
from batteryd.rules.kind import Standing
from batteryd.rules.room_alarm import LISTED_MAX
from batteryd.rules.room_folding import RoomFolding
from tests.builders import NOON_S
from tests.rulebooks import make_asset, shipped_rulebook

HALF_HOUR_S = 1800.0
RACKS = [f"rack-{number}" for number in range(1, 31)]
QUANTITY = {
    "room_warming": "ambient_temperature_c",
    "ambient_high": "ambient_temperature_c",
    "module_temperature": "temperature_c",
}
PLACE = {"room_warming": "s1", "ambient_high": "-", "module_temperature": "s1/m03"}


@pytest.fixture
def folding():
    return another_daemon()


def another_daemon():
    made = RoomFolding()
    assets = [replace(make_asset(), asset_id=name, name=name) for name in RACKS]
    made.know(assets, shipped_rulebook().tables.values())
    return made


def event(asset_id, rule, *, at_s=NOON_S, place=None, priority=Priority.MEDIUM, **changes):
    component = parse_component(place or PLACE[rule])
    limit = {"column": f"{component}/t1:{QUANTITY[rule]}"} if component.module else {}
    made = AlarmEvent(
        key=AlarmKey("daejeon", asset_id, component, rule),
        change=Change.RAISED,
        at_s=at_s,
        scope=Scope.MODULE if component.module else Scope.ROOM,
        priority=priority,
        quantity=QUANTITY[rule],
        value=41.0,
        setpoint=40.0,
        why=f"{asset_id} says {rule}",
        evidence=limit,
    )
    return replace(made, **changes)


def over(asset_id, rule, **more):
    return event(asset_id, rule, change=Change.RETURNED, **more)


def said(folding, *events, now_s=NOON_S):
    """Return what becomes of events: alarm, and whether it is told."""
    folded = folding.fold(events, now_s=now_s)
    return [(f"{e.key.asset_id} {e.key.rule}", e.change.value, not e.is_addition) for e in folded]


ADDED = [("rack-1 room_warming", "raised", False)]
OF_MODULE = "rack-2 module_temperature"


def test_what_explains_the_others_comes_first_of_what_one_poll_says(folding):
    together = [event("rack-1", rule) for rule in reversed(QUANTITY)]

    assert said(folding, *together) == [("rack-1 room_warming", "raised", True), *ADDED, *ADDED]


def test_more_that_is_found_in_a_module_that_was_told_before_stays_with_its_alarm(folding):
    hot = event("rack-2", "module_temperature")
    said(folding, hot)
    said(folding, event("rack-1", "room_warming"))

    more = said(folding, replace(hot, why="it leaks, too", is_addition=True))

    assert more == [(OF_MODULE, "raised", False)]


def test_more_that_is_found_in_a_module_that_was_added_is_added(folding):
    hot = event("rack-2", "module_temperature")
    said(folding, event("rack-1", "room_warming"), hot)

    (more,) = folding.fold(
        [replace(hot, why="rack-2 is hot. Added: rack-2 leaks", is_addition=True)], now_s=NOON_S
    )

    assert str(more.key) == "daejeon/rack-1/s1/room_warming"
    assert more.why == "rack-1 says room_warming. Added: rack-2 leaks"


def test_an_alarm_that_goes_by_a_hot_module_is_still_about_the_room(folding):
    said(folding, event("rack-1", "room_warming"))

    (worse,) = folding.fold(
        [event("rack-2", "module_temperature", priority=Priority.HIGH)], now_s=NOON_S
    )

    assert (worse.scope, worse.priority, worse.is_addition) == (Scope.ROOM, Priority.HIGH, False)
    assert worse.why == "rack-2 says module_temperature"


def test_what_waits_for_half_an_hour_is_told_once_and_not_before(folding):
    hot = event("rack-2", "module_temperature")
    said(folding, event("rack-1", "room_warming"), hot)
    said(folding, over("rack-1", "room_warming"))

    more = said(folding, replace(hot, is_addition=True), now_s=NOON_S + 60)
    before = said(folding, now_s=NOON_S + HALF_HOUR_S - 1)
    then = said(folding, now_s=NOON_S + HALF_HOUR_S)

    assert (more, before) == ([], [])
    assert then == [(OF_MODULE, "raised", True)]
    assert not folding.is_waiting


def test_what_waits_is_told_at_once_when_it_is_critical(folding):
    hot = event("rack-2", "module_temperature")
    said(folding, event("rack-1", "room_warming"), hot)
    said(folding, over("rack-1", "room_warming"))

    now = said(folding, replace(hot, priority=Priority.CRITICAL), now_s=NOON_S + 60)

    assert now == [(OF_MODULE, "raised", True)]
    assert not folding.is_waiting


def test_what_waits_belongs_to_a_room_that_fails_again(folding):
    hot = event("rack-2", "module_temperature")
    said(folding, event("rack-1", "room_warming"), hot)
    said(folding, over("rack-1", "room_warming"))
    said(folding, event("rack-1", "room_warming", at_s=NOON_S + 60), now_s=NOON_S + 60)

    more = said(folding, replace(hot, is_addition=True), now_s=NOON_S + 120)
    then = said(folding, now_s=NOON_S + HALF_HOUR_S)

    assert (more, then) == (ADDED, [])


def test_a_rack_that_says_it_again_adds_to_the_alarm_that_others_keep_standing(folding):
    said(folding, event("rack-1", "room_warming"), event("rack-2", "room_warming"))
    said(folding, over("rack-1", "room_warming"))

    assert said(folding, event("rack-1", "room_warming")) == ADDED


def test_what_became_critical_before_a_restart_is_given_back_as_that(folding):
    hot = event("rack-2", "module_temperature")
    critical = replace(hot, priority=Priority.CRITICAL)
    *_, last = folding.fold([event("rack-1", "room_warming"), hot], now_s=NOON_S)
    folding.fold([critical], now_s=NOON_S)
    ledger = {e.key: Standing.of(read_back(e), raised_at_s=e.at_s) for e in (last, critical)}

    begun_anew = another_daemon()
    theirs = begun_anew.adopt(ledger, now_s=NOON_S + 10)

    assert theirs[hot.key].priority is Priority.CRITICAL
    assert said(begun_anew, over("rack-2", "module_temperature")) == [(OF_MODULE, "returned", True)]


def test_a_restart_gives_each_battery_back_what_it_had_raised(folding):
    hot = event("rack-2", "module_temperature", at_s=NOON_S + 30)
    *_, last = folding.fold([event("rack-1", "room_warming"), hot], now_s=NOON_S)
    ledger = {last.key: Standing.of(read_back(last), raised_at_s=NOON_S)}

    begun_anew = another_daemon()
    theirs = begun_anew.adopt(ledger, now_s=NOON_S + 60)

    assert set(theirs) == {last.key, hot.key}
    of_module = theirs[hot.key]
    assert (of_module.quantity, of_module.raised_at_s) == ("temperature_c", NOON_S + 30)
    assert of_module.evidence == {"column": "s1/m03/t1:temperature_c"}
    assert FOUND not in theirs[last.key].evidence


def test_a_restart_knows_how_urgent_a_member_is_and_since_when_it_is_one(folding):
    air = event("rack-2", "ambient_high", at_s=NOON_S + 30)
    worse = replace(air, at_s=NOON_S + 90, priority=Priority.HIGH)
    *_, last = folding.fold([event("rack-1", "room_warming"), air, worse], now_s=NOON_S)
    ledger = {last.key: Standing.of(read_back(last), raised_at_s=NOON_S)}

    theirs = another_daemon().adopt(ledger, now_s=NOON_S + 100)

    of_air, first = theirs[air.key], theirs[last.key]
    assert (of_air.priority, of_air.raised_at_s) == (Priority.HIGH, NOON_S + 30)
    assert (first.priority, first.raised_at_s) == (Priority.MEDIUM, NOON_S)


def read_back(one):
    return replace(one, evidence=json.loads(json.dumps(one.evidence)))


def test_the_list_of_a_large_room_names_every_rack_and_not_every_module(folding):
    for name in RACKS:
        said(folding, event(name, "room_warming"))
    recorded = [
        one
        for name in RACKS
        for module in range(1, 18)
        for one in folding.fold(
            [event(name, "module_temperature", place=f"s1/m{module:02d}")], now_s=NOON_S
        )
    ]

    entries = recorded[-1].evidence["found"]
    assert len(entries) <= LISTED_MAX + len(RACKS)
    assert {one["asset_id"] for one in entries if "/m" in one["component"]} == set(RACKS)
    assert len(recorded) < 2 * LISTED_MAX
    assert recorded[-1].why.startswith(
        "rack-1 says room_warming (also said by rack-2, rack-3, rack-4 and 26 more). Added: "
    )


def test_modules_beyond_the_list_keep_the_alarm_of_nobody_and_become_alarms_of_their_own(folding):
    said(folding, event("rack-1", "room_warming"))
    places = [f"s1/m{module:02d}" for module in range(1, LISTED_MAX + 6)]
    for place in places:
        said(folding, event("rack-2", "module_temperature", place=place))
    said(folding, over("rack-1", "room_warming"))

    then = said(folding, now_s=NOON_S + HALF_HOUR_S)

    assert then == [(OF_MODULE, "raised", True)] * len(places)
