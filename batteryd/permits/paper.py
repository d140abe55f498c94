"""Puts on paper what people say: plans, attestations, risk acceptances; refuses what is none.

Every function that checks returns all mistakes at once, with the names of the fields; whoever asks
(the command line, a calendar) says in which file or command they stand.
"""

import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from types import MappingProxyType

from batteryd.clearance.acceptance import ACCEPTABLE, SIGNER_COUNT_MIN
from batteryd.domain.clearance import HoldCode
from batteryd.domain.instants import ALLOWED, can_be_shown
from batteryd.domain.inventory import Inventory
from batteryd.domain.person import same_person
from batteryd.domain.work import (
    Attestation,
    AttestationKind,
    RiskAcceptance,
    WorkOrder,
    WorkState,
)
from batteryd.errors import Mistake
from batteryd.mistakes import unknown_text
from batteryd.permits.closing import REMOVING
from batteryd.permits.dossier import number_of
from batteryd.store.ledger_transaction import Transaction
from batteryd.store.records import ACCEPTANCES, ATTESTATIONS, FINDINGS, WORK_ORDERS, RecordKind, T

# What an attestation is about, beside the order. A kind that is not here is about the whole order.
SUBJECTS = MappingProxyType(
    {
        AttestationKind.BRIEFING: frozenset({"people"}),
        AttestationKind.ABSENCE_OF_VOLTAGE: frozenset({"battery", "value"}),
        AttestationKind.OWNER_NOTIFIED: frozenset({"service"}),
        AttestationKind.RECOVERY_COPY_CONFIRMED: frozenset({"service"}),
        AttestationKind.BATTERY_REMOVED: frozenset({"battery"}),
    }
)
_WHOLE_ORDER: frozenset[str] = frozenset()


def names_of(typed: Iterable[str]) -> tuple[str, ...]:
    """Return names without needless spaces, each person once, in their order; blanks are left out.

    A person who was typed twice, in another spelling, is one person.
    """
    found: list[str] = []
    for name in (" ".join(text.split()) for text in typed):
        if name and not any(same_person(name, other) for other in found):
            found.append(name)
    return tuple(found)


def mistakes_in_plan(plan: WorkOrder, *, inventory: Inventory, file: str) -> Iterator[Mistake]:
    """Yield what is wrong with work that somebody plans."""
    if not plan.batteries:
        yield Mistake(file, "battery", "", "at least one battery")
    for asset_id in plan.batteries:
        yield from _unknown("battery", asset_id, known=inventory.batteries, file=file)
    known = [inventory.batteries[b] for b in plan.batteries if b in inventory.batteries]
    if len({inventory.rooms[battery.room_id].site_id for battery in known}) > 1:
        yield Mistake(file, "battery", "", "batteries of one site: an order has one calendar")
    if not plan.people:
        yield Mistake(file, "person", "", "the name of everybody who will be there")
    for name, at_s in (("from", plan.starts_at_s), ("to", plan.ends_at_s)):
        if not can_be_shown(at_s):
            yield Mistake(file, name, "", ALLOWED)
    if not plan.starts_at_s < plan.ends_at_s:
        yield Mistake(file, "to", "", "an end that comes after the beginning")


def mistakes_in_attestation(
    said: Attestation, *, inventory: Inventory, order: WorkOrder, file: str
) -> Iterator[Mistake]:
    """Yield what is wrong with something that somebody attests."""
    if not said.by:
        yield Mistake(file, "by", "", "the name of the person who says so")
    yield from _misplaced(said, file=file)
    if said.service is not None:
        services = sorted({service.name for service in inventory.services})
        yield from _unknown("service", said.service, known=services, file=file)
    if said.battery is not None:
        # One of the order's own may have left the inventory since.
        batteries = sorted({*inventory.batteries, *order.batteries})
        yield from _unknown("battery", said.battery, known=batteries, file=file)
    if said.value is not None and not math.isfinite(said.value):
        yield Mistake(file, "value", str(said.value), "what the meter showed, V")


