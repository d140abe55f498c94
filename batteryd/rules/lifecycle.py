"""The life of an alarm: two machines side by side, as tables, and the little code that walks them.

All that can happen to an alarm's state is here; nothing here knows who asked or who is told how.

**Condition x acknowledgement.** The condition is what the rules see: an alarm is raised, worsens,
returns. The acknowledgement is what people say: somebody has seen it.

    normal ──raised──▶ unacknowledged ──acknowledged──▶ acknowledged ──returned──▶ normal
                          │      ▲  ▲                        │
                      returned   │  └────────worsened────────┘
                          ▼      │raised
                   returned_unacknowledged ──acknowledged──▶ normal

An alarm that came and went in the night is still there in the morning: only a person takes it back
to normal, unless its rule says `auto_acknowledge`. An alarm worsens when it grows to a higher
priority, or reaches a further setpoint of the same one; then it has to be acknowledged again. A
priority never falls while the alarm is active.

**Suppression**: whether people are told. It moves by itself. The condition is followed all the
while, so what comes off the shelf while active, or returned and not yet acknowledged, is visible
and told at that moment. Suppression must not hide too much, hence:

* a shelf time is limited, and when it is over the alarm comes off the shelf by itself;
* an alarm that grows to a higher priority than the one it had comes off the shelf (and out of
  suppression by design): 41 °C may be shelved, 50 °C may not be missed because of it;
* the end of an alarm that somebody has acknowledged is told in any case: it closes their page.

A step that the tables do not have is refused: the alarm is unchanged and the reason says why.
"""

from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from batteryd.domain.alarm import Alarm, AlarmEvent, Change, Condition, Suppression

SHELF_S_MAX = 7 * 86400.0


class Reason(StrEnum):
    """What a step did, or why it was refused."""

    RAISED = "raised"
    RAISED_AGAIN = "raised_again"  # before anybody had acknowledged the last time
    WORSENED = "worsened"
    RETURNED = "returned"
    ACKNOWLEDGED = "acknowledged"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    SHELF_TIME_OVER = "shelf_time_over"
    SUPPRESSED_BY_DESIGN = "suppressed_by_design"
    UNSUPPRESSED = "unsuppressed"
    OUT_OF_SERVICE = "out_of_service"
    BACK_IN_SERVICE = "back_in_service"
    # Refused:
    ALREADY_RAISED = "already_raised"
    NOT_ACTIVE = "not_active"
    NOTHING_TO_ACKNOWLEDGE = "nothing_to_acknowledge"
    ALREADY_ACKNOWLEDGED = "already_acknowledged"
    NOT_SUPPRESSED = "not_suppressed"
    IS_SHELVED = "is_shelved"
    IS_SUPPRESSED_BY_DESIGN = "is_suppressed_by_design"
    IS_OUT_OF_SERVICE = "is_out_of_service"
    SHELF_TIME_NOT_OVER = "shelf_time_not_over"
    SHELF_TIME_TOO_LONG = "shelf_time_too_long"
    SHELF_TIME_PAST = "shelf_time_past"


class Transition(NamedTuple):
    """The answer to a step."""

    alarm: Alarm
    reason: Reason
    notify: bool  # whether people are told

    @property
    def is_refused(self) -> bool:
        """Whether nothing has changed."""
        return self.reason in REFUSALS


class _Step(StrEnum):
    RAISED = "raised"
    WORSENED = "worsened"
    RETURNED = "returned"
    ACKNOWLEDGED = "acknowledged"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    SHELF_TIME_OVER = "shelf_time_over"
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    TAKEN_OUT_OF_SERVICE = "taken_out_of_service"
    PUT_BACK_IN_SERVICE = "put_back_in_service"


_C, _S, _R = Condition, Suppression, Reason

# A row: where the step leads, and the reason. Where it leads nowhere, the reason is a refusal.
CONDITION_TABLE = MappingProxyType(
    {
        (_C.NORMAL, _Step.RAISED): (_C.UNACKNOWLEDGED, _R.RAISED),
        (_C.NORMAL, _Step.RETURNED): (_C.NORMAL, _R.NOT_ACTIVE),
        (_C.NORMAL, _Step.ACKNOWLEDGED): (_C.NORMAL, _R.NOTHING_TO_ACKNOWLEDGE),
        (_C.UNACKNOWLEDGED, _Step.RAISED): (_C.UNACKNOWLEDGED, _R.ALREADY_RAISED),
        (_C.UNACKNOWLEDGED, _Step.WORSENED): (_C.UNACKNOWLEDGED, _R.WORSENED),
        (_C.UNACKNOWLEDGED, _Step.RETURNED): (_C.RETURNED_UNACKNOWLEDGED, _R.RETURNED),
        (_C.UNACKNOWLEDGED, _Step.ACKNOWLEDGED): (_C.ACKNOWLEDGED, _R.ACKNOWLEDGED),
        (_C.ACKNOWLEDGED, _Step.RAISED): (_C.ACKNOWLEDGED, _R.ALREADY_RAISED),
        (_C.ACKNOWLEDGED, _Step.WORSENED): (_C.UNACKNOWLEDGED, _R.WORSENED),
        (_C.ACKNOWLEDGED, _Step.RETURNED): (_C.NORMAL, _R.RETURNED),
        (_C.ACKNOWLEDGED, _Step.ACKNOWLEDGED): (_C.ACKNOWLEDGED, _R.ALREADY_ACKNOWLEDGED),
        (_C.RETURNED_UNACKNOWLEDGED, _Step.RAISED): (_C.UNACKNOWLEDGED, _R.RAISED_AGAIN),
        (_C.RETURNED_UNACKNOWLEDGED, _Step.RETURNED): (_C.RETURNED_UNACKNOWLEDGED, _R.NOT_ACTIVE),
        (_C.RETURNED_UNACKNOWLEDGED, _Step.ACKNOWLEDGED): (_C.NORMAL, _R.ACKNOWLEDGED),
    }
)

