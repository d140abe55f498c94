"""What is known around an event when people are told of it."""

from dataclasses import replace
from datetime import date

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.circumstances import Circumstances, Place, place_of
from batteryd.domain.component import WHOLE_BATTERY, Scope
from batteryd.domain.inventory import Service
from batteryd.domain.message import Concerned, concerned
from batteryd.domain.warranty import WarrantyAssessment, WarrantyStatus
from tests.builders import NOON_S, make_battery, make_inventory, make_snapshot

INVENTORY = make_inventory(make_battery("rack-1"), make_battery("rack-2", ups_id=None))
WORK = Concerned("WO-1", ("Kim",), ("rack-1", "rack-2"))


def event(asset_id: str, **evidence: object) -> AlarmEvent:
    return AlarmEvent(
        key=AlarmKey("daejeon", asset_id, WHOLE_BATTERY, "clearance_revoked"),
        change=Change.RAISED,
        at_s=NOON_S,
        scope=Scope.ROOM,
        priority=Priority.CRITICAL,
        quantity="",
        value=None,
        setpoint=None,
        why="it closed",
        evidence=evidence,
    )


def warranty(asset_id: str, days_left: int | None) -> WarrantyAssessment:
    return WarrantyAssessment(
        asset_id, date(2025, 11, 25), WarrantyStatus.UNKNOWN, None, days_left, ""
    )


def test_everything_that_the_inventory_has_has_a_place() -> None:
    assert place_of(INVENTORY, "rack-1") == Place("room-5b", "ups-1", "Rack 1")
    assert place_of(INVENTORY, "ups-1") == Place("room-5b", "ups-1", "UPS 1")
    assert place_of(INVENTORY, "room-5b") == Place("room-5b", None, "Room 5B")
    assert place_of(INVENTORY, "batteryd") == Place(None, None, "batteryd")


def test_of_work_the_worst_of_its_batteries_is_told() -> None:
    seen = {
        "rack-1": make_snapshot("rack-1", at_s=NOON_S - 2),
        "rack-2": make_snapshot("rack-2", at_s=NOON_S - 50),
    }
    assessments = {"rack-1": warranty("rack-1", 20), "rack-2": warranty("rack-2", None)}

    message = Circumstances(INVENTORY, seen, assessments).message(
        event("WO-1", **WORK.as_evidence()), since_s=NOON_S
    )

    assert message.asset_name == "work order WO-1"
    assert message.observed_at_s == NOON_S - 50
    assert message.warranty is assessments["rack-2"]
    assert message.room is not None
    assert message.room.room_id == "room-5b"
    assert [s.name for s in message.services] == ["mobile identity", "staff canteen"]
    assert (message.work_order_id, message.people) == ("WO-1", ("Kim",))


def test_services_are_those_of_the_day_at_the_site() -> None:
    # 15:30 UTC is the next day in Seoul.
    inventory = replace(
        INVENTORY,
        services=(
            Service("mobile identity", 3, ups_id="ups-1"),
            Service("mobile identity", 1, ups_id="ups-1", valid_from=date(2025, 11, 26)),
        ),
    )
    known = Circumstances(inventory, {}, {})

    today = known.message(event("rack-1"), since_s=NOON_S)
    tomorrow = known.message(replace(event("rack-1"), at_s=NOON_S + 3.5 * 3600), since_s=NOON_S)

    assert [s.grade for s in today.services] == [3]
    assert [s.grade for s in tomorrow.services] == [1]


def test_an_alarm_about_batteryd_itself_is_nowhere() -> None:
    message = Circumstances(INVENTORY, {}, {}).message(event("batteryd"), since_s=NOON_S)

    assert message.room is None
    assert message.services == ()
    assert message.people == ()


def test_evidence_that_is_not_about_work_names_nobody() -> None:
    assert concerned(WORK.as_evidence()) == WORK
    assert concerned({"work_order_id": "WO-1"}) is None
    assert concerned({}) is None
