"""The list that an alarm keeps of all that was found of its cause: what, where, since when.

It stands in the evidence (`found`), the first entry first, so that a restarted daemon knows what
belongs together and people see it in words and with times. Its length is bounded: of what is over
long ago, only the beginning of the alarm is kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from batteryd.domain.alarm import PRIORITY_BY_TEXT, AlarmEvent, AlarmKey, Priority
from batteryd.domain.component import Component
from batteryd.rules.kind import Standing
from batteryd.rules.words import instant

FOUND = "found"
OVER_MAX = 40  # entries that are over, beside those that are not

_ADDED = ". Added: "

Member = tuple[str, str]  # rule, component
Entry = dict[str, Any]


class Found:
    """What belongs to one alarm."""

    def __init__(self, entries: Sequence[Mapping[str, object]] = ()) -> None:
        self._entries: list[Entry] = [dict(entry) for entry in entries]

    @classmethod
    def in_evidence(cls, evidence: Mapping[str, object]) -> "Found":
        """Return what was written into an alarm's evidence; empty where nothing was."""
        written = evidence.get(FOUND)
        return cls(written) if isinstance(written, (list, tuple)) else cls()

    @classmethod
    def of_alarm(cls, key: AlarmKey, stands: Standing) -> "Found":
        """Return the list of an active alarm; of one without a list, the alarm itself in one."""
        found = cls.in_evidence(stands.evidence)
        if not found:
            found.add(
                key.rule,
                key.component,
                at_s=stands.raised_at_s,
                priority=stands.priority,
                why=stands.why,
            )
        return found

    def __bool__(self) -> bool:
        return bool(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    @property
    def open(self) -> set[Member]:
        """What is not over."""
        return {_member(entry) for entry in self._entries if "over_at_s" not in entry}

    @property
    def urgency(self) -> Mapping[Member, Priority]:
        """What is not over, each with the most that was said of it."""
        most: dict[Member, Priority] = {}
        is_open = self.open
        for entry in self._entries:
            member = _member(entry)
            if member in is_open:
                most[member] = max(most.get(member, Priority.LOW), _priority(entry))
        return most

    @property
    def lead(self) -> Entry:
        """The most urgent entry, of several the first: the sentence that the alarm goes by."""
        return max(self._entries, key=lambda entry: _priority(entry))

    def add(
        self,
        rule: str,
        component: Component,
        *,
        at_s: float,
        priority: Priority,
        why: str,
        **more: str,
    ) -> None:
        """Note that something was found; `more` is what else its entry says."""
        self._entries.append(
            {
                "rule": rule,
                "component": str(component),
                "at_s": at_s,
                "priority": priority.text,
                "why": why,
                **more,
            }
        )
        over = [i for i, entry in enumerate(self._entries) if i and "over_at_s" in entry]
        if len(over) > OVER_MAX:
            del self._entries[over[0]]

    def end(self, member: Member, *, at_s: float) -> bool:
        """Note that something is over; False where it is not in the list, or was over before."""
        ending = [e for e in self._entries if _member(e) == member and "over_at_s" not in e]
        for entry in ending:
            entry["over_at_s"] = at_s
        return bool(ending)

    def with_others(self, other: "Found") -> "Found":
        """Return this list, with what another one has of members that this one does not know."""
        known = {_member(entry) for entry in self._entries}
        others = [entry for entry in other if _member(entry) not in known]
        both = sorted(self._entries + others, key=lambda entry: float(entry["at_s"]))
        return Found(both)

    def written(self) -> tuple[Entry, ...]:
        """Return it as an event's evidence has it."""
        return tuple(dict(entry) for entry in self._entries)


def added_to(sentence: str, addition: str) -> str:
    """Return the sentence that an alarm goes by, and what was added to it."""
    return f"{sentence}{_ADDED}{addition}"


def said_first(why: str) -> str:
    """Return the sentence that an alarm goes by, without what an event added."""
    return why.partition(_ADDED)[0]


def addition_in(why: str) -> str:
    """Return what an event added, as `added: …`; of one that added nothing, what it said."""
    _, mark, addition = why.partition(_ADDED)
    return f"added: {addition}" if mark else why


def added_by(why: str) -> str:
    """Return what an event added; of one that added nothing, what it said."""
    return why.rpartition(_ADDED)[2]


def not_over(event: AlarmEvent, *, now_s: float) -> AlarmEvent:
    """Return what was added to an alarm that has ended, as an alarm of its own.

    Nobody has measured it again: its figures stand in a sentence that says when they were true.
    """
    why = f"found at {instant(event.at_s)} and not over yet: {said_first(event.why)}"
    return replace(event, at_s=now_s, value=None, setpoint=None, why=why, is_addition=False)


def asset_of(entry: Mapping[str, object]) -> str:
    """Return which battery said an entry; empty where the alarm's own did."""
    return str(entry.get("asset_id", ""))


def _member(entry: Mapping[str, object]) -> Member:
    return (str(entry["rule"]), str(entry["component"]))


def _priority(entry: Mapping[str, object]) -> Priority:
    return PRIORITY_BY_TEXT.get(str(entry.get("priority")), Priority.LOW)
