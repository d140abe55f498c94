"""The one alarm of a failing room: what it goes by, and what of which battery belongs to it.

It has the key of the battery that said it first. All that belongs to it is in its list (`found`)
with the battery that said it, so that a restarted daemon can give every battery back what it had
raised. The list of a large room is bounded: of many modules beyond their limit, only the first of a
battery is listed once there are `LISTED_MAX` entries.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from batteryd.domain.alarm import COLUMN, PRIORITY_BY_TEXT, AlarmEvent, AlarmKey, Change
from batteryd.domain.component import Scope, parse_component
from batteryd.rules import words
from batteryd.rules.found import FOUND, Entry, Found, added_by, added_to, asset_of
from batteryd.rules.kind import Standing

LISTED_MAX = 60
NAMED_MAX = 3  # batteries that a sentence names
AIR_C = "ambient_temperature_c"

Names = Mapping[str, str]  # what people call a battery, by id


class Part(IntEnum):
    """What a battery says of its room; what explains more comes first."""

    WARMS = 0  # its cooling fails
    AIR = 1  # its air is beyond a limit
    MODULE = 2  # a module in it is


@dataclass(slots=True)
class RoomAlarm:
    """An alarm that is active."""

    key: AlarmKey
    part: Part
    said: Standing  # the most urgent of it, which it goes by
    found: Found = field(default_factory=Found)
    open: dict[AlarmKey, AlarmEvent] = field(default_factory=dict)  # by the battery's own key
    parts: dict[AlarmKey, Part] = field(default_factory=dict)  # of these, and of what is over

    @classmethod
    def begun(cls, event: AlarmEvent, part: Part) -> "RoomAlarm":
        """Return the alarm that an event begins, before it has taken the event itself."""
        return cls(event.key, part, Standing.of(event, raised_at_s=event.at_s))

    @classmethod
    def known(cls, key: AlarmKey, part: Part, said: Standing) -> "RoomAlarm":
        """Return an alarm that is active, with its list, before any of it is recalled."""
        alarm = cls(key, part, said, Found.in_evidence(said.evidence))
        if not alarm.found:
            alarm._list(key, said, at_s=said.raised_at_s, why=said.why)
        alarm.said = replace(said, why=str(alarm.found.lead["why"]))
        return alarm

    @property
    def stands(self) -> bool:
        """Whether any battery still says what the alarm is about."""
        return any(self.parts[key] is self.part for key in self.open)

    def take(self, event: AlarmEvent, part: Part, names: Names) -> AlarmEvent | None:
        """Note what a battery says; return what is told or recorded of it, if anything is."""
        is_first = not self.found
        why = event.why if is_first else _named(event, names)
        is_listed = self._note(event, part, why)
        if is_first or event.priority > self.said.priority:
            scope, raised_at_s = self.said.scope, self.said.raised_at_s
            self.said = replace(Standing.of(event, raised_at_s=raised_at_s), scope=scope, why=why)
            return self._event(Change.RAISED, at_s=event.at_s, why=why)
        if not is_listed:
            return None
        added = added_to(f"{self.said.why}{self._also(names)}", why)
        return replace(self._event(Change.RAISED, at_s=event.at_s, why=added), is_addition=True)

    def drop(self, key: AlarmKey, *, at_s: float) -> None:
        """Note that something is over, or has become an alarm of its own."""
        self.open.pop(key, None)
        for entry in self._not_over():
            if self._key_in(entry) == key:
                entry["over_at_s"] = at_s

    def ended(self, last: AlarmEvent, names: Names) -> AlarmEvent:
        """Return its end; `last` is the end of what stood longest."""
        if last.key == self.key and len(self.parts) == 1:
            return replace(last, evidence={**last.evidence, **self._listed()})
        lasted = words.duration(max(0.0, last.at_s - self.said.raised_at_s))
        first = names.get(self.key.asset_id, self.key.asset_id)
        why = f"the room of {first}: back to normal after {lasted}{self._also(names)}"
        left = f"; not over: {len(self.open)} of what was added" if self.open else ""
        return self._event(Change.RETURNED, at_s=last.at_s, why=f"{why}{left}")

    def recalled(self) -> tuple[AlarmEvent, ...]:
        """Return what is listed and not over, each as far as the list says it."""
        return tuple(self._event_in(entry) for entry in self._not_over())

    def recall(self, event: AlarmEvent, part: Part) -> None:
        """Take up something that is listed."""
        before = self.open.get(event.key, event)
        most = max(before.priority, event.priority)
        self.open[event.key] = replace(event, at_s=before.at_s, priority=most)
        self.parts[event.key] = part

    def members(self, stands: Standing) -> dict[AlarmKey, Standing]:
        """Return what the batteries have raised of it, each under its own key."""
        if len(self.parts) == 1 and self.key in self.open:
            return {self.key: stands}
        return {key: Standing.of(e, raised_at_s=e.at_s) for key, e in self.open.items()}

    def _note(self, event: AlarmEvent, part: Part, why: str) -> bool:
        """Note what a battery says; False where it is one module of too many to be listed."""
        key = event.key
        self.open[key], self.parts[key] = event, part
        listed = [(asset_of(entry), entry["rule"]) for entry in self._not_over()]
        is_known = (key.asset_id, key.rule) in listed
        if part is Part.MODULE and is_known and len(listed) >= LISTED_MAX:
            return False
        self._list(key, event, at_s=event.at_s, why=why)
        return True

    def _list(self, key: AlarmKey, said: AlarmEvent | Standing, *, at_s: float, why: str) -> None:
        column = said.evidence.get(COLUMN)
        self.found.add(
            key.rule,
            key.component,
            at_s=at_s,
            priority=said.priority,
            why=why,
            asset_id=key.asset_id,
            **({COLUMN: str(column)} if column else {}),
        )

    def _not_over(self) -> Iterator[Entry]:
        return (entry for entry in self.found if "over_at_s" not in entry)

    def _key_in(self, entry: Entry) -> AlarmKey:
        asset_id = asset_of(entry) or self.key.asset_id
        component = parse_component(entry["component"])
        return AlarmKey(self.key.site_id, asset_id, component, entry["rule"])

    def _event_in(self, entry: Entry) -> AlarmEvent:
        key, column = self._key_in(entry), str(entry.get(COLUMN, ""))
        return AlarmEvent(
            key=key,
            change=Change.RAISED,
            at_s=entry["at_s"],
            scope=Scope.ROOM if key.component.module is None else key.component.scope,
            priority=PRIORITY_BY_TEXT[entry["priority"]],
            quantity=column.partition(":")[2] or AIR_C,
            value=None,
            setpoint=None,
            why=entry["why"],
            evidence={COLUMN: column} if column else {},
        )

    def _also(self, names: Names) -> str:
        """Return which other batteries say it of the room."""
        of_room = (key.asset_id for key, part in self.parts.items() if part < Part.MODULE)
        others = [names.get(a, a) for a in dict.fromkeys(of_room) if a != self.key.asset_id]
        if not others:
            return ""
        more = f" and {len(others) - NAMED_MAX} more" if len(others) > NAMED_MAX else ""
        return f" (also said by {', '.join(others[:NAMED_MAX])}{more})"

    def _event(self, change: Change, *, at_s: float, why: str) -> AlarmEvent:
        told = self.said.as_event(self.key, change, at_s=at_s, why=why)
        return replace(told, evidence={**told.evidence, **self._listed()})

    def _listed(self) -> Mapping[str, object]:
        """Return the list as evidence; what nothing was added to needs none, as it says it all."""
        is_alone = self.part is not Part.WARMS and len(self.parts) == 1
        return {} if is_alone else {FOUND: self.found.written()}


def is_said_by(asset_id: str, evidence: Mapping[str, object]) -> bool:
    """Whether a battery is among those whose findings an alarm lists."""
    return any(asset_of(entry) == asset_id for entry in Found.in_evidence(evidence))


def _named(event: AlarmEvent, names: Names) -> str:
    """Return what a battery says, with its name: `the room: 29.1 °C` is told by many."""
    said, name = added_by(event.why), names.get(event.key.asset_id, event.key.asset_id)
    return said if name.lower() in said.lower() else f"{name}: {said}"
