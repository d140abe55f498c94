"""One cause, one alarm, where rules of different kinds meet: comparisons and fixed limits.

A limit is the net below the detectors; it protects life, so it is never hidden by one of them. The
other way round, what belongs to an alarm that people already have is added to it:

* what a detector finds in a module that is beyond its temperature limit;
* the rack's own highest temperature, where the module that has it is told;
* modules beyond their limit (and the highest of them) in a rack that has lost its cooling, which
  warms them all;
* from the fourth on, modules or cells of one rack beyond the same limit: a hot discharge, or a
  charger that does not stop, is no cause of each of them.

A critical temperature is always told by itself.

Added means: recorded with the alarm, and told only if it is more urgent. The alarm lists what was
added (`found`, as `causes` does), up to `LISTED_MAX`, and when it was over. It has no alarm of its
own; when the alarm that it was added to has ended and it is not over `GRACE_S` later, it becomes
one, or is added to another.

This is about one battery; what several say of the room that they share is told once, too
(`room_folding`).
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from batteryd.domain.alarm import COLUMN, AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import Scope
from batteryd.rules.found import FOUND, Found, Member, added_by, added_to, not_over
from batteryd.rules.kind import Rule, Standing
from batteryd.rules.limit_settings import LimitSettings

LIMIT, COOLING, ROOM = "limit", "heat_cooling", "heat_room"
GRACE_S = 1800.0  # longer than the off-delays of what is added
CROWD = 4  # so many places beyond one limit are no longer told one by one
LISTED_MAX = 60
SENSOR_HEAT = "temperature_c"
OF_RACK = frozenset({"module_temperature_c_max", "module_temperature_c_min"})


@dataclass(slots=True)
class _Folded:
    """What was added to an alarm: it would be an alarm of its own."""

    lead: AlarmKey
    event: AlarmEvent
    free_at_s: float = math.inf


class Folding:
    """What has been added to what, on one asset."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        rules = tuple(rules)
        self._kinds = {rule.name: rule.kind for rule in rules}
        self._too_hot = {  # the limits of too much heat; cold has other causes
            rule.name
            for rule in rules
            if isinstance(rule.settings, LimitSettings) and rule.settings.direction == "high"
        }
        self._folded: dict[AlarmKey, _Folded] = {}
        # When what was added was over, for the lists of alarms; written with what they say next.
        self._over: dict[AlarmKey, dict[Member, float]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing is added to anything."""
        return not self._folded

    @property
    def folded(self) -> dict[AlarmKey, Standing]:
        """What has been added to alarms, as it would stand by itself."""
        return {
            key: Standing.of(one.event, raised_at_s=one.event.at_s)
            for key, one in self._folded.items()
        }

    def fold(
        self, events: Sequence[AlarmEvent], standing: Mapping[AlarmKey, Standing], *, now_s: float
    ) -> list[AlarmEvent]:
        """Return the events as they are to be told; `standing` is what stood before them."""
        known = dict(standing)
        told: list[AlarmEvent] = []
        for event in (*self._freed(now_s), *sorted(events, key=self._rank)):
            for one in self._taken(event, known):
                told.append(one)
                if one.change is Change.RAISED:
                    known[one.key] = Standing.of(one, raised_at_s=one.at_s)
                else:
                    known.pop(one.key, None)
        return told

    def _taken(self, event: AlarmEvent, known: Mapping[AlarmKey, Standing]) -> Iterable[AlarmEvent]:
        stands = known.get(event.key)
        if event.change is Change.RETURNED:
            folded = self._folded.pop(event.key, None)
            if folded is None:
                yield self._with_list(event, stands)
                self._release(event)
            elif folded.lead in known:
                self._over.setdefault(folded.lead, {})[_member(event.key)] = event.at_s
            return
        lead = None if stands else self._lead_of(event, known)
        if lead is None:
            self._folded.pop(event.key, None)
            yield self._with_list(event, stands)
            return
        self._folded[event.key] = _Folded(lead, event)
        yield from self._added(event, lead, known[lead])

    def _release(self, ended: AlarmEvent) -> None:
        for folded in self._folded.values():
            if folded.lead == ended.key:
                folded.free_at_s = ended.at_s + GRACE_S

    def _freed(self, now_s: float) -> list[AlarmEvent]:
        free = [key for key, folded in self._folded.items() if folded.free_at_s <= now_s]
        left = (self._folded.pop(key).event for key in free)
        return [not_over(event, now_s=now_s) for event in left]

    def _lead_of(self, event: AlarmEvent, known: Mapping[AlarmKey, Standing]) -> AlarmKey | None:
        leads = (key for key, s in known.items() if self._leads(key, s.quantity, event))
        return next(leads, None) or self._crowd_of(event, known)

    def _crowd_of(self, event: AlarmEvent, known: Mapping[AlarmKey, Standing]) -> AlarmKey | None:
        """Return the first of many places of a rack that are beyond the same limit as urgently."""
        place, kind = event.key.component, self._kinds.get(event.key.rule)
        is_told_alone = event.quantity == SENSOR_HEAT and event.priority is Priority.CRITICAL
        if kind != LIMIT or place.module is None or is_told_alone or self._is_of_room(known):
            return None
        alike = [
            key
            for key, stands in known.items()
            if key.rule == event.key.rule
            and key.component.module is not None
            and key.component.string == place.string
            and stands.priority >= event.priority
        ]
        return alike[0] if len(alike) >= CROWD - 1 else None

    def _is_of_room(self, known: Mapping[AlarmKey, Standing]) -> bool:
        """Whether the room explains it, which lists them all (`room_folding`)."""
        return any(self._kinds.get(key.rule) == ROOM for key in known)

    def _leads(self, key: AlarmKey, quantity: str, event: AlarmEvent) -> bool:
        kind, lead_kind = self._kinds.get(event.key.rule), self._kinds.get(key.rule)
        place, lead = event.key.component, key.component
        if kind != LIMIT:
            is_hot = lead_kind == LIMIT and quantity == SENSOR_HEAT and lead.module is not None
            return is_hot and event.scope is Scope.MODULE and place.parent_module == lead
        is_of_rack = event.quantity in OF_RACK and place.module is None
        is_here = place.string in (None, lead.string)
        if lead_kind == COOLING:
            is_module = event.quantity == SENSOR_HEAT and place.module is not None
            is_hot = event.key.rule in self._too_hot and (is_module or is_of_rack)
            return is_here and is_hot and event.priority < Priority.CRITICAL
        is_same_rule = key.rule == event.key.rule and lead.module is not None
        return is_here and is_same_rule and is_of_rack

    def _rank(self, event: AlarmEvent) -> tuple[bool, bool]:
        """Return what puts first what explains more: cooling, a module, its rack's own maximum."""
        is_cooling = self._kinds.get(event.key.rule) == COOLING
        return not is_cooling, event.key.component.module is None

    def _with_list(self, event: AlarmEvent, stands: Standing | None) -> AlarmEvent:
        """Return an event of an alarm to which something was added, with its list taken on."""
        if stands is None or FOUND not in stands.evidence:
            return event
        found, key = self._list_of(event.key, stands), event.key
        if FOUND in event.evidence:  # it keeps a list of its own, of what it found itself
            found = Found.in_evidence(event.evidence).with_others(found)
        elif event.change is Change.RAISED:
            found.add(
                key.rule, key.component, at_s=event.at_s, priority=event.priority, why=event.why
            )  # fmt: skip
        else:
            found.end(_member(key), at_s=event.at_s)
        self._over.pop(key, None)
        return replace(event, evidence={**event.evidence, FOUND: found.written()})

    def _added(self, event: AlarmEvent, lead: AlarmKey, stands: Standing) -> Iterator[AlarmEvent]:
        """Yield what an event adds to an alarm, which stays as it is unless this is more urgent."""
        found = self._list_of(lead, stands)
        is_growth = event.priority > stands.priority
        if not is_growth and len(found.open) >= LISTED_MAX:
            return
        self._over.pop(lead, None)
        sentence = str(found.lead["why"])
        place, said = event.key.component, added_by(event.why)
        found.add(event.key.rule, place, at_s=event.at_s, priority=event.priority, why=said)
        if is_growth:
            # The limit goes on asking for the reading that raised it.
            judged = {COLUMN: stands.evidence[COLUMN]} if COLUMN in stands.evidence else {}
            evidence = {**event.evidence, **judged, FOUND: found.written()}
            yield replace(event, key=lead, scope=stands.scope, evidence=evidence, is_addition=False)
            return
        why = added_to(sentence, said)
        told = stands.as_event(lead, Change.RAISED, at_s=event.at_s, why=why)
        evidence = {**stands.evidence, FOUND: found.written()}
        yield replace(told, evidence=evidence, is_addition=True)

    def _list_of(self, key: AlarmKey, stands: Standing) -> Found:
        found = Found.of_alarm(key, stands)
        for member, at_s in self._over.get(key, {}).items():
            found.end(member, at_s=at_s)
        return found


def _member(key: AlarmKey) -> Member:
    return (key.rule, str(key.component))
