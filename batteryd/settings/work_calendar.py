"""Reads planned work from a calendar (iCalendar, RFC 5545), as planners of a site keep it.

An event is about batteries where it says so: in properties of its own,

    X-BATTERYD-KIND:relocate
    X-BATTERYD-BATTERIES:UPS-5-R1,UPS-5-R2

or, as few calendar programs let people write properties, in a line of its description:

    batteryd: kind=relocate batteries=UPS-5-R1,UPS-5-R2

Every other event of the file is left alone. The event's UID is what the work order is known by when
the calendar is imported again. Attendees are the people. An instant has to be definite: with a time
zone that is known, or in UTC. An event that repeats is refused: a clearance is for one piece of
work, and the second time the batteries are a week older.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from icalendar import Calendar, Component

from batteryd.domain.inventory import Inventory
from batteryd.domain.work import WorkKind, WorkOrder
from batteryd.errors import ConfigError, Mistake
from batteryd.mistakes import unknown_text
from batteryd.permits.paper import mistakes_in_plan, names_of
from batteryd.settings.files import SourceFile

_LINE = re.compile(r"^\s*batteryd:(?P<words>.*)$", re.IGNORECASE | re.MULTILINE)
_MARKS = ("kind", "batteries")
_REPEATING = ("RRULE", "RDATE", "RECURRENCE-ID")


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """An event about batteries. `plan` has no work order's id yet; `source` is the event's UID."""

    plan: WorkOrder
    is_cancelled: bool


def read_calendar(file: SourceFile, *, inventory: Inventory) -> tuple[CalendarEvent, ...]:
    """Return the events of a calendar that are about batteries, in the order of the file.

    Raises:
        ConfigError: with every mistake in every such event, or as the file is no calendar.
    """
    try:
        # An object of several calendars, one after the other, is how some servers export.
        calendars = Calendar.from_ical(file.content.decode("utf-8"), multiple=True)
    except ValueError as error:
        raise ConfigError.one(file.path, "", "", f"an iCalendar file in UTF-8 ({error})") from None
    events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    mistakes: list[Mistake] = []
    found = [
        _Reading(event, at=f"{file.name}: event {number}", to=mistakes).event(inventory)
        for number, event in enumerate(events, start=1)
        if _is_ours(event)
    ]
    mistakes += _same_uid(found, file=file.name)
    if mistakes:
        raise ConfigError(tuple(mistakes))
    return tuple(found)


def _is_ours(event: Component) -> bool:
    return bool(_properties(event)) or _LINE.search(_text(event, "DESCRIPTION")) is not None


def _properties(event: Component) -> dict[str, str]:
    marks = {mark: _text(event, f"X-BATTERYD-{mark}") for mark in _MARKS}
    return {mark: text for mark, text in marks.items() if text}


def _text(event: Component, name: str) -> str:
    """Return a property as text; one that stands there several times is joined by commas."""
    found = event.get(name, "")
    return ",".join(map(str, found)) if isinstance(found, list) else str(found)


def _same_uid(events: list[CalendarEvent], *, file: str) -> Iterator[Mistake]:
    seen: set[str] = set()
    for event in events:
        uid = event.plan.source
        if uid and uid in seen:
            yield Mistake(file, "UID", uid, "a UID that no other event has")
        seen.add(uid)


class _Reading:
    """One event being read; what is wrong with it goes to the list of mistakes."""

    def __init__(self, event: Component, *, at: str, to: list[Mistake]) -> None:
        self._event = event
        self._uid = _text(event, "UID").strip()
        self._at = f"{at} ({self._uid})" if self._uid else at
        self._to = to

    def event(self, inventory: Inventory) -> CalendarEvent:
        """Return what the event plans; where there were mistakes it is of no use."""
        if not self._uid:
            self._wrong("UID", "", "a UID: without one, nobody knows the event again")
        is_cancelled = _text(self._event, "STATUS").upper() == "CANCELLED"
        before = len(self._to)
        plan = self._plan()
        if is_cancelled:
            del self._to[before:]  # what will not happen needs no people and no time
        elif len(self._to) == before:
            self._to += mistakes_in_plan(plan, inventory=inventory, file=self._at)
        return CalendarEvent(plan, is_cancelled)

    def _plan(self) -> WorkOrder:
        for name in _REPEATING:
            if name in self._event:
                self._wrong(name, "", "one event for each piece of work: none that repeats")
        marks = self._marks()
        starts_at_s = self._instant("DTSTART")
        return WorkOrder(
            work_order_id="",
            kind=self._kind(marks.get("kind", "")),
            starts_at_s=starts_at_s,
            ends_at_s=self._end(starts_at_s),
            batteries=names_of(marks.get("batteries", "").split(",")),
            people=names_of(self._people()),
            title=_text(self._event, "SUMMARY").strip(),
            source=self._uid,
        )

    def _marks(self) -> Mapping[str, str]:
        """Return kind and batteries; a property counts before the description."""
        line = _LINE.search(_text(self._event, "DESCRIPTION"))
        marks: dict[str, str] = {}
        for word in self._words(line["words"] if line else ""):
            mark, _, value = word.partition("=")
            if mark not in _MARKS:
                self._wrong("batteryd", word, unknown_text("word", mark, known=_MARKS))
            marks[mark] = value
        return marks | _properties(self._event)

    def _words(self, text: str) -> list[str]:
        try:
            return shlex.split(text)
        except ValueError as error:
            self._wrong("batteryd", text.strip(), f"words such as kind=relocate ({error})")
            return []

    def _kind(self, text: str) -> WorkKind:
        kinds = [kind.value for kind in WorkKind]
        if text.strip().lower() in kinds:
            return WorkKind(text.strip().lower())
        self._wrong("kind", text, f"one of {', '.join(kinds)}")
        return WorkKind.RELOCATE

    def _people(self) -> Iterator[str]:
        found = self._event.get("ATTENDEE", [])
        for attendee in found if isinstance(found, list) else [found]:
            yield str(attendee.params.get("CN", "")) or str(attendee).removeprefix("mailto:")

    def _instant(self, name: str) -> float:
        found = self._value(name)
        if isinstance(found, datetime) and found.tzinfo is not None:
            return found.timestamp()
        shown = _text(self._event, name) if found is None else str(found)
        self._wrong(name, shown, "one instant, in UTC or in a known time zone")
        return 0.0

    def _end(self, starts_at_s: float) -> float:
        if "DTEND" in self._event or "DURATION" not in self._event:
            return self._instant("DTEND")
        found = self._value("DURATION")
        if isinstance(found, timedelta):
            return starts_at_s + found.total_seconds()
        self._wrong("DURATION", _text(self._event, "DURATION"), "a duration such as PT2H")
        return 0.0

    def _value(self, name: str) -> object:
        """Return what a property means; None where it is missing, broken or there twice."""
        try:
            return getattr(self._event.get(name), "dt", None)
        except ValueError:  # icalendar keeps what it cannot read, and says so when it is asked
            return None

    def _wrong(self, key: str, value: str, allowed: str) -> None:
        self._to.append(Mistake(self._at, key, value, allowed))
