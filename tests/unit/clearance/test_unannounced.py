"""The alarm about work that nobody announced: when it stands, and what a restart keeps."""

import json
from dataclasses import replace

import pytest

from batteryd.clearance.unannounced import UNANNOUNCED_RULE, UnannouncedWork
from batteryd.domain.alarm import AlarmKey, Change, Priority
from batteryd.domain.component import WHOLE_BATTERY
from batteryd.rules.lifecycle import advance
from batteryd.rules.rulebook import ALARMS_OF_WORK
from tests.builders import NOON_S, make_alarm
from tests.listed import listed
from tests.rulebooks import alarms_of
from tests.sightings import OPEN, PULLED, no_answer, poll, rack_inventory

RACKS = ("rack-1", "rack-2")
DOOR = {"-:door_open": 1.0}
KEY = AlarmKey("daejeon", "rack-1", WHOLE_BATTERY, UNANNOUNCED_RULE)


class Room:
    """Racks that are polled every 10 s, and the alarms about unannounced work there."""

    def __init__(self, *, covered: tuple[str, ...] = ()) -> None:
        self.work = UnannouncedWork(rack_inventory(*RACKS))
        self.covered = covered
        self.at_s = 0.0

    def show(self, *values, name="rack-1"):
        events = []
        for one in values:
            events += self.step(poll(name, at_s=self.at_s, values=one))
            self.at_s += 10.0
        return events

    def step(self, *snapshots):
        now_s = NOON_S + self.at_s
        return list(self.work.step(snapshots, covered=self.covered, now_s=now_s))


def told(events):
    return [(e.change.value, e.key.asset_id, e.is_addition) for e in events]


def test_an_opened_contactor_without_a_started_work_order_is_a_high_alarm():
    (event,) = Room().show({}, OPEN, OPEN)

    assert (event.key, event.change, event.priority) == (KEY, Change.RAISED, Priority.HIGH)
    assert event.at_s == NOON_S + 10
    assert event.why == (
        "work on Rack 1 without clearance: contactor opened between 2025-11-25T12:00:00Z and"
        " 2025-11-25T12:00:10Z. No work order for it is started; a protection trip or a fault can"
        " look the same."
    )
    assert "Rack 1" in event.action
    (sign,) = json.loads(json.dumps(event.evidence))["signs"]
    assert (sign["kind"], sign["before"], sign["after"]) == ("contactor_opened", "closed", "open")


def test_what_a_rack_shows_first_is_how_things_are():
    assert Room().show({**OPEN, **DOOR}, {**OPEN, **DOOR}) == []


def test_two_signs_of_one_poll_are_told_together():
    (event,) = Room().show({}, {**OPEN, **DOOR})

    assert "contactor opened" in event.why
    assert "and cabinet door opened" in event.why


def test_further_signs_raise_no_second_alarm_and_are_recorded_with_the_first():
    events = Room().show(
        {}, DOOR, {**DOOR, **OPEN}, {**DOOR, **OPEN, **PULLED}, {**DOOR, **OPEN, **PULLED}
    )

    assert told(events) == [
        ("raised", "rack-1", False),
        ("raised", "rack-1", True),
        ("raised", "rack-1", True),
    ]
    alarm = None
    notified = []
    for event in events:
        alarm, _, notify = advance(alarm, event)
        notified.append(notify)
    assert notified == [True, False, False]
    assert alarm is not None
    kinds = [sign["kind"] for sign in listed(alarm.evidence["signs"])]
    assert kinds == ["door_opened", "contactor_opened", "module_vanished"]
    assert "cabinet door opened" in alarm.why
    assert "vanished" in alarm.why


def test_a_sentence_names_three_signs_and_the_evidence_has_all():
    many = {
        **DOOR, **OPEN, "-:breaker_closed": 0.0,
    }  # fmt: skip

    events = Room().show({}, many, {**many, **PULLED}, {**many, **PULLED})

    assert "and 1 more." in events[-1].why
    assert len(events[-1].evidence["signs"]) == 4


def test_it_returns_once_all_that_was_seen_has_been_back_for_a_minute():
    room = Room()
    room.show({}, DOOR, {**DOOR, **OPEN})

    half = room.show(OPEN)
    back = room.show(*[{}] * 6)
    (over,) = room.show({})

    assert (half, back) == ([], [])
    assert (over.key, over.change, over.priority) == (KEY, Change.RETURNED, Priority.HIGH)
    assert over.why == "Rack 1: all is as it was before, since 2025-11-25T12:00:40Z"


