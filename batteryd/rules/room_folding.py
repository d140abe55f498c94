"""One failing room, one alarm: where what several batteries say of their room meets.

Every battery in a room sees its cooling fail, and none of them knows of the others. What the first
of them says is the alarm of the room; what belongs to it is added: recorded in its list with the
battery that said it, and told to nobody unless it is more urgent.

    what stands in the room     is added to it
    heat_room                   heat_room of other batteries; limits of the air; modules beyond
                                their limit, of any battery
    a limit of the air          limits of the air of other batteries, for two hours

Limits are those of too much heat. A critical one is always told by itself, as it protects life. A
limit of the air explains nothing but other air: where it has stood for long (a warm corner), it
must not hide a room that goes on warming.

The alarm ends when the last battery is back from what it is about. What was added and is not over
half an hour later becomes an alarm of its own, as in `folding`. Every battery keeps its own book of
what it raised, so where the first battery leaves the room, the alarm goes on as that of the next.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import Scope
from batteryd.domain.inventory import Asset
from batteryd.rules.folding import GRACE_S, LIMIT, ROOM
from batteryd.rules.found import not_over
from batteryd.rules.kind import Standing
from batteryd.rules.room_alarm import AIR_C, Part, RoomAlarm
from batteryd.rules.rulebook import RuleTable
from batteryd.rules.watch import end_of

OF_MODULES = frozenset({"temperature_c", "module_temperature_c_max"})

# For how long after the alarm was raised what else belongs to it.
EXPLAINS_S: Mapping[tuple[Part, Part], float] = MappingProxyType(
    {
        (Part.WARMS, Part.WARMS): math.inf,
        (Part.WARMS, Part.AIR): math.inf,
        (Part.WARMS, Part.MODULE): math.inf,
        (Part.AIR, Part.AIR): 7200.0,
    }
)


class RoomFolding:
    """What belongs to the alarms of all rooms."""

    def __init__(self) -> None:
        self._rooms: dict[str, str] = {}  # by battery
        self._names: dict[str, str] = {}
        self._kinds: dict[str, str] = {}  # of the rules that can be about a room's heat
        self._alarms: dict[AlarmKey, RoomAlarm] = {}
        self._by_itself: set[AlarmKey] = set()  # modules that are told, as no alarm explains them
        self._waiting: dict[AlarmKey, tuple[float, AlarmEvent]] = {}  # until they are told

    @property
    def is_waiting(self) -> bool:
        """Whether anything becomes an alarm of its own when time passes."""
        return bool(self._waiting)

    def know(self, assets: Iterable[Asset], rules: Iterable[RuleTable]) -> None:
        """Take note of who is in which room, and of the rules."""
        assets = tuple(assets)
        self._rooms = {asset.asset_id: asset.room_id for asset in assets}
        self._names = {asset.asset_id: asset.name for asset in assets}
        self._kinds = {
            rule.name: rule.kind
            for rule in rules
            if rule.kind == ROOM
            or (rule.kind == LIMIT and rule.settings.get("direction") == "high")
        }

    def fold(self, events: Sequence[AlarmEvent], *, now_s: float) -> tuple[AlarmEvent, ...]:
        """Return what batteries say as it is to be told."""
        told: list[AlarmEvent] = []
        for event in (*self._freed(now_s), *sorted(events, key=self._rank)):
            if event.change is Change.RAISED:
                told += self._raised(event)
            else:
                told += self._over(event)
        return tuple(told)

    def adopt(
        self, standing: Mapping[AlarmKey, Standing], *, now_s: float
    ) -> dict[AlarmKey, Standing]:
        """Take over active alarms; return what each battery has raised, under its own key."""
        theirs = dict(standing)
        for key, stands in standing.items():
            part = self._part(key.rule, stands.scope, stands.quantity)
            if part is Part.MODULE:
                self._by_itself.add(key)
            elif part is not None:
                alarm = self._alarms[key] = RoomAlarm.known(key, part, stands)
                for event in alarm.recalled():
                    self._recall(event, alarm, elsewhere=event.key in standing, now_s=now_s)
                theirs = {k: s for k, s in theirs.items() if k != key} | alarm.members(stands)
        return theirs

    def settle(self, now_s: float) -> Iterator[AlarmEvent]:
        """Yield what changes where batteries or rules have: an alarm is about one room."""
        for alarm in tuple(self._alarms.values()):
            rooms = {self._rooms.get(key.asset_id) for key in (alarm.key, *alarm.open)}
            if alarm.stands and len(rooms) == 1 and None not in rooms:
                continue
            del self._alarms[alarm.key]
            yield end_of(alarm.key, alarm.said, at_s=now_s)
            for event in sorted(alarm.open.values(), key=self._rank):
                yield from self._raised(replace(event, at_s=now_s, is_addition=False))

    def _raised(self, event: AlarmEvent) -> Iterator[AlarmEvent]:
        part = self._part_of(event)
        if part is None or event.key in self._by_itself:
            yield event
            return
        alarm = self._alarms.get(event.key) or self._explains(event, part)
        if alarm is None:
            yield from self._left(event)
            if not self._waits(event):
                yield from self._begun(event, part)
            return
        self._waiting.pop(event.key, None)
        taken = alarm.take(event, part, self._names)
        if taken is not None:
            yield taken

    def _begun(self, event: AlarmEvent, part: Part) -> Iterator[AlarmEvent]:
        if part is Part.MODULE:
            self._by_itself.add(event.key)
            yield event
            return
        alarm = self._alarms[event.key] = RoomAlarm.begun(event, part)
        taken = alarm.take(event, part, self._names)
        if taken is not None:
            yield taken

    def _left(self, event: AlarmEvent) -> Iterator[AlarmEvent]:
        """Take what has become critical out of the alarm that it was added to."""
        holder = self._holder(event.key)
        if holder is not None:
            yield from self._dropped(holder, event)

    def _waits(self, event: AlarmEvent) -> bool:
        """Whether an alarm that has ended still explains an event, for the moment."""
        _, before = self._waiting.get(event.key, (0.0, None))
        if before is not None and event.priority <= before.priority:
            return True
        self._waiting.pop(event.key, None)
        return False

    def _over(self, event: AlarmEvent) -> Iterator[AlarmEvent]:
        holder = self._holder(event.key)
        if holder is not None:
            yield from self._dropped(holder, event)
        elif self._waiting.pop(event.key, None) is None:
            self._by_itself.discard(event.key)
            yield event

    def _dropped(self, alarm: RoomAlarm, event: AlarmEvent) -> Iterator[AlarmEvent]:
        alarm.drop(event.key, at_s=event.at_s)
        if alarm.stands:
            return
        del self._alarms[alarm.key]
        free_at_s = event.at_s + GRACE_S
        self._waiting |= {key: (free_at_s, left) for key, left in alarm.open.items()}
        yield alarm.ended(event, self._names)

    def _freed(self, now_s: float) -> list[AlarmEvent]:
        free = [key for key, (at_s, _) in self._waiting.items() if at_s <= now_s]
        left = sorted((self._waiting.pop(key)[1] for key in free), key=self._rank)
        return [not_over(event, now_s=now_s) for event in left]

    def _explains(self, event: AlarmEvent, part: Part) -> RoomAlarm | None:
        """Return the alarm that an event belongs to; the one that holds it first."""
        if self._kinds[event.key.rule] == LIMIT and event.priority is Priority.CRITICAL:
            return None
        room_id = self._rooms.get(event.key.asset_id)
        here = [
            alarm
            for alarm in self._alarms.values()
            if room_id is not None
            and self._rooms.get(alarm.key.asset_id) == room_id
            and event.at_s - alarm.said.raised_at_s <= EXPLAINS_S.get((alarm.part, part), -math.inf)
        ]
        return self._holder(event.key) or min(here, key=lambda alarm: alarm.part, default=None)

    def _holder(self, key: AlarmKey) -> RoomAlarm | None:
        return next((alarm for alarm in self._alarms.values() if key in alarm.open), None)

    def _recall(
        self, event: AlarmEvent, alarm: RoomAlarm, *, elsewhere: bool, now_s: float
    ) -> None:
        """Take up what an alarm lists, but for what is told elsewhere or has no rule any more."""
        part = self._part_of(event)
        is_elsewhere = elsewhere and event.key != alarm.key
        if part is None or is_elsewhere or self._holder(event.key) not in (None, alarm):
            alarm.drop(event.key, at_s=now_s)
        else:
            alarm.recall(event, part)

    def _part_of(self, event: AlarmEvent) -> Part | None:
        return self._part(event.key.rule, event.scope, event.quantity)

    def _part(self, rule: str, scope: Scope, quantity: str) -> Part | None:
        """Return what a rule says of the room; None where it says nothing of its heat."""
        kind = self._kinds.get(rule)
        if kind is None:
            return None
        if kind == ROOM:
            return Part.WARMS
        if quantity in OF_MODULES:
            return Part.MODULE
        return Part.AIR if quantity == AIR_C and scope is Scope.ROOM else None

    def _rank(self, event: AlarmEvent) -> Part:
        """Return what puts first what explains the others."""
        part = self._part_of(event)
        return Part.MODULE if part is None else part
