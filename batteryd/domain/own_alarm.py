"""Alarms of batteryd about itself: no battery is named, and no rule of the site judges them."""

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.circumstances import OWN_SITE
from batteryd.domain.component import WHOLE_BATTERY, Scope

OWN_ASSET_ID = "batteryd"  # what they are about


def own_key(rule: str) -> AlarmKey:
    """Return the key of an alarm of batteryd about itself."""
    return AlarmKey(OWN_SITE.site_id, OWN_ASSET_ID, WHOLE_BATTERY, rule)


def own_event(
    rule: str,
    change: Change,
    why: str,
    *,
    at_s: float,
    action: str,
    priority: Priority = Priority.HIGH,
) -> AlarmEvent:
    """Return what became of one."""
    return AlarmEvent(
        key=own_key(rule),
        change=change,
        at_s=at_s,
        scope=Scope.BATTERY,
        priority=priority,
        quantity="",
        value=None,
        setpoint=None,
        why=why,
        action=action,
    )