def _misplaced(said: Attestation, *, file: str) -> Iterator[Mistake]:
    """Yield what its kind needs and is not there, and what is there and not for its kind."""
    wanted = SUBJECTS.get(said.kind, _WHOLE_ORDER)
    given = {
        "battery": said.battery is not None,
        "service": said.service is not None,
        "people": bool(said.people),
        "value": said.value is not None,
    }
    for name, is_given in given.items():
        if is_given != (name in wanted):
            what = "not for" if is_given else "needed for"
            yield Mistake(file, name, "", f"{what} {said.kind}")


def _unknown(what: str, name: str, *, known: Collection[str], file: str) -> Iterator[Mistake]:
    if name not in known:
        yield Mistake(file, what, name, unknown_text(what, name, known=known))


def refusals_of(order: WorkOrder) -> tuple[str, ...]:
    """Return why nothing more is said about an order; empty while it is open."""
    return ("the work order is closed",) if order.state is WorkState.CLOSED else ()


def refusals_of_attestation(said: Attestation, order: WorkOrder) -> tuple[str, ...]:
    """Return why what somebody attests cannot count."""
    if said.kind is AttestationKind.BATTERY_REMOVED and order.kind not in REMOVING:
        kinds = " or ".join(sorted(kind.value for kind in REMOVING))
        return (*refusals_of(order), f"no battery leaves by {order.kind.value}, only by {kinds}")
    return refusals_of(order)


def refusals_of_acceptance(
    accepted: RiskAcceptance, order: WorkOrder, *, now_s: float
) -> tuple[str, ...]:
    """Return why a risk cannot be accepted so."""
    refusals = list(refusals_of(order))
    if accepted.code not in ACCEPTABLE:
        codes = " and ".join(code.value for code in ACCEPTABLE)
        refusals.append(f"nobody may accept {accepted.code}; only {codes} can be accepted")
    if len(accepted.by) < SIGNER_COUNT_MIN:
        refusals.append("a risk is accepted by two different people")
    if accepted.expires_at_s <= now_s:
        refusals.append("the acceptance would be over already")
    if not accepted.reason:
        refusals.append("a risk is accepted for a reason")
    return tuple(refusals)


def open_order(tx: Transaction, plan: WorkOrder, *, by: str, now_s: float) -> WorkOrder:
    """Give a plan its number and record it."""
    ids = tx.records.current(WORK_ORDERS)
    number = 1 + max(map(number_of, ids), default=0)
    order = replace(plan, work_order_id=f"WO-{number}", opened_by=by, opened_at_s=now_s)
    tx.records.put(WORK_ORDERS, order.work_order_id, order, actor=by, action="opened")
    return order


def attest(tx: Transaction, said: Attestation) -> str:
    """Record what somebody attests; return the id of the record."""
    return _add(tx, ATTESTATIONS, said.work_order_id, said, actor=said.by, action="attested")


def accept_risk(tx: Transaction, accepted: RiskAcceptance, *, order: WorkOrder) -> str:
    """Record that two people accept a risk, and which findings they knew; return its id."""
    if accepted.code == HoldCode.FINDING_OPEN:
        about = (f for f in tx.records.current(FINDINGS).values() if f.asset_id in order.batteries)
        known = tuple(finding.finding_id for finding in about if finding.closed_on is None)
        accepted = replace(accepted, findings=known)
    actor = " and ".join(accepted.by)
    return _add(
        tx, ACCEPTANCES, accepted.work_order_id, accepted, actor=actor, action="accepted the risk"
    )


def _add(
    tx: Transaction, kind: RecordKind[T], order_id: str, value: T, *, actor: str, action: str
) -> str:
    before = tx.records.current(kind, prefix=f"{order_id}/")
    record_id = f"{order_id}/{1 + max(map(number_of, before), default=0)}"
    tx.records.put(kind, record_id, value, actor=actor, action=action)
    return record_id
