"""What has to be true before a work order is closed: the room is watched again, as it was before.

Work ends with three questions. Does every battery report again? Is everything that was opened for
the work closed again? Has somebody written down what was found, or that nothing was? Until each is
answered, the order stays open. What can be seen is looked at; for the rest a named person stands.
"""

from collections.abc import Iterator
from typing import NamedTuple

from batteryd.clearance.facts import Reading
from batteryd.clearance.matrix import MATRIX
from batteryd.clearance.observe import reading_of
from batteryd.domain.clearance import HoldCode
from batteryd.domain.work import AttestationKind, WorkKind, WorkOrder
from batteryd.permits import lifecycle
from batteryd.permits.dossier import Dossier, read_dossier
from batteryd.permits.facts import Sight, bus_mates
from batteryd.permits.lifecycle import Transition
from batteryd.store.ledger_transaction import Transaction
from batteryd.store.records import WORK_ORDERS

# For these kinds of work racks were opened, and have to be closed again.
ISOLATING = frozenset(k for k in WorkKind if HoldCode.NOT_ISOLATED in MATRIX[k].holds)
# After these a battery may have left the room for good.
REMOVING = frozenset({WorkKind.RELOCATE, WorkKind.REPLACE})


def unfinished(dossier: Dossier, *, sight: Sight, now_s: float) -> tuple[str, ...]:
    """Return every reason why the order must stay open, a sentence each; none: it may be closed."""
    return (
        *_not_reporting(dossier, sight=sight, now_s=now_s),
        *_not_closed_again(dossier, sight=sight, now_s=now_s),
        *_findings_not_recorded(dossier),
    )


class Closing(NamedTuple):
    """An order after somebody wanted to end it, and every reason why it is still open."""

    order: WorkOrder
    reasons: tuple[str, ...] = ()


def close(tx: Transaction, order: WorkOrder, *, sight: Sight, now_s: float, by: str) -> Closing:
    """End an order whose work was done, unless something is still to be done."""
    transition = lifecycle.close(order, by=by, now_s=now_s)
    if transition.is_refused:
        return Closing(order, (transition.reason.value,))
    reasons = unfinished(read_dossier(tx, order), sight=sight, now_s=now_s)
    return Closing(order, reasons) if reasons else _put(tx, transition, by=by)


def abandon(tx: Transaction, order: WorkOrder, *, now_s: float, by: str) -> Closing:
    """End an order whose work never began."""
    transition = lifecycle.abandon(order, by=by, now_s=now_s)
    if transition.is_refused:
        return Closing(order, (transition.reason.value,))
    return _put(tx, transition, by=by)


def _put(tx: Transaction, transition: Transition, *, by: str) -> Closing:
    order, action = transition.order, transition.reason.value
    tx.records.put(WORK_ORDERS, order.work_order_id, order, actor=by, action=action)
    return Closing(order)


def _not_reporting(dossier: Dossier, *, sight: Sight, now_s: float) -> Iterator[str]:
    removed = _removed(dossier)
    for asset_id in dossier.order.batteries:
        if asset_id in removed:
            continue
        reading = reading_of(sight.last_good.get(asset_id))
        if _is_fresh(reading, sight=sight, now_s=now_s):
            continue
        left = ", or somebody attests battery_removed" if dossier.order.kind in REMOVING else ""
        yield f"{asset_id} {_last_read(reading, now_s=now_s)}: it has to report again{left}"


def _not_closed_again(dossier: Dossier, *, sight: Sight, now_s: float) -> Iterator[str]:
    order = dossier.order
    if order.kind not in ISOLATING or dossier.was_said(AttestationKind.ISOLATION_UNDONE):
        return
    removed = _removed(dossier)
    for asset_id in (*order.batteries, *bus_mates(order, inventory=sight.inventory)):
        reading = reading_of(sight.last_good.get(asset_id))
        is_fresh = _is_fresh(reading, sight=sight, now_s=now_s)
        if asset_id not in removed and not (is_fresh and _is_closed(reading)):
            seen = "open" if is_fresh and _is_open(reading) else "not seen to be closed again"
            yield f"{asset_id} is {seen}: close it, or somebody attests isolation_undone"


def _findings_not_recorded(dossier: Dossier) -> Iterator[str]:
    if not dossier.was_said(AttestationKind.FINDINGS_RECORDED):
        yield "nobody has attested findings_recorded, which is also needed where there were none"


def _removed(dossier: Dossier) -> frozenset[str | None]:
    return frozenset(
        a.battery for a in dossier.attestations if a.kind is AttestationKind.BATTERY_REMOVED
    )


def _is_fresh(reading: Reading, *, sight: Sight, now_s: float) -> bool:
    at_s = reading.observed_at_s
    return at_s is not None and now_s - at_s <= sight.limits.stale_after_s


def _is_open(reading: Reading) -> bool:
    return False in (reading.contactor_closed, reading.breaker_closed)


def _is_closed(reading: Reading) -> bool:
    return not _is_open(reading) and True in (reading.contactor_closed, reading.breaker_closed)


def _last_read(reading: Reading, *, now_s: float) -> str:
    if reading.observed_at_s is None:
        return "has not been read"
    return f"was last read {now_s - reading.observed_at_s:.0f} s ago"
