"""Timetables for rules and alarm lifecycle: what happens when, and what people are told.

A file of `rules/` says what the rack shows (`set`, `missing`, `poll`), what people do (`shelve`,
`acknowledge`), what they are told at which second, and which alarms are not normal at the end. The
shipped rules run on it, with a poll every 10 s; nothing else may be told.
"""

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest

from batteryd.domain.alarm import Alarm, AlarmEvent, Condition
from batteryd.domain.inventory import Chemistry
from batteryd.domain.snapshot import failed_snapshot
from batteryd.rules import lifecycle
from batteryd.rules.lifecycle import Transition
from tests.builders import make_layout, make_snapshot
from tests.rulebooks import make_asset, make_engine, shipped_rulebook

FOLDER = Path(__file__).parent / "rules"
POLL_S = 10


class Site:
    """A rack, the rules on it, and the alarms as a ledger would have them."""

    def __init__(self, chemistry: Chemistry) -> None:
        self.told: dict[str, str] = {}
        self.alarms: dict[str, Alarm] = {}
        self._book = shipped_rulebook()
        self._engine = make_engine(self._book, make_asset(chemistry))
        self._values: dict[str, float | None] = {}
        self._poll = "works"

    def change(self, entry: Mapping[str, Any], now_s: float) -> None:
        self._poll = entry.get("poll", self._poll)
        self._values |= entry.get("set", {})
        self._values |= dict.fromkeys(entry.get("missing", ()))
        if "shelve" in entry:
            alarm = self.alarms[entry["shelve"]]
            until_s = now_s + entry["for_s"]
            self._move(lifecycle.shelve(alarm, until_s=until_s, now_s=now_s), now_s)
        if "acknowledge" in entry:
            alarm = self.alarms[entry["acknowledge"]]
            self._move(lifecycle.acknowledge(alarm, by="Kim", now_s=now_s), now_s)

    def live(self, now_s: float) -> None:
        for alarm in tuple(self.alarms.values()):
            self._move(lifecycle.expire_shelf(alarm, now_s=now_s), now_s)
        for event in (*self._engine.tick(now_s), *self._polled(now_s)):
            before = self.alarms.get(name_of(event))
            forgives = self._book.auto_acknowledges(event.key.rule)
            self._move(lifecycle.advance(before, event, auto_acknowledge=forgives), now_s)

    def _polled(self, now_s: float) -> tuple[AlarmEvent, ...]:
        if self._poll == "stops":
            return ()
        poll = make_snapshot(at_s=now_s, values=self._values)
        if self._poll == "fails":
            poll = failed_snapshot("rack-1", make_layout(), at_s=now_s, failure="timeout")
        return self._engine.evaluate(poll, now_s)

    def _move(self, transition: Transition, now_s: float) -> None:
        alarm, reason, notify = transition
        if transition.is_refused:
            return
        self.alarms[name_of(alarm)] = alarm
        if notify:
            second = datetime.fromtimestamp(now_s, UTC).strftime("%H:%M:%S")
            line = f"{reason} {alarm.priority.text} {name_of(alarm)}"
            self.told[second] = " & ".join(filter(None, (self.told.get(second), line)))


def name_of(about: Alarm | AlarmEvent) -> str:
    return f"{about.key.rule} {about.key.component}"


def second_of(at: time) -> float:
    return datetime.combine(datetime(2026, 3, 1, tzinfo=UTC), at, UTC).timestamp()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_people_are_told_what_the_timetable_says_and_nothing_else(path: Path) -> None:
    table = tomllib.loads(path.read_text())
    site = Site(Chemistry(table["chemistry"]))
    entries = sorted(table["at"], key=lambda entry: entry["time"])

    now_s = second_of(table["from"])
    while now_s < second_of(table["to"]):
        while entries and second_of(entries[0]["time"]) <= now_s:
            site.change(entries.pop(0), now_s)
        site.live(now_s)
        now_s += POLL_S

    left = {n: a.condition for n, a in site.alarms.items() if a.condition is not Condition.NORMAL}
    assert site.told == table["told"]
    assert left == table["left"]