def test_it_returns_without_a_further_poll_too():
    room = Room()
    room.show({}, DOOR, {})

    room.at_s = 80.0

    assert told(room.step()) == [("returned", "rack-1", False)]


def test_a_contactor_that_chatters_is_one_alarm():
    events = Room().show({}, *[OPEN, {}] * 20)

    assert [is_addition for *_, is_addition in told(events)] == [False] + [True] * 19


def test_signs_on_a_battery_of_a_started_work_order_are_announced():
    room = Room(covered=("rack-1",))

    assert room.show({}, OPEN, {**OPEN, **DOOR}) == []
    assert told(room.show({}, OPEN, name="rack-2")) == [("raised", "rack-2", False)]


def test_what_was_announced_is_not_told_when_the_work_is_over():
    room = Room(covered=("rack-1",))
    room.show({}, OPEN)

    room.covered = ()

    assert room.show(OPEN, {}, *[{}] * 8) == []
    assert told(room.show(OPEN)) == [("raised", "rack-1", False)]


def test_an_alarm_that_stands_returns_when_work_on_its_battery_is_started():
    room = Room()
    room.show({}, OPEN)

    room.covered = ("rack-1",)
    (over,) = room.step()

    assert (over.change, over.why) == (
        Change.RETURNED,
        "Rack 1: a work order for it has been started",
    )
    assert room.show({}) == []


def test_after_a_restart_the_alarm_neither_comes_again_nor_forgets_to_return():
    raised = Room().show({}, DOOR, {**DOOR, **OPEN})
    room = Room()

    restored = room.work.restore(alarms_of(raised), now_s=NOON_S)

    assert restored == ()
    assert room.show({**DOOR, **OPEN}, OPEN, OPEN) == []
    assert told(room.show(*[{}] * 7)) == [("returned", "rack-1", False)]


def test_after_a_restart_it_also_returns_where_all_was_undone_meanwhile():
    room = Room()
    room.work.restore(alarms_of(Room().show({}, OPEN)), now_s=NOON_S)

    events = room.show(*[{}] * 8)

    assert [(e.change, e.at_s - NOON_S) for e in events] == [(Change.RETURNED, 60)]


def test_an_alarm_whose_evidence_cannot_be_read_does_not_stand_for_ever():
    room = Room()
    room.work.restore([make_alarm(KEY, evidence={"signs": [{"kind": "rain"}]})], now_s=NOON_S)

    assert told(room.show(*[{}] * 7)) == [("returned", "rack-1", False)]


def test_alarms_of_other_rules_are_left_alone():
    room = Room()

    assert room.work.restore([make_alarm()], now_s=NOON_S) == ()
    assert room.show(*[{}] * 9) == []


@pytest.mark.parametrize(
    "inventory",
    [
        rack_inventory("rack-2"),
        rack_inventory("rack-1", source=None),
        replace(
            rack_inventory("rack-1"),
            rooms={"room-5b": replace(rack_inventory().rooms["room-5b"], site_id="seoul")},
        ),
    ],
)
def test_an_alarm_ends_with_the_battery_it_is_about(inventory):
    raised = Room().show({}, OPEN)
    reloaded, restarted = Room(), UnannouncedWork(inventory)
    reloaded.show({}, OPEN)

    by_reload = reloaded.work.reload(inventory, now_s=NOON_S + 60)
    by_restart = restarted.restore(alarms_of(raised), now_s=NOON_S + 60)

    for (event,) in (by_reload, by_restart):
        assert (event.key, event.change) == (KEY, Change.RETURNED)
        assert "no longer watched" in event.why


def test_a_reload_of_the_same_inventory_is_not_noticed():
    room = Room()
    room.show({}, OPEN)

    assert room.work.reload(rack_inventory(*RACKS), now_s=NOON_S + 20) == ()
    assert room.show(OPEN, {}, OPEN) != []


def test_a_silent_room_is_no_work():
    room = Room()
    for n in range(30):
        at_s = 10.0 * n
        shots = [poll(name, at_s=at_s) if n == 0 else no_answer(name, at_s=at_s) for name in RACKS]

        assert room.step(*shots) == []


def test_the_rules_know_its_name():
    assert UNANNOUNCED_RULE in ALARMS_OF_WORK
