"""Counts what passes by in a replay, so that one that raises nothing says how much it has seen."""

import math
from collections.abc import Iterable, Iterator

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change
from batteryd.domain.snapshot import Snapshot


class Tally:
    """Polls and alarms; an alarm that grows is one, one that comes back is another."""

    def __init__(self) -> None:
        self.polls = 0
        self.alarms = 0
        self._standing: set[AlarmKey] = set()

    def of_polls(
        self, snapshots: Iterable[Snapshot], *, from_s: float = -math.inf
    ) -> Iterator[Snapshot]:
        """Pass polls on; count those from an instant on."""
        for snapshot in snapshots:
            self.polls += snapshot.observed_at_s >= from_s
            yield snapshot

    def of_events(self, events: Iterable[AlarmEvent]) -> Iterator[AlarmEvent]:
        """Pass events on; count the alarms that they begin."""
        for event in events:
            if event.change is Change.RETURNED:
                self._standing.discard(event.key)
            elif event.key not in self._standing:
                self._standing.add(event.key)
                self.alarms += 1
            yield event

    def __str__(self) -> str:
        """Return it as people read it."""
        return f"{_counted(self.alarms, 'alarm')} in {_counted(self.polls, 'poll')}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
