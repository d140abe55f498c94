"""When a condition of a contract becomes an alarm: once, until it is the case no more.

One alarm a battery, of the rule `warranty_condition`. It is raised for conditions that threaten a
claim and carries each with its evidence; where another one joins them, the old alarm returns and a
new one is raised. What is merely unknown is shown and reported, but wakes nobody.
"""

from collections.abc import Iterable

from batteryd.domain.alarm import Alarm, AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import WHOLE_BATTERY, Scope
from batteryd.domain.conditions import ConditionFinding

RULE = "warranty_condition"
ACTION = "Ask the maker in writing whether the warranty still holds, before relying on it."


def condition_events(
    findings: Iterable[ConditionFinding],
    *,
    site_id: str,
    asset_id: str,
    standing: Alarm | None,
    at_s: float,
) -> tuple[AlarmEvent, ...]:
    """Compare what threatens a claim today with what was said before; return what is new.

    Args:
        findings: of one battery, as `judge_conditions` returned them.
        site_id: where the battery is.
        asset_id: the battery.
        standing: its alarm as the ledger has it; None where there never was one.
        at_s: now.
    """
    threats = tuple(f for f in findings if f.standing.threatens)
    said = standing if standing is not None and standing.is_active else None
    if said is not None and said.evidence.get("conditions") == [f.condition for f in threats]:
        return ()
    key = AlarmKey(site_id, asset_id, WHOLE_BATTERY, RULE)
    events = []
    if said is not None:
        why = "The conditions of the warranty stand otherwise now."
        events.append(_event(key, (), why=why, at_s=at_s, change=Change.RETURNED))
    if threats:
        why = "; ".join(f.text for f in threats)
        events.append(_event(key, threats, why=why, at_s=at_s, change=Change.RAISED))
    return tuple(events)


def _event(
    key: AlarmKey, threats: tuple[ConditionFinding, ...], *, why: str, at_s: float, change: Change
) -> AlarmEvent:
    return AlarmEvent(
        key=key,
        change=change,
        at_s=at_s,
        scope=Scope.BATTERY,
        priority=Priority.MEDIUM,
        quantity="",
        value=None,
        setpoint=None,
        why=why,
        action=ACTION,
        evidence={
            "conditions": [f.condition.value for f in threats],
            "findings": [
                {
                    "condition": f.condition.value,
                    "standing": f.standing.value,
                    "limit": f.limit,
                    "unit": f.unit,
                    "source": f.source,
                }
                | dict(f.evidence)
                for f in threats
            ],
        },
    )
