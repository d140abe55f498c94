"""Brings work orders in line with a calendar that was imported: what is new, changed, cancelled.

A work order knows the event that it came from (`source`). What has ended already is no plan any
more and opens nothing. An order that people closed stays closed, unless its event was moved since:
then the work is planned anew, under a new number. Events that are no longer in the file change
nothing, because many programs export a month at a time: work is cancelled by an event that says so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from batteryd.domain.work import WorkOrder, WorkState
from batteryd.permits import lifecycle
from batteryd.permits.dossier import number_of
from batteryd.permits.lifecycle import Reason, Transition
from batteryd.permits.paper import open_order
from batteryd.store.ledger_transaction import Transaction
from batteryd.store.records import WORK_ORDERS

# What a calendar says of an order. Its number, its contractor and its state are ours.
PLANNED_FIELDS = ("kind", "starts_at_s", "ends_at_s", "batteries", "people", "title")


class Action(StrEnum):
    """What an event does to a work order."""

    OPEN = "open"
    CHANGE = "change"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Difference:
    """One event that differs from what the ledger has."""

    action: Action
    plan: WorkOrder  # as the calendar has it
    order: WorkOrder | None = None  # as the ledger has it; None: there is none yet
    fields: tuple[str, ...] = ()  # of a change: what differs
    refused: Reason | None = None  # why it cannot be done


def differences(
    plans: Iterable[tuple[WorkOrder, bool]], orders: Mapping[str, WorkOrder], *, now_s: float
) -> tuple[Difference, ...]:
    """Return what a calendar would change; `plans` says of each whether it is cancelled."""
    newest = {o.source: o for o in sorted(orders.values(), key=_number) if o.source}
    found = (
        _difference(plan, newest.get(plan.source), is_cancelled=is_cancelled, now_s=now_s)
        for plan, is_cancelled in plans
    )
    return tuple(difference for difference in found if difference is not None)


def apply(tx: Transaction, difference: Difference, *, by: str, now_s: float) -> WorkOrder:
    """Do what a difference says, which must not be refused; return the order after it."""
    order, plan = difference.order, difference.plan
    if order is None:
        return open_order(tx, plan, by=by, now_s=now_s)
    after, reason = _transition(difference.action, order, plan, by=by, now_s=now_s)
    what = ", ".join(difference.fields) or "cancelled"
    tx.records.put(
        WORK_ORDERS,
        after.work_order_id,
        after,
        actor=by,
        action=reason.value,
        comment=f"as the calendar says: {what}",
    )
    return after


def _difference(
    plan: WorkOrder, order: WorkOrder | None, *, is_cancelled: bool, now_s: float
) -> Difference | None:
    if order is not None and order.state is not WorkState.CLOSED:
        return _of_open(plan, order, is_cancelled=is_cancelled, now_s=now_s)
    was_done = order is not None and not _differing(plan, order)
    if is_cancelled or was_done or plan.ends_at_s <= now_s:
        return None
    return Difference(Action.OPEN, plan)


def _of_open(
    plan: WorkOrder, order: WorkOrder, *, is_cancelled: bool, now_s: float
) -> Difference | None:
    fields = () if is_cancelled else _differing(plan, order)
    if not is_cancelled and not fields:
        return None
    action = Action.CANCEL if is_cancelled else Action.CHANGE
    transition = _transition(action, order, plan, by="", now_s=now_s)
    refused = transition.reason if transition.is_refused else None
    return Difference(action, plan, order, fields, refused)


def _transition(
    action: Action, order: WorkOrder, plan: WorkOrder, *, by: str, now_s: float
) -> Transition:
    if action is Action.CANCEL:
        return lifecycle.abandon(order, by=by, now_s=now_s)
    return lifecycle.change(order, plan=replace(plan, contractor=order.contractor), now_s=now_s)


def _differing(plan: WorkOrder, order: WorkOrder) -> tuple[str, ...]:
    return tuple(
        name.removesuffix("_s")
        for name in PLANNED_FIELDS
        if getattr(plan, name) != getattr(order, name)
    )


def _number(order: WorkOrder) -> int:
    return number_of(order.work_order_id)
