"""Checks a work order and moves it accordingly: GO clears, HOLD takes back the GO that stands.

All of it happens in the caller's transaction: what is decided on cannot change before the decision
is written. A standing GO is compared with what was read when it was first given. A renewal gives it
more time and keeps those readings, or a battery that warms by a little every hour could pass every
check of the day.
"""

from dataclasses import replace
from typing import NamedTuple

from batteryd.clearance.decide import decide
from batteryd.clearance.facts import Facts, Grant
from batteryd.clearance.scope import in_scope, on_their_buses
from batteryd.domain.clearance import Clearance, Decision
from batteryd.domain.work import WorkOrder, WorkState
from batteryd.permits import lifecycle
from batteryd.permits.closing import ISOLATING
from batteryd.permits.dossier import GRANTS, Dossier, read_dossier
from batteryd.permits.facts import Sight, facts_of
from batteryd.permits.lifecycle import Reason, Transition
from batteryd.store.ledger_transaction import Transaction
from batteryd.store.records import CLEARANCES, WORK_ORDERS


class Checked(NamedTuple):
    """An order as it stands after a check, and what the check said."""

    order: WorkOrder
    clearance: Clearance


def check(
    tx: Transaction, order: WorkOrder, *, sight: Sight, now_s: float, actor: str
) -> Checked | Reason:
    """Decide, record the decision, and clear or revoke the order.

    A GO that would be over before the work is planned to begin is recorded and clears nothing: it
    says how things stand so far in advance, and whoever starts needs a newer one.

    Returns:
        what the check said, or why there is nothing to check any more.
    """
    dossier = read_dossier(tx, order)
    over = _over(dossier)
    if over is not None:
        return over
    facts = facts_of(dossier, sight=sight, as_of_s=now_s)
    clearance = decide(facts)
    _record(tx, clearance, action="checked", actor=actor)
    if clearance.decision is Decision.HOLD:
        return Checked(_moved(tx, _revoked(order, clearance), actor=actor), clearance)
    until_s = _valid_until_s(facts)
    if until_s <= order.starts_at_s:
        return Checked(order, clearance)
    transition = lifecycle.clear(order, until_s=until_s, now_s=now_s)
    tx.records.put(
        GRANTS,
        order.work_order_id,
        _grant(facts, until_s=until_s),
        actor=actor,
        action=transition.reason.value,
    )
    return Checked(_moved(tx, transition, actor=actor), clearance)


def start(
    tx: Transaction, order: WorkOrder, *, sight: Sight, now_s: float, by: str
) -> Checked | Reason:
    """Begin the work if the GO stands at this very moment; otherwise it is taken back.

    Returns:
        why the order cannot be started at all, or what the check of this moment said.
    """
    dossier = read_dossier(tx, order)
    started = lifecycle.start(order, by=by, now_s=now_s)
    refused = _over(dossier) or (started.reason if started.is_refused else None)
    if refused is not None:
        return refused
    clearance = decide(facts_of(dossier, sight=sight, as_of_s=now_s))
    _record(tx, clearance, action="checked before the start", actor=by)
    holds = clearance.decision is Decision.HOLD
    transition = _revoked(order, clearance) if holds else started
    return Checked(_moved(tx, transition, actor=by), clearance)


def withdraw(tx: Transaction, clearance: Clearance, *, actor: str) -> WorkOrder | None:
    """Take back the GO that a later decision contradicts, with that decision.

    Returns:
        the order, revoked; None where no GO stands any more, and nothing was written.
    """
    order = tx.records.one(WORK_ORDERS, clearance.work_order_id)
    if order is None:
        return None
    transition = _revoked(order, clearance)
    if transition.is_refused:
        return None
    _record(tx, clearance, action="revoked", actor=actor)
    return _moved(tx, transition, actor=actor)


def _over(dossier: Dossier) -> Reason | None:
    if dossier.order.state is WorkState.CLOSED:
        return Reason.IS_CLOSED
    return Reason.WORK_HAS_ENDED if dossier.work_has_ended else None


def _revoked(order: WorkOrder, clearance: Clearance) -> Transition:
    because = tuple(f"{hold.code.value} {hold.text}" for hold in clearance.holds)
    return lifecycle.revoke(order, because=because, now_s=clearance.as_of_s)


def _valid_until_s(facts: Facts) -> float:
    """Return when a GO that is given now ends by itself, whether or not another one stands."""
    fresh = decide(replace(facts, grant=None))
    return fresh.valid_until_s or facts.as_of_s


def _grant(facts: Facts, *, until_s: float) -> Grant:
    """Return the GO with what must not change: the batteries of the order, and all on their buses.

    Where nothing has to be isolated, the neighbours on the bus are in service and may be charged;
    so may be the other batteries in the room. What goes wrong with them is an alarm (PW-06).
    """
    if facts.grant is not None:
        return replace(facts.grant, valid_until_s=until_s)
    watched = on_their_buses(facts) if facts.order.kind in ISOLATING else in_scope(facts)
    readings = {battery.asset_id: battery.reading for battery in watched}
    return Grant(granted_at_s=facts.as_of_s, valid_until_s=until_s, readings=readings)


def _record(tx: Transaction, clearance: Clearance, *, action: str, actor: str) -> None:
    tx.records.put(CLEARANCES, clearance.work_order_id, clearance, actor=actor, action=action)


def _moved(tx: Transaction, transition: Transition, *, actor: str) -> WorkOrder:
    """Write where an order stands now, if that has changed."""
    order = transition.order
    if not transition.is_refused:
        reason = transition.reason.value
        tx.records.put(WORK_ORDERS, order.work_order_id, order, actor=actor, action=reason)
    return order
