"""What the alarms about work say to somebody who is woken by them."""

from datetime import date

import pytest

from batteryd.domain.alarm import Change, Priority
from batteryd.domain.clearance import Clearance, Decision, Hold, HoldCode
from batteryd.domain.component import Scope
from batteryd.domain.inventory import Inventory
from batteryd.domain.message import concerned
from batteryd.domain.warranty import WarrantyStatus
from batteryd.domain.work import WorkOrder, WorkState
from batteryd.permits import alarms
from batteryd.rules.lifecycle import advance
from tests.builders import NOON_S
from tests.work_site import PEOPLE, make_order, read_inventory

LIVE = tuple(
    Hold(HoldCode.NOT_ISOLATED, rack, f"{rack} is not proven isolated", {"current_a": 3.5})
    for rack in ("R1", "R2", "R3")
)
WARM = Hold(HoldCode.PERMIT_VOID, "R1", "R1 has changed since the GO")


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    return read_inventory(tmp_path_factory.mktemp("site"))


def revoked(**changes: object) -> WorkOrder:
    started = {"state": WorkState.REVOKED, "started_at_s": NOON_S - 600}
    return make_order(**{**started, "cleared_until_s": NOON_S + 3600, **changes})


def hold(*holds: Hold, as_of_s: float = NOON_S) -> Clearance:
    return Clearance("WO-1", Decision.HOLD, as_of_s, holds, (), (), (), None)


def test_a_revocation_names_every_code_once_and_keeps_all_as_evidence(
    inventory: Inventory,
) -> None:
    event = alarms.revoked(revoked(), clearance=hold(WARM, *LIVE), inventory=inventory, at_s=NOON_S)

    assert event.why == (
        "The GO for WO-1 (relocate Rack 1 (R1), Rack 2 (R2)) is revoked."
        " PW-04: R1 is not proven isolated (and 2 more). PW-09: R1 has changed since the GO."
    )
    assert event.action == (
        "Stop work on Rack 1 (R1), Rack 2 (R2). Leave 5F 전산실 and count everybody:"
        " Kim Minsu, Lee Jiwon. Nobody goes back before a new check says GO."
    )
    assert str(event.key) == "daejeon/WO-1/-/clearance_revoked"
    assert event.scope is Scope.ROOM
    holds = event.evidence["holds"]
    assert isinstance(holds, list)
    assert [h["subject"] for h in holds] == ["R1", "R1", "R2", "R3"]


def test_a_long_order_is_named_by_its_first_batteries(inventory: Inventory) -> None:
    order = revoked(batteries=("R1", "R2", "R3", "R9", "R77", "R78"))

    event = alarms.revoked(order, clearance=hold(WARM), inventory=inventory, at_s=NOON_S)

    assert "Rack 1 (R1), Rack 2 (R2), Rack 3 (R3), Rack 9 (R9) and 2 more" in event.why
    assert "Leave 5F 전산실, room-4f and count" in event.action
    assert concerned(event.evidence) == ("WO-1", PEOPLE, order.batteries)


@pytest.mark.parametrize(
    ("order", "clearance", "priority"),
    [
        (revoked(), hold(WARM), Priority.CRITICAL),
        (revoked(started_at_s=None), hold(WARM), Priority.CRITICAL),
        (revoked(), hold(WARM, as_of_s=NOON_S + 3600), Priority.CRITICAL),
        (revoked(started_at_s=None), hold(WARM, as_of_s=NOON_S + 3600), Priority.MEDIUM),
        (revoked(started_at_s=None), hold(*LIVE, as_of_s=NOON_S + 3600), Priority.CRITICAL),
        (revoked(started_at_s=None), None, Priority.CRITICAL),
    ],
)
def test_only_a_go_that_ran_out_over_an_empty_room_can_wait(
    inventory: Inventory, order: WorkOrder, clearance: Clearance | None, priority: Priority
) -> None:
    event = alarms.revoked(order, clearance=clearance, inventory=inventory, at_s=NOON_S)

    assert event.priority is priority


def test_a_revocation_without_its_decision_still_says_why(inventory: Inventory) -> None:
    order = revoked(revoked_because=("PW-04 R3 is not proven isolated",), batteries=("R88",))

    event = alarms.revoked(order, clearance=None, inventory=inventory, at_s=NOON_S)

    assert event.why.endswith("is revoked. PW-04 R3 is not proven isolated")
    assert "Leave the room and count" in event.action
    assert event.key.site_id == "daejeon"
    assert event.scope is Scope.BATTERY


def test_what_nobody_knows_is_not_covered(inventory: Inventory) -> None:
    order = make_order(batteries=("R1", "R9", "R88"))

    found = alarms.uncovered_on_its_day(order, inventory=inventory)

    assert [(a.asset_id, a.status) for a in found] == [
        ("R9", WarrantyStatus.EXPIRED),
        ("R88", WarrantyStatus.UNKNOWN),
    ]
    assert found[0].last_day == date(2024, 8, 14)


def test_the_alarm_about_the_warranty_is_for_those_who_plan(inventory: Inventory) -> None:
    order = make_order(batteries=("R1", "R9", "R88"))
    uncovered = alarms.uncovered_on_its_day(order, inventory=inventory)

    event = alarms.out_of_warranty(order, uncovered, inventory=inventory, at_s=NOON_S)

    assert event.why == (
        "On 2025-11-25, when WO-1 (relocate Rack 1 (R1), Rack 9 (R9), R88) is planned, no warranty"
        " covers Rack 9 (R9) (over, last day 2024-08-14), R88 (unknown: not in the inventory)."
    )
    assert concerned(event.evidence) == ("WO-1", (), order.batteries)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (WorkState.PLANNED, "The plan of WO-1 was changed: it needs a GO of its own."),
        (WorkState.CLEARED, "WO-1 has a GO again."),
        (WorkState.STARTED, "WO-1 has a GO again."),
    ],
)
def test_an_order_that_is_not_revoked_any_more_says_how(state: WorkState, said: str) -> None:
    assert alarms.standing_text(make_order(state=state)) == said


def test_the_end_of_an_alarm_has_its_key_and_its_people(inventory: Inventory) -> None:
    raised = alarms.revoked(revoked(), clearance=hold(WARM), inventory=inventory, at_s=NOON_S)
    alarm = advance(None, raised).alarm

    event = alarms.returned(alarm, why="WO-1 has a GO again.", at_s=NOON_S + 60)

    assert (event.key, event.change, event.at_s) == (raised.key, Change.RETURNED, NOON_S + 60)
    assert concerned(event.evidence) == concerned(raised.evidence)
