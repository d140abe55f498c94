"""The life of a work order, as one table, and the little code that walks it.

    planned ──GO──▶ cleared ──start──▶ started ──close──▶ closed
       ▲            │  ▲                  │
     change     revoke  GO             revoke
       │            ▼  │                  │
       └───────── revoked ◀───────────────┘

* A GO that is given while one stands renews it.
* Work has begun once `started_at_s` is set, and a revocation does not take that back: people are in
  the room. Only such an order is closed; one whose work never began is abandoned.
* A change of the plan ends the GO, which was given for other work. `changed_at_s` tells risks that
  were taken before its kind or its batteries changed. Work that has begun cannot be planned anew.

A step that the table does not have is refused: the order is unchanged and the reason says why.
"""

from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from batteryd.domain.work import WorkOrder, WorkState


class Reason(StrEnum):
    """What a step did, or in words why it was refused."""

    CLEARED = "cleared"
    RENEWED = "renewed"
    STARTED = "started"
    REVOKED = "revoked"
    CLOSED = "closed"
    ABANDONED = "abandoned"
    CHANGED = "changed"
    # Refused:
    NO_GO_STANDS = "no GO stands; batteryd work check says what is missing"
    GO_HAS_RUN_OUT = "the GO has run out; check again"
    ALREADY_STARTED = "work has been started already"
    NEVER_STARTED = "work was never started; an order is abandoned then, not closed"
    WORK_HAS_BEGUN = "work has begun"
    WORK_HAS_ENDED = "work has ended; close the order, and open another one for more work"
    IS_CLOSED = "the work order is closed"


class Transition(NamedTuple):
    """The answer to a step."""

    order: WorkOrder
    reason: Reason

    @property
    def is_refused(self) -> bool:
        """Whether nothing has changed."""
        return self.reason in REFUSALS


class _Step(StrEnum):
    GO = "go"
    START = "start"
    REVOKE = "revoke"
    CLOSE = "close"
    ABANDON = "abandon"
    CHANGE = "change"


_S, _R = WorkState, Reason

# A row: where the step leads, and the reason. Where it leads nowhere, the reason is a refusal.
TABLE = MappingProxyType(
    {
        (_S.PLANNED, _Step.GO): (_S.CLEARED, _R.CLEARED),
        (_S.PLANNED, _Step.START): (_S.PLANNED, _R.NO_GO_STANDS),
        (_S.PLANNED, _Step.REVOKE): (_S.PLANNED, _R.NO_GO_STANDS),
        (_S.PLANNED, _Step.CLOSE): (_S.PLANNED, _R.NEVER_STARTED),
        (_S.PLANNED, _Step.ABANDON): (_S.CLOSED, _R.ABANDONED),
        (_S.PLANNED, _Step.CHANGE): (_S.PLANNED, _R.CHANGED),
        (_S.CLEARED, _Step.GO): (_S.CLEARED, _R.RENEWED),
        (_S.CLEARED, _Step.START): (_S.STARTED, _R.STARTED),
        (_S.CLEARED, _Step.REVOKE): (_S.REVOKED, _R.REVOKED),
        (_S.CLEARED, _Step.CLOSE): (_S.CLOSED, _R.CLOSED),
        (_S.CLEARED, _Step.ABANDON): (_S.CLOSED, _R.ABANDONED),
        (_S.CLEARED, _Step.CHANGE): (_S.PLANNED, _R.CHANGED),
        (_S.STARTED, _Step.GO): (_S.STARTED, _R.RENEWED),
        (_S.STARTED, _Step.START): (_S.STARTED, _R.ALREADY_STARTED),
        (_S.STARTED, _Step.REVOKE): (_S.REVOKED, _R.REVOKED),
        (_S.STARTED, _Step.CLOSE): (_S.CLOSED, _R.CLOSED),
        (_S.STARTED, _Step.ABANDON): (_S.STARTED, _R.WORK_HAS_BEGUN),
        (_S.STARTED, _Step.CHANGE): (_S.STARTED, _R.WORK_HAS_BEGUN),
        (_S.REVOKED, _Step.GO): (_S.CLEARED, _R.CLEARED),
        (_S.REVOKED, _Step.START): (_S.REVOKED, _R.NO_GO_STANDS),
        (_S.REVOKED, _Step.REVOKE): (_S.REVOKED, _R.NO_GO_STANDS),
        (_S.REVOKED, _Step.CLOSE): (_S.CLOSED, _R.CLOSED),
        (_S.REVOKED, _Step.ABANDON): (_S.CLOSED, _R.ABANDONED),
        (_S.REVOKED, _Step.CHANGE): (_S.PLANNED, _R.CHANGED),
        **{(_S.CLOSED, step): (_S.CLOSED, _R.IS_CLOSED) for step in _Step},
    }
)

