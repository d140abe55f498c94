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
priority never falls while the alarm is active. What is merely seen besides (`more_seen`) is
recorded with it and told to nobody.

**Suppression**: whether people are told. It moves by itself. The condition is followed all the
while, so what comes off the shelf while active, or returned and not yet acknowledged, is visible
and told at that moment. Suppression must not hide too much, hence:

* a shelf time is limited, and when it is over the alarm comes off the shelf by itself;
* an alarm that grows to a higher priority than the one it had comes off the shelf (and out of
  suppression by design): 41 °C may be shelved, 50 °C may not be missed because of it;
* the end of an alarm that somebody has acknowledged is told in any case: it closes their page;
* a critical alarm of a rule that protects life is kept from nobody: it cannot be shelved,
  suppressed or taken out of service, and one that becomes critical leaves all three.

A step that the tables do not have is refused: the alarm is unchanged and the reason says why.
"""

from dataclasses import replace
from typing import NamedTuple

from batteryd.domain.alarm import Alarm, AlarmEvent, Change, Condition, Priority, Suppression
from batteryd.rules.lifecycle_table import (
    CONDITION_TABLE,
    REFUSALS,
    REFUSED_WHILE,
    SUPPRESSION_TABLE,
    Reason,
    Step,
)

SHELF_S_MAX = 7 * 86400.0


class Transition(NamedTuple):
    """The answer to a step."""

    alarm: Alarm
    reason: Reason
    notify: bool  # whether people are told

    @property
    def is_refused(self) -> bool:
        """Whether nothing has changed."""
        return self.reason in REFUSALS


def advance(
    alarm: Alarm | None,
    event: AlarmEvent,
    *,
    auto_acknowledge: bool = False,
    protects_life: bool = False,
) -> Transition:
    """Apply what a rule has seen. `alarm` is None where the ledger has none with this key."""
    before = _new(event) if alarm is None else alarm
    step = _step_of(before, event)
    condition, reason = CONDITION_TABLE[before.condition, step]
    if reason in REFUSALS:
        return Transition(before, reason, notify=False)
    if auto_acknowledge and condition is Condition.RETURNED_UNACKNOWLEDGED:
        condition = Condition.NORMAL
    suppression = _suppression_after(before, event, protects_life=protects_life)
    told = suppression is Suppression.NONE and step is not Step.MORE_SEEN
    if step is Step.RETURNED:
        told = told or before.condition is Condition.ACKNOWLEDGED
        after = _returned(before, event)
    else:
        after = _raised(before, event, step=step)
    until_s = before.suppressed_until_s if suppression is before.suppression else None
    after = replace(after, condition=condition, suppression=suppression, suppressed_until_s=until_s)
    return Transition(after, reason, notify=told)


def acknowledge(alarm: Alarm, *, by: str, now_s: float) -> Transition:
    """Somebody has seen it."""
    condition, reason = CONDITION_TABLE[alarm.condition, Step.ACKNOWLEDGED]
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


def shelve(
    alarm: Alarm, *, until_s: float, now_s: float, protects_life: bool = False
) -> Transition:
    """Keep it from people until an instant; a shelved one gets a new end of its shelf time."""
    if _is_for_everybody(alarm, protects_life=protects_life):
        return Transition(alarm, Reason.PROTECTS_LIFE, notify=False)
    if until_s <= now_s:
        return Transition(alarm, Reason.SHELF_TIME_PAST, notify=False)
    if until_s - now_s > SHELF_S_MAX:
        return Transition(alarm, Reason.SHELF_TIME_TOO_LONG, notify=False)
    return _suppress(alarm, Step.SHELVED, now_s=now_s, until_s=until_s)


def unshelve(alarm: Alarm, *, now_s: float) -> Transition:
    """Somebody takes it off the shelf."""
    return _suppress(alarm, Step.UNSHELVED, now_s=now_s)


def expire_shelf(alarm: Alarm, *, now_s: float) -> Transition:
    """Take it off the shelf if its shelf time is over."""
    until_s = alarm.suppressed_until_s
    if alarm.suppression is Suppression.SHELVED and until_s is not None and now_s < until_s:
        return Transition(alarm, Reason.SHELF_TIME_NOT_OVER, notify=False)
    return _suppress(alarm, Step.SHELF_TIME_OVER, now_s=now_s)


def suppress_by_design(alarm: Alarm, *, now_s: float, protects_life: bool = False) -> Transition:
    """Another alarm explains it."""
    if _is_for_everybody(alarm, protects_life=protects_life):
        return Transition(alarm, Reason.PROTECTS_LIFE, notify=False)
    return _suppress(alarm, Step.SUPPRESSED, now_s=now_s)


def unsuppress(alarm: Alarm, *, now_s: float) -> Transition:
    """No other alarm explains it any more."""
    return _suppress(alarm, Step.UNSUPPRESSED, now_s=now_s)


def take_out_of_service(alarm: Alarm, *, now_s: float, protects_life: bool = False) -> Transition:
    """What it watches is broken or gone, and somebody knows."""
    if _is_for_everybody(alarm, protects_life=protects_life):
        return Transition(alarm, Reason.PROTECTS_LIFE, notify=False)
    return _suppress(alarm, Step.TAKEN_OUT_OF_SERVICE, now_s=now_s)


def put_back_in_service(alarm: Alarm, *, now_s: float) -> Transition:
    """What it watches works again."""
    return _suppress(alarm, Step.PUT_BACK_IN_SERVICE, now_s=now_s)


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


def _step_of(alarm: Alarm, event: AlarmEvent) -> Step:
    match event.change:
        case Change.RETURNED:
            return Step.RETURNED
        case Change.RAISED:
            if not alarm.is_active or event.priority < alarm.priority:
                return Step.RAISED
            if event.priority > alarm.priority or event.setpoint != alarm.setpoint:
                return Step.WORSENED
            return Step.MORE_SEEN if event.is_addition else Step.RAISED


def _raised(alarm: Alarm, event: AlarmEvent, *, step: Step) -> Alarm:
    is_new = step is Step.RAISED
    keeps_answer = step is Step.MORE_SEEN
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
        acknowledged_by=alarm.acknowledged_by if keeps_answer else None,
        acknowledged_at_s=alarm.acknowledged_at_s if keeps_answer else None,
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


def _is_for_everybody(alarm: Alarm | AlarmEvent, *, protects_life: bool) -> bool:
    return protects_life and alarm.priority is Priority.CRITICAL


def _suppression_after(alarm: Alarm, event: AlarmEvent, *, protects_life: bool) -> Suppression:
    """Return where a condition step leaves the second machine."""
    is_raised = event.change is Change.RAISED
    if is_raised and _is_for_everybody(event, protects_life=protects_life):
        return Suppression.NONE
    grows = is_raised and event.priority > alarm.priority
    match alarm.suppression:
        case Suppression.SHELVED | Suppression.BY_DESIGN:
            return Suppression.NONE if grows else alarm.suppression
        case Suppression.NONE | Suppression.OUT_OF_SERVICE:
            return alarm.suppression


def _suppress(
    alarm: Alarm, step: Step, *, now_s: float, until_s: float | None = None
) -> Transition:
    row = SUPPRESSION_TABLE.get((alarm.suppression, step))
    if row is None:
        return Transition(alarm, REFUSED_WHILE[alarm.suppression], notify=False)
    suppression, reason = row
    after = replace(alarm, suppression=suppression, suppressed_until_s=until_s, changed_at_s=now_s)
    told = suppression is Suppression.NONE and alarm.condition is not Condition.NORMAL
    return Transition(after, reason, notify=told)
