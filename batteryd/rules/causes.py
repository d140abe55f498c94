"""One cause, one alarm: what several rules say of the same trouble is told once.

A finding is what a rule says of a place. The first finding in a module is the alarm; whatever other
rules find in that module while it lasts is added to it, and so is what warms in the modules beside
it, as heat spreads: from the warmer to the cooler, so a neighbour that is warmer has a cause of its
own. An addition is recorded and told to nobody; only one that is more urgent is
told, and the alarm grows: it then goes by the words and numbers of that one. The alarm ends when
all that belongs to it is over. Its evidence lists all of it (`found`), which is also how a
restarted daemon knows what belongs together.

What is about a sensor, the rack or the room is told by itself: it has a cause of its own.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import Component, Scope
from batteryd.rules import words
from batteryd.rules.found import FOUND, Found, Member, added_to
from batteryd.rules.kind import Rule, Standing
from batteryd.rules.rack import Rack

Warmth = Mapping[Component, float]  # by how much a module deviates just now; NaN unknown

BESIDE = 2  # modules to either side that the heat of one reaches


class Finding(NamedTuple):
    """What one rule says of one place."""

    rule: Rule
    component: Component
    scope: Scope
    locates: bool  # says which module has a cause of its own
    change: Change
    priority: Priority
    quantity: str
    value: float | None
    setpoint: float | None
    why: str
    action: str
    evidence: Mapping[str, object]

    @property
    def member(self) -> Member:
        """What it is known by inside an alarm."""
        return (self.rule.name, str(self.component))


@dataclass(slots=True)
class _Cause:
    """An alarm that is active: what it goes by, and all that belongs to it."""

    key: AlarmKey
    scope: Scope
    said: Standing
    found: Found

    def event(self, change: Change, *, at_s: float, why: str) -> AlarmEvent:
        """Return what is told of it, with all that was found."""
        event = self.said.as_event(self.key, change, at_s=at_s, why=why)
        evidence = {**event.evidence, FOUND: self.found.written()}
        return replace(event, scope=self.scope, evidence=evidence)


class Causes:
    """What is active on one rack, by cause."""

    def __init__(self) -> None:
        self._causes: dict[AlarmKey, _Cause] = {}
        self._warmth_k: Warmth = {}

    def events(
        self, findings: Sequence[Finding], rack: Rack, *, at_s: float, warmth_k: Warmth
    ) -> list[AlarmEvent]:
        """Return what is to be told, and what is to be recorded, of findings of one instant."""
        self._warmth_k = warmth_k
        made: dict[AlarmKey, AlarmEvent] = {}
        for finding in sorted(findings, key=self._urgency):
            if finding.change is Change.RAISED:
                event: AlarmEvent | None = self._raised(finding, rack, at_s)
            else:
                event = self._over(finding, rack, at_s)
            if event is not None:
                earlier = made.get(event.key)
                made[event.key] = event if earlier is None else _with_more(earlier, event)
        return list(made.values())

    def adopt(self, key: AlarmKey, stands: Standing) -> Mapping[Member, Priority]:
        """Take over an active alarm; return what belongs to it, and how urgent that is."""
        found = Found.of_alarm(key, stands)
        said = replace(stands, why=str(found.lead["why"]))
        self._causes[key] = _Cause(key, stands.scope, said, found)
        return found.urgency

    def forget(self, key: AlarmKey) -> None:
        """Drop an alarm that belongs elsewhere."""
        self._causes.pop(key, None)

    def _raised(self, finding: Finding, rack: Rack, at_s: float) -> AlarmEvent:
        cause = self._cause_of(finding)
        is_addition = cause is not None and finding.priority <= cause.said.priority
        if cause is None:
            key = AlarmKey(
                rack.asset.site_id, rack.asset.asset_id, finding.component, finding.rule.name
            )
            cause = self._causes[key] = _Cause(key, finding.scope, _said(finding, at_s), Found())
        if not is_addition:
            cause.said = _said(finding, at_s)
        cause.found.add(
            finding.rule.name,
            finding.component,
            at_s=at_s,
            priority=finding.priority,
            why=finding.why,
        )
        why = added_to(cause.said.why, finding.why) if is_addition else finding.why
        return replace(cause.event(Change.RAISED, at_s=at_s, why=why), is_addition=is_addition)

    def _over(self, finding: Finding, rack: Rack, at_s: float) -> AlarmEvent | None:
        ending = (c for c in self._causes.values() if c.found.end(finding.member, at_s=at_s))
        cause = next(ending, None)
        if cause is None or cause.found.open:
            return None
        del self._causes[cause.key]
        lasted = words.duration(max(0.0, at_s - float(next(iter(cause.found))["at_s"])))
        where = words.place(cause.key.component, rack.asset)
        why = f"{where}: back to normal after {lasted}"
        return cause.event(Change.RETURNED, at_s=at_s, why=why)

    def _cause_of(self, finding: Finding) -> _Cause | None:
        for cause in self._causes.values():
            if finding.member in cause.found.open:
                return cause
        if not finding.locates:
            return None
        near = [
            (distance, cause)
            for cause in self._causes.values()
            if cause.scope in (Scope.MODULE, Scope.CELL)
            and (distance := _distance(cause.key.component, finding.component)) is not None
            and distance <= (BESIDE if _is_heat(finding) else 0)
            and (distance == 0 or self._is_cooler(finding.component, cause.key.component))
        ]
        return min(near, key=lambda pair: pair[0], default=(0, None))[1]

    def _urgency(self, finding: Finding) -> tuple[float, float]:
        """Return what sorts the most urgent first, and the warmest of those."""
        warmth_k = self._warmth_k.get(finding.component.parent_module, math.nan)
        return -finding.priority, math.inf if math.isnan(warmth_k) else -warmth_k

    def _is_cooler(self, one: Component, other: Component) -> bool:
        warmth_k = (self._warmth_k.get(c.parent_module, math.nan) for c in (one, other))
        of_one, of_other = warmth_k
        return not of_one > of_other  # a module whose sensors burnt may be the source


def _said(finding: Finding, at_s: float) -> Standing:
    return Standing(
        finding.scope,
        finding.priority,
        finding.quantity,
        finding.setpoint,
        at_s,
        finding.evidence,
        finding.value,
        finding.why,
        finding.action,
    )


def _with_more(told: AlarmEvent, more: AlarmEvent) -> AlarmEvent:
    """Return what was said first, the most urgent, with all that was found at that instant.

    What came last holds where one of them is an end: an alarm that ended and began again stands.
    """
    if Change.RETURNED in (told.change, more.change):
        return more
    return replace(told, evidence={**told.evidence, FOUND: more.evidence[FOUND]})


def _distance(one: Component, other: Component) -> int | None:
    if one.string != other.string or one.module is None or other.module is None:
        return None
    return abs(one.module - other.module)


def _is_heat(finding: Finding) -> bool:
    return finding.quantity == "temperature_c"
