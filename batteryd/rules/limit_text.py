"""What a limit says when it changes: the sentence and its evidence."""

from typing import NamedTuple

from batteryd.domain.alarm import COLUMN, AlarmEvent, AlarmKey, Change
from batteryd.domain.component import Scope
from batteryd.domain.inventory import Asset
from batteryd.domain.quantity import QUANTITIES
from batteryd.domain.snapshot import Column
from batteryd.rules import words
from batteryd.rules.limit_program import Point
from batteryd.rules.timing import Verdict


class Observation(NamedTuple):
    """The value that changed something, and the circumstances."""

    column: Column
    value: float
    at_s: float
    age_s: float  # how old the value was when it was judged
    verdict: Verdict


def event_of(point: Point, asset: Asset, seen: Observation) -> AlarmEvent:
    """Return the event that an observation makes of a point."""
    setpoint, why = _said(point, asset, seen)
    return AlarmEvent(
        key=AlarmKey(asset.site_id, asset.asset_id, point.component, point.rule.name),
        change=seen.verdict.change,
        at_s=seen.at_s,
        scope=point.scope,
        priority=seen.verdict.priority,
        quantity=seen.column.quantity,
        value=seen.value,
        setpoint=setpoint,
        why=why,
        action=point.settings.action,
        evidence=_evidence(point, seen),
    )


def _said(point: Point, asset: Asset, seen: Observation) -> tuple[float, str]:
    match seen.verdict.change:
        case Change.RAISED:
            return point.setpoints[seen.verdict.priority], _beginning(point, asset, seen)
        case Change.RETURNED:
            return point.nearest, _end(point, asset, seen)


def _beginning(point: Point, asset: Asset, seen: Observation) -> str:
    where, priority = _where(point, asset, seen), seen.verdict.priority
    held = f" for {words.duration(seen.verdict.for_s)}" if seen.verdict.for_s > 0 else ""
    if _is_a_state(seen.column.quantity):
        return f"{where}: {_says(point, seen)}{held}"
    quantity, setpoint = seen.column.quantity, point.setpoints[priority]
    beyond = "above" if point.settings.direction == "high" else "below"
    how = "at" if seen.value == setpoint else beyond
    limit = f"{_title(point)}, {priority.text} limit{_origin(point)}"
    return (
        f"{where}: {words.value(quantity, seen.value)}, "
        f"{how} {words.value(quantity, setpoint)} ({limit}){held}"
    )


def _end(point: Point, asset: Asset, seen: Observation) -> str:
    where, lasted = _where(point, asset, seen), words.duration(seen.verdict.for_s)
    quantity = seen.column.quantity
    if _is_a_state(quantity):
        return f"{where}: over after {lasted}: {_says(point, seen)}"
    back = "below" if point.settings.direction == "high" else "above"
    return (
        f"{where}: {words.value(quantity, seen.value)}, back {back} "
        f"{words.value(quantity, point.return_point)} ({_title(point)}) after {lasted}"
    )


def _where(point: Point, asset: Asset, seen: Observation) -> str:
    if point.scope is Scope.ROOM:
        return "the room"
    where = words.place(point.component, asset)
    sensor = seen.column.component.sensor
    return where if sensor is None else f"{where} (sensor {sensor})"


def _says(point: Point, seen: Observation) -> str:
    row = QUANTITIES[seen.column.quantity]
    says = point.settings.says or row.meaning
    return says if row.is_flag else f"{says} ({row.name} = {seen.value:g})"


def _is_a_state(quantity: str) -> bool:
    return QUANTITIES[quantity].is_flag or QUANTITIES[quantity].is_enumeration


def _title(point: Point) -> str:
    return point.rule.name.replace("_", " ")


def _origin(point: Point) -> str:
    return f" for {point.rule.origin}" if point.rule.origin else ""


def _evidence(point: Point, seen: Observation) -> dict[str, object]:
    return {
        COLUMN: str(seen.column),
        "setpoints": {p.text: number for p, number in point.setpoints.items()},
        "deadband": point.settings.deadband,
        "on_delay_s": {p.text: delay_s for p, delay_s in point.on_delay_s.items()},
        "off_delay_s": point.settings.off_delay_s,
        "data_age_s": round(seen.age_s, 3),
    }
