"""PW-06: whether anything in the room is in trouble, or was a day ago.

A room is one fire: an alarm of any battery in it counts, in scope or not. It counts while it is
active and for the look-back after its return. An alarm whose room nobody can tell may be in this
one. Where the room of a battery in scope is unknown, its neighbours are, and that holds.
"""

from collections.abc import Iterator

from batteryd.clearance.facts import AlarmFacts, AlarmTrouble, Facts
from batteryd.clearance.scope import in_scope
from batteryd.clearance.wording import instant, instant_or_none, listed, span
from batteryd.domain.clearance import Hold, HoldCode

TROUBLES = frozenset(
    {AlarmTrouble.THERMAL, AlarmTrouble.IMBALANCE, AlarmTrouble.INSULATION, AlarmTrouble.GAS}
)


def alarm_in_room(facts: Facts) -> Iterator[Hold]:
    """PW-06: hold for every room with an active or recent alarm, and for an unknown room."""
    rooms = dict.fromkeys(battery.room_id for battery in in_scope(facts))
    recent = [alarm for alarm in facts.alarms if _is_recent(alarm, facts)]
    for room_id in rooms:
        if room_id is None:
            continue
        here = [alarm for alarm in recent if room_id in _rooms(alarm, facts)]
        if here:
            yield _hold(room_id, f"room {room_id}: {listed(_said(a, facts) for a in here)}", here)
    yield from _of_unknown_rooms(recent, facts)


def _of_unknown_rooms(recent: list[AlarmFacts], facts: Facts) -> Iterator[Hold]:
    for battery in in_scope(facts):
        if battery.room_id is None:
            text = f"{battery.asset_id}: its room is unknown, and so are the alarms in it"
            yield _hold(battery.asset_id, text, [])
    adrift = [alarm for alarm in recent if not _rooms(alarm, facts)]
    if adrift:
        said = listed(_said(alarm, facts) for alarm in adrift)
        text = f"{said}; nobody knows in which room"
        yield _hold(facts.order.work_order_id, text, adrift)


def _is_recent(alarm: AlarmFacts, facts: Facts) -> bool:
    if alarm.trouble not in TROUBLES or alarm.raised_at_s > facts.as_of_s:
        return False
    returned_at_s = alarm.returned_at_s
    return returned_at_s is None or not (
        facts.as_of_s - returned_at_s > facts.limits.alarm_lookback_s
    )


def _rooms(alarm: AlarmFacts, facts: Facts) -> set[str]:
    """Return the room that the alarm names, and that of the battery which it names."""
    battery = facts.batteries.get(alarm.asset_id or "")
    rooms = (alarm.room_id, battery.room_id if battery is not None else None)
    return {room_id for room_id in rooms if room_id is not None}


def _said(alarm: AlarmFacts, facts: Facts) -> str:
    where = f" at {alarm.asset_id}" if alarm.asset_id else ""
    if alarm.returned_at_s is None or alarm.returned_at_s > facts.as_of_s:
        return f"{alarm.trouble} alarm{where}, active since {instant(alarm.raised_at_s)}"
    return f"{alarm.trouble} alarm{where}, over for {span(facts.as_of_s - alarm.returned_at_s)}"


def _hold(subject: str, text: str, alarms: list[AlarmFacts]) -> Hold:
    evidence = {
        "alarms": [
            {
                "kind": alarm.trouble.value,
                "battery": alarm.asset_id,
                "raised_at": instant(alarm.raised_at_s),
                "returned_at": instant_or_none(alarm.returned_at_s),
                "text": alarm.text,
            }
            for alarm in alarms
        ]
    }
    return Hold(HoldCode.ALARM_IN_ROOM, subject, text, evidence)
