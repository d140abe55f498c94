"""The two alarms that are about a work order: its GO was revoked; it comes after the warranty.

Their key has the work order's id in the place of an asset, so the end of an alarm closes the page
that its beginning opened.
"""

from collections.abc import Iterable
from itertools import groupby

from batteryd.domain.alarm import Alarm, AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.clearance import Clearance, Hold, HoldCode
from batteryd.domain.component import WHOLE_BATTERY, Scope
from batteryd.domain.inventory import Inventory
from batteryd.domain.message import Concerned
from batteryd.domain.warranty import WarrantyAssessment, WarrantyStatus
from batteryd.domain.work import WorkOrder, WorkState
from batteryd.permits.facts import last_planned_day
from batteryd.permits.lifecycle import has_begun
from batteryd.warranty.coverage import assess

REVOKED_RULE = "clearance_revoked"
OUT_OF_WARRANTY_RULE = "work_out_of_warranty"
RULES = frozenset({REVOKED_RULE, OUT_OF_WARRANTY_RULE})

_NAMES_MAX = 4  # batteries that a sentence names; the evidence has all


def revoked(
    order: WorkOrder, *, clearance: Clearance | None, inventory: Inventory, at_s: float
) -> AlarmEvent:
    """Return the event that a GO was taken back; `order` and `clearance` as they stand after it."""
    holds = clearance.holds if clearance is not None else ()
    is_calm = _has_only_run_out(order, clearance) and not has_begun(order)
    return _event(
        order,
        rule=REVOKED_RULE,
        inventory=inventory,
        at_s=at_s,
        priority=Priority.MEDIUM if is_calm else Priority.CRITICAL,
        people=order.people,
        why=f"The GO for {_title(order, inventory)} is revoked. {_reasons(order, holds)}",
        action=_action(order, inventory=inventory),
        evidence={
            "holds": [
                {"code": h.code.value, "subject": h.subject, "text": h.text, "evidence": h.evidence}
                for h in holds
            ]
        },
    )


def out_of_warranty(
    order: WorkOrder,
    uncovered: Iterable[WarrantyAssessment],
    *,
    inventory: Inventory,
    at_s: float,
) -> AlarmEvent:
    """Return the event that work is planned on batteries which no warranty covers on that day.

    It is for those who plan: nobody on the permit is told by name.
    """
    uncovered = tuple(uncovered)
    day = last_planned_day(order, inventory=inventory)
    named = [f"{_names([u.asset_id], inventory)} ({_standing(u)})" for u in uncovered]
    return _event(
        order,
        rule=OUT_OF_WARRANTY_RULE,
        inventory=inventory,
        at_s=at_s,
        priority=Priority.MEDIUM,
        why=f"On {day}, when {_title(order, inventory)} is planned, no warranty covers "
        + f"{_listed(named)}.",
        action="Ask the maker before the work; it holds (PW-01) until two people accept the risk.",
        evidence={"uncovered": _uncovered_evidence(uncovered)},
    )


def returned(alarm: Alarm, *, why: str, at_s: float) -> AlarmEvent:
    """Return the end of an alarm about work, under the key and with the people of its beginning."""
    return AlarmEvent(
        key=alarm.key,
        change=Change.RETURNED,
        at_s=at_s,
        scope=alarm.scope,
        priority=alarm.priority,
        quantity=alarm.quantity,
        value=alarm.value,
        setpoint=alarm.setpoint,
        why=why,
        evidence=alarm.evidence,
    )


def uncovered_on_its_day(
    order: WorkOrder, *, inventory: Inventory
) -> tuple[WarrantyAssessment, ...]:
    """Return what is known of the batteries of an order that no warranty covers on its day.

    Unknown is not covered, and neither is a battery that the inventory does not have.
    """
    day = last_planned_day(order, inventory=inventory)
    found = []
    for asset_id in order.batteries:
        battery = inventory.batteries.get(asset_id)
        found.append(
            assess(asset_id, battery.warranty, battery.dates, day)
            if battery is not None
            else WarrantyAssessment(
                asset_id, day, WarrantyStatus.UNKNOWN, None, None, "not in the inventory"
            )
        )
    return tuple(a for a in found if a.status in (WarrantyStatus.EXPIRED, WarrantyStatus.UNKNOWN))


