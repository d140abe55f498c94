"""The rule kind `warranty`: a warranty that runs out, is over, or is unknown.

It judges assessments, one a day and battery. The days left fall through steps (365, 180, 90, 30,
and -1: the first day that is not covered); each step that is reached is told once, also where its
priority is the same as before. Unknown is a step of its own: a battery without an end date is a
gap in the register that somebody has to close, and is never taken for covered.
When the contract is extended the alarm returns, or goes back to the step that then applies.
"""

from collections.abc import Sequence
from typing import Annotated, NamedTuple, Self, cast

from pydantic import Field, model_validator

from batteryd.domain.alarm import PRIORITY_BY_TEXT, AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import WHOLE_BATTERY, Scope
from batteryd.domain.warranty import WarrantyAssessment, WarrantyStatus
from batteryd.rules.kind import Rule, Standing, Subject
from batteryd.rules.parameters import Parameters, PriorityText, RuleSettings


class WarrantyStep(Parameters):
    """From so many days left on, an alarm of this priority."""

    days_left: int  # -1 is the first day after the last covered one
    priority: PriorityText


class WarrantySettings(RuleSettings):
    """The steps, the most days first, and the priority of not knowing."""

    steps: Annotated[tuple[WarrantyStep, ...], Field(strict=False, min_length=1)]
    unknown: PriorityText

    @model_validator(mode="after")
    def _steps_grow(self) -> Self:
        days = [step.days_left for step in self.steps]
        priorities = [PRIORITY_BY_TEXT[step.priority] for step in self.steps]
        if days != sorted(set(days), reverse=True) or priorities != sorted(priorities):
            raise ValueError("steps of ever fewer days left, whose priority never falls")
        return self


class _Reached(NamedTuple):
    """A step that applies today; `days_left` is None where the warranty is unknown."""

    priority: Priority
    days_left: float | None


def assess_warranty(
    rule: Rule,
    subject: Subject,
    assessment: WarrantyAssessment,
    standing: Standing | None,
    now_s: float,
) -> Sequence[AlarmEvent]:
    """Compare what applies today with what was said before; return what is new."""
    settings = cast(WarrantySettings, rule.settings)
    reached = _reached(settings, assessment)
    said = None if standing is None else _Reached(standing.priority, standing.setpoint)
    if reached == said:
        return ()
    events = []
    if said is not None and (reached is None or reached.priority < said.priority):
        events.append(_event(rule, subject, assessment, said, at_s=now_s, change=Change.RETURNED))
    if reached is not None:
        events.append(_event(rule, subject, assessment, reached, at_s=now_s, change=Change.RAISED))
    return events


def _reached(settings: WarrantySettings, assessment: WarrantyAssessment) -> _Reached | None:
    if assessment.status is WarrantyStatus.UNKNOWN or assessment.days_left is None:
        return _Reached(PRIORITY_BY_TEXT[settings.unknown], None)
    for step in reversed(settings.steps):
        if assessment.days_left <= step.days_left:
            return _Reached(PRIORITY_BY_TEXT[step.priority], step.days_left)
    return None


def _event(
    rule: Rule,
    subject: Subject,
    assessment: WarrantyAssessment,
    step: _Reached,
    *,
    at_s: float,
    change: Change,
) -> AlarmEvent:
    return AlarmEvent(
        key=AlarmKey(subject.site_id, subject.asset_id, WHOLE_BATTERY, rule.name),
        change=change,
        at_s=at_s,
        scope=Scope.BATTERY,
        priority=step.priority,
        quantity="",
        value=assessment.days_left,
        setpoint=step.days_left,
        why=_why(assessment),
        action=rule.settings.action,
        evidence={
            "as_of": assessment.as_of.isoformat(),
            "status": assessment.status,
            "last_day": assessment.last_day and assessment.last_day.isoformat(),
            "reason": assessment.reason,
        },
    )


def _why(assessment: WarrantyAssessment) -> str:
    last_day, days_left, reason = assessment.last_day, assessment.days_left, assessment.reason
    match assessment.status:
        case WarrantyStatus.UNKNOWN:
            return f"warranty unknown: {reason}"
        case WarrantyStatus.EXPIRED:
            return f"out of warranty: {last_day} was the last covered day ({reason})"
        case WarrantyStatus.EXPIRING | WarrantyStatus.IN_WARRANTY:
            days = "day" if days_left == 1 else "days"
            left = f"{days_left} {days} of warranty left"
            return f"{left}, {last_day} is the last covered day ({reason})"