REFUSALS = frozenset(
    {
        _R.NO_GO_STANDS,
        _R.GO_HAS_RUN_OUT,
        _R.ALREADY_STARTED,
        _R.NEVER_STARTED,
        _R.WORK_HAS_BEGUN,
        _R.WORK_HAS_ENDED,
        _R.IS_CLOSED,
    }
)

# Where a GO stands: from here a change revokes.
STANDING = frozenset({_S.CLEARED, _S.STARTED})


def has_begun(order: WorkOrder) -> bool:
    """Whether work was started at any time; people may be in the room until it is closed."""
    return order.started_at_s is not None


def clear(order: WorkOrder, *, until_s: float, now_s: float) -> Transition:
    """Give a GO, or renew the one that stands."""
    return _walk(
        order,
        _Step.GO,
        cleared_at_s=now_s,
        cleared_until_s=until_s,
        revoked_at_s=None,
        revoked_because=(),
    )


def start(order: WorkOrder, *, by: str, now_s: float) -> Transition:
    """Work begins. Of work that goes on after a revocation the first start counts."""
    until_s = order.cleared_until_s
    if order.state is WorkState.CLEARED and (until_s is None or now_s >= until_s):
        return Transition(order, Reason.GO_HAS_RUN_OUT)
    if has_begun(order):
        return _walk(order, _Step.START)
    return _walk(order, _Step.START, started_at_s=now_s, started_by=by)


def revoke(order: WorkOrder, *, because: tuple[str, ...], now_s: float) -> Transition:
    """Take the GO back; `because` has one sentence a reason."""
    return _walk(order, _Step.REVOKE, revoked_at_s=now_s, revoked_because=because)


def close(order: WorkOrder, *, by: str, now_s: float) -> Transition:
    """End an order whose work was done."""
    if order.state is not WorkState.CLOSED and not has_begun(order):
        return Transition(order, Reason.NEVER_STARTED)
    return _walk(order, _Step.CLOSE, closed_at_s=now_s, closed_by=by)


def abandon(order: WorkOrder, *, by: str, now_s: float) -> Transition:
    """End an order whose work never began."""
    if order.state is not WorkState.CLOSED and has_begun(order):
        return Transition(order, Reason.WORK_HAS_BEGUN)
    return _walk(order, _Step.ABANDON, closed_at_s=now_s, closed_by=by)


def change(order: WorkOrder, *, plan: WorkOrder, now_s: float) -> Transition:
    """Take over another plan: what, when, where, who. A GO that was given ends."""
    if order.state is not WorkState.CLOSED and has_begun(order):
        return Transition(order, Reason.WORK_HAS_BEGUN)
    is_same_work = (plan.kind, set(plan.batteries)) == (order.kind, set(order.batteries))
    return _walk(
        order,
        _Step.CHANGE,
        changed_at_s=order.changed_at_s if is_same_work else now_s,
        kind=plan.kind,
        starts_at_s=plan.starts_at_s,
        ends_at_s=plan.ends_at_s,
        batteries=plan.batteries,
        people=plan.people,
        title=plan.title,
        contractor=plan.contractor,
        cleared_at_s=None,
        cleared_until_s=None,
        revoked_at_s=None,
        revoked_because=(),
    )


def _walk(order: WorkOrder, step: _Step, **changes: object) -> Transition:
    state, reason = TABLE[order.state, step]
    if reason in REFUSALS:
        return Transition(order, reason)
    return Transition(replace(order, state=state, **changes), reason)  # type: ignore[arg-type]