# Only what moves; every other step is refused with what REFUSED_WHILE says.
SUPPRESSION_TABLE = MappingProxyType(
    {
        (_S.NONE, _Step.SHELVED): (_S.SHELVED, _R.SHELVED),
        (_S.NONE, _Step.SUPPRESSED): (_S.BY_DESIGN, _R.SUPPRESSED_BY_DESIGN),
        (_S.NONE, _Step.TAKEN_OUT_OF_SERVICE): (_S.OUT_OF_SERVICE, _R.OUT_OF_SERVICE),
        (_S.SHELVED, _Step.SHELVED): (_S.SHELVED, _R.SHELVED),  # for longer, or shorter
        (_S.SHELVED, _Step.UNSHELVED): (_S.NONE, _R.UNSHELVED),
        (_S.SHELVED, _Step.SHELF_TIME_OVER): (_S.NONE, _R.SHELF_TIME_OVER),
        (_S.SHELVED, _Step.TAKEN_OUT_OF_SERVICE): (_S.OUT_OF_SERVICE, _R.OUT_OF_SERVICE),
        (_S.BY_DESIGN, _Step.UNSUPPRESSED): (_S.NONE, _R.UNSUPPRESSED),
        (_S.BY_DESIGN, _Step.TAKEN_OUT_OF_SERVICE): (_S.OUT_OF_SERVICE, _R.OUT_OF_SERVICE),
        (_S.OUT_OF_SERVICE, _Step.PUT_BACK_IN_SERVICE): (_S.NONE, _R.BACK_IN_SERVICE),
    }
)

REFUSED_WHILE = MappingProxyType(
    {
        _S.NONE: _R.NOT_SUPPRESSED,
        _S.SHELVED: _R.IS_SHELVED,
        _S.BY_DESIGN: _R.IS_SUPPRESSED_BY_DESIGN,
        _S.OUT_OF_SERVICE: _R.IS_OUT_OF_SERVICE,
    }
)

REFUSALS = frozenset(
    {
        _R.ALREADY_RAISED,
        _R.NOT_ACTIVE,
        _R.NOTHING_TO_ACKNOWLEDGE,
        _R.ALREADY_ACKNOWLEDGED,
        _R.SHELF_TIME_NOT_OVER,
        _R.SHELF_TIME_TOO_LONG,
        _R.SHELF_TIME_PAST,
        *REFUSED_WHILE.values(),
    }
)


def advance(
    alarm: Alarm | None, event: AlarmEvent, *, auto_acknowledge: bool = False
) -> Transition:
    """Apply what a rule has seen. `alarm` is None where the ledger has none with this key."""
    before = _new(event) if alarm is None else alarm
    step = _step_of(before, event)
    condition, reason = CONDITION_TABLE[before.condition, step]
    if reason in REFUSALS:
        return Transition(before, reason, notify=False)
    if auto_acknowledge and condition is Condition.RETURNED_UNACKNOWLEDGED:
        condition = Condition.NORMAL
    suppression = _suppression_after(before, event)
    told = suppression is Suppression.NONE
    if step is _Step.RETURNED:
        told = told or before.condition is Condition.ACKNOWLEDGED
        after = _returned(before, event)
    else:
        after = _raised(before, event, step=step)
    until_s = before.suppressed_until_s if suppression is before.suppression else None
    after = replace(after, condition=condition, suppression=suppression, suppressed_until_s=until_s)
    return Transition(after, reason, notify=told)


def acknowledge(alarm: Alarm, *, by: str, now_s: float) -> Transition:
    """Somebody has seen it."""
    condition, reason = CONDITION_TABLE[alarm.condition, _Step.ACKNOWLEDGED]
    if reason in REFUSALS:
        return Transition(alarm, reason, notify=False)
    after = replace(
        alarm,
        condition=condition,
        changed_at_s=now_s,
        acknowledged_by=by,
        acknowledged_at_s=now_s,
    )
    return Transition(after, reason, notify=False)