def tells_of(alarm: Alarm, uncovered: Iterable[WarrantyAssessment]) -> bool:
    """Whether an alarm about the warranty says what is known; never where there is nothing."""
    known = _uncovered_evidence(uncovered)
    return bool(known) and alarm.evidence.get("uncovered") == known


def standing_text(order: WorkOrder) -> str:
    """Return where an order stands that is not revoked any more."""
    if order.state is WorkState.PLANNED:
        return f"The plan of {order.work_order_id} was changed: it needs a GO of its own."
    return f"{order.work_order_id} has a GO again."


def _uncovered_evidence(uncovered: Iterable[WarrantyAssessment]) -> list[object]:
    """Return what an alarm remembers, in the types that the ledger reads back."""
    return [
        {"battery": u.asset_id, "last_day": u.last_day and u.last_day.isoformat()}
        for u in uncovered
    ]


def _event(
    order: WorkOrder,
    *,
    rule: str,
    inventory: Inventory,
    at_s: float,
    priority: Priority,
    people: tuple[str, ...] = (),
    why: str,
    action: str,
    evidence: dict[str, object],
) -> AlarmEvent:
    about = Concerned(order.work_order_id, people, order.batteries)
    return AlarmEvent(
        key=AlarmKey(_site_id(order, inventory), order.work_order_id, WHOLE_BATTERY, rule),
        change=Change.RAISED,
        at_s=at_s,
        scope=Scope.BATTERY if len(order.batteries) == 1 else Scope.ROOM,
        priority=priority,
        quantity="",
        value=None,
        setpoint=None,
        why=why,
        action=action,
        evidence=about.as_evidence() | evidence,
    )


def _site_id(order: WorkOrder, inventory: Inventory) -> str:
    rooms = _rooms(order, inventory)
    return inventory.rooms[rooms[0]].site_id if rooms else next(iter(inventory.sites), "")


def _rooms(order: WorkOrder, inventory: Inventory) -> list[str]:
    """Return the rooms of an order's batteries, each once, in the order of the batteries."""
    known = (inventory.batteries.get(asset_id) for asset_id in order.batteries)
    return list(dict.fromkeys(battery.room_id for battery in known if battery is not None))


def _has_only_run_out(order: WorkOrder, clearance: Clearance | None) -> bool:
    if clearance is None or order.cleared_until_s is None:
        return False
    is_over = clearance.as_of_s >= order.cleared_until_s
    return is_over and set(clearance.codes) == {HoldCode.PERMIT_VOID}


def _reasons(order: WorkOrder, holds: Iterable[Hold]) -> str:
    """Return one clause a code: what changed, and on how many more things."""
    clauses = []
    for code, same in groupby(sorted(holds, key=lambda hold: hold.code), lambda hold: hold.code):
        first, *more = same
        clauses.append(f"{code.value}: {first.text}{f' (and {len(more)} more)' if more else ''}.")
    return " ".join(clauses or order.revoked_because)


def _action(order: WorkOrder, *, inventory: Inventory) -> str:
    names = _names(order.batteries, inventory)
    if not has_begun(order):
        return f"Do not start work on {names}. A new check has to say GO first."
    rooms = _listed([inventory.rooms[r].name for r in _rooms(order, inventory)]) or "the room"
    return (
        f"Stop work on {names}. Leave {rooms} and count everybody: {', '.join(order.people)}. "
        "Nobody goes back before a new check says GO."
    )


def _title(order: WorkOrder, inventory: Inventory) -> str:
    return f"{order.work_order_id} ({order.kind.value} {_names(order.batteries, inventory)})"


def _names(asset_ids: Iterable[str], inventory: Inventory) -> str:
    """Return batteries by the names that people gave them: `Rack 1 (UPS-5-R1)`."""
    known = ((asset_id, inventory.batteries.get(asset_id)) for asset_id in asset_ids)
    return _listed(
        [
            f"{b.rack} ({asset_id})" if b is not None and b.rack else asset_id
            for asset_id, b in known
        ]
    )


def _listed(names: list[str]) -> str:
    shown, more = names[:_NAMES_MAX], len(names) - _NAMES_MAX
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _standing(assessment: WarrantyAssessment) -> str:
    if assessment.status is WarrantyStatus.UNKNOWN:
        return f"unknown: {assessment.reason}"
    return f"over, last day {assessment.last_day}"
