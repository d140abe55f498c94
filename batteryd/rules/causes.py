"""One cause, one alarm: what several rules say of the same trouble is told once.

A finding is what a rule says of a place. The first finding in a module is the alarm; whatever other
rules find in that module while it lasts is added to it, and so is what warms in the modules beside
it, as heat spreads. An addition is recorded and told to nobody; only one that is more urgent is
told, and the alarm grows. The alarm ends when all that belongs to it is over. Its evidence lists
all of it (`found`), which is also how a restarted daemon knows what belongs together.

What is about a sensor, the rack or the room is told by itself: it has a cause of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import Component, Scope
from batteryd.rules.kind import Rule, Standing
from batteryd.rules.rack import Rack

BESIDE = 2  # modules to either side that the heat of one reaches
FOUND = "found"  # the entry of the evidence that lists what belongs to an alarm

Member = tuple[str, str]  # rule, component


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
    """An alarm that is active, and what belongs to it."""

    key: AlarmKey
    scope: Scope
    priority: Priority
    quantity: str
    setpoint: float | None
    open: set[Member] = field(default_factory=set)
    found: list[dict[str, object]] = field(default_factory=list)


class Causes:
    """What is active on one rack, by cause."""

    def __init__(self) -> None:
        self._causes: dict[AlarmKey, _Cause] = {}

    def events(self, findings: Sequence[Finding], rack: Rack, *, at_s: float) -> list[AlarmEvent]:
        """Return what is to be told, and what is to be recorded, of findings of one instant."""
        made: dict[AlarmKey, AlarmEvent] = {}
        for finding in sorted(findings, key=lambda f: -f.priority):
            if finding.change is Change.RAISED:
                event: AlarmEvent | None = self._raised(finding, rack, at_s)
            else:
                event = self._over(finding, rack, at_s)
            if event is not None:
                earlier = made.get(event.key)
                made[event.key] = event if earlier is None else _with_more(earlier, event)
        return list(made.values())

    def adopt(self, key: AlarmKey, stands: Standing) -> set[Member]:
        """Take over an active alarm; return what belongs to it."""
        written = stands.evidence.get(FOUND)
        found = [dict(entry) for entry in written] if isinstance(written, (list, tuple)) else []
        members = {(str(entry["rule"]), str(entry["component"])) for entry in found}
        members = members or {(key.rule, str(key.component))}
        self._causes[key] = _Cause(
            key, stands.scope, stands.priority, stands.quantity, stands.setpoint, members, found
        )
        return members

    def forget(self, key: AlarmKey) -> None:
        """Drop an alarm that belongs elsewhere."""
        self._causes.pop(key, None)

    def _raised(self, finding: Finding, rack: Rack, at_s: float) -> AlarmEvent | None:
        cause = self._cause_of(finding)
        is_first = cause is None
        if cause is None:
            key = AlarmKey(
                rack.asset.site_id, rack.asset.asset_id, finding.component, finding.rule.name
            )
            cause = _Cause(key, finding.scope, finding.priority, finding.quantity, finding.setpoint)
            self._causes[key] = cause
        grows = finding.priority > cause.priority
        cause.priority = max(cause.priority, finding.priority)
        if finding.member not in cause.open or not cause.found:
            cause.found.append(_entry(finding, at_s))
        cause.open.add(finding.member)
        is_addition = not (is_first or grows)
        return AlarmEvent(
            key=cause.key,
            change=Change.RAISED,
            at_s=at_s,
            scope=cause.scope,
            priority=cause.priority,
            quantity=cause.quantity,
            # What was added may be of another quantity: the alarm stays what it is.
            value=finding.value if finding.quantity == cause.quantity else None,
            setpoint=cause.setpoint,
            why=finding.why,
            action=finding.action,
            evidence={**finding.evidence, FOUND: tuple(cause.found)},
            is_addition=is_addition,
        )

    def _over(self, finding: Finding, rack: Rack, at_s: float) -> AlarmEvent | None:
        cause = next((c for c in self._causes.values() if finding.member in c.open), None)
        if cause is None:
            return None
        cause.open.discard(finding.member)
        if cause.open:
            return None
        del self._causes[cause.key]
        return AlarmEvent(
            key=cause.key,
            change=Change.RETURNED,
            at_s=at_s,
            scope=cause.scope,
            priority=cause.priority,
            quantity=cause.quantity,
            value=None,
            setpoint=cause.setpoint,
            why=finding.why,
            action=finding.action,
            evidence={FOUND: tuple(cause.found)},
        )

    def _cause_of(self, finding: Finding) -> _Cause | None:
        for cause in self._causes.values():
            if finding.member in cause.open:
                return cause
        if not finding.locates:
            return None
        near = [
            (distance, cause)
            for cause in self._causes.values()
            if cause.scope in (Scope.MODULE, Scope.CELL)
            and (distance := _distance(cause.key.component, finding.component)) is not None
            and distance <= (BESIDE if _is_heat(finding) else 0)
        ]
        return min(near, key=lambda pair: pair[0], default=(0, None))[1]


def _with_more(told: AlarmEvent, more: AlarmEvent) -> AlarmEvent:
    """Return what was said first, the most urgent, with all that was found at that instant."""
    if more.change is Change.RETURNED:
        return more
    return replace(told, evidence={**told.evidence, FOUND: more.evidence[FOUND]})


def _distance(one: Component, other: Component) -> int | None:
    if one.string != other.string or one.module is None or other.module is None:
        return None
    return abs(one.module - other.module)


def _is_heat(finding: Finding) -> bool:
    return finding.quantity == "temperature_c"


def _entry(finding: Finding, at_s: float) -> dict[str, object]:
    return {
        "rule": finding.rule.name,
        "component": str(finding.component),
        "at_s": at_s,
        "why": finding.why,
    }