def shelve(alarm: Alarm, *, until_s: float, now_s: float) -> Transition:
    """Keep it from people until an instant; a shelved one gets a new end of its shelf time."""
    if until_s <= now_s:
        return Transition(alarm, Reason.SHELF_TIME_PAST, notify=False)
    if until_s - now_s > SHELF_S_MAX:
        return Transition(alarm, Reason.SHELF_TIME_TOO_LONG, notify=False)
    return _suppress(alarm, _Step.SHELVED, now_s=now_s, until_s=until_s)


def unshelve(alarm: Alarm, *, now_s: float) -> Transition:
    """Somebody takes it off the shelf."""
    return _suppress(alarm, _Step.UNSHELVED, now_s=now_s)


def expire_shelf(alarm: Alarm, *, now_s: float) -> Transition:
    """Take it off the shelf if its shelf time is over."""
    until_s = alarm.suppressed_until_s
    if alarm.suppression is Suppression.SHELVED and until_s is not None and now_s < until_s:
        return Transition(alarm, Reason.SHELF_TIME_NOT_OVER, notify=False)
    return _suppress(alarm, _Step.SHELF_TIME_OVER, now_s=now_s)


def suppress_by_design(alarm: Alarm, *, now_s: float) -> Transition:
    """Another alarm explains it."""
    return _suppress(alarm, _Step.SUPPRESSED, now_s=now_s)


def unsuppress(alarm: Alarm, *, now_s: float) -> Transition:
    """No other alarm explains it any more."""
    return _suppress(alarm, _Step.UNSUPPRESSED, now_s=now_s)


def take_out_of_service(alarm: Alarm, *, now_s: float) -> Transition:
    """What it watches is broken or gone, and somebody knows."""
    return _suppress(alarm, _Step.TAKEN_OUT_OF_SERVICE, now_s=now_s)


def put_back_in_service(alarm: Alarm, *, now_s: float) -> Transition:
    """What it watches works again."""
    return _suppress(alarm, _Step.PUT_BACK_IN_SERVICE, now_s=now_s)


def _new(event: AlarmEvent) -> Alarm:
    return Alarm(
        key=event.key,
        condition=Condition.NORMAL,
        suppression=Suppression.NONE,
        priority=event.priority,
        scope=event.scope,
        raised_at_s=event.at_s,
        changed_at_s=event.at_s,
        quantity=event.quantity,
        value=event.value,
        setpoint=event.setpoint,
        why=event.why,
        action=event.action,
        evidence=event.evidence,
    )


def _step_of(alarm: Alarm, event: AlarmEvent) -> _Step:
    match event.change:
        case Change.RETURNED:
            return _Step.RETURNED
        case Change.RAISED:
            further = event.priority == alarm.priority and event.setpoint != alarm.setpoint
            worse = event.priority > alarm.priority or further
            return _Step.WORSENED if alarm.is_active and worse else _Step.RAISED


def _raised(alarm: Alarm, event: AlarmEvent, *, step: _Step) -> Alarm:
    is_new = step is _Step.RAISED
    return replace(
        alarm,
        priority=event.priority,
        scope=event.scope,
        raised_at_s=event.at_s if is_new else alarm.raised_at_s,
        changed_at_s=event.at_s,
        quantity=event.quantity,
        value=event.value,
        setpoint=event.setpoint,
        why=event.why,
        action=event.action,
        evidence=event.evidence,
        returned_at_s=None,
        acknowledged_by=None,
        acknowledged_at_s=None,
    )


def _returned(alarm: Alarm, event: AlarmEvent) -> Alarm:
    return replace(
        alarm,
        changed_at_s=event.at_s,
        value=event.value,
        why=event.why,
        evidence=event.evidence,
        returned_at_s=event.at_s,
    )


def _suppression_after(alarm: Alarm, event: AlarmEvent) -> Suppression:
    """Return where a condition step leaves the second machine."""
    grows = event.change is Change.RAISED and event.priority > alarm.priority
    match alarm.suppression:
        case Suppression.SHELVED | Suppression.BY_DESIGN:
            return Suppression.NONE if grows else alarm.suppression
        case Suppression.NONE | Suppression.OUT_OF_SERVICE:
            return alarm.suppression


def _suppress(
    alarm: Alarm, step: _Step, *, now_s: float, until_s: float | None = None
) -> Transition:
    row = SUPPRESSION_TABLE.get((alarm.suppression, step))
    if row is None:
        return Transition(alarm, REFUSED_WHILE[alarm.suppression], notify=False)
    suppression, reason = row
    after = replace(alarm, suppression=suppression, suppressed_until_s=until_s, changed_at_s=now_s)
    told = suppression is Suppression.NONE and alarm.condition is not Condition.NORMAL
    return Transition(after, reason, notify=told)
