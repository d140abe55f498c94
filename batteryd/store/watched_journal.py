"""The journal as the daemon writes to it: that it cannot store is an alarm, not an error.

A full disk must not end the watch. Snapshots that could not be stored are counted, the first of
them raises an alarm about batteryd itself, and the first that is stored again returns it.
"""

import logging
from collections.abc import Iterable, Sequence

from batteryd.domain.alarm import Alarm, AlarmEvent, Change
from batteryd.domain.own_alarm import own_event, own_key
from batteryd.domain.snapshot import Snapshot
from batteryd.errors import StoreError
from batteryd.store.journal import Journal

_log = logging.getLogger(__name__)

NOT_STORING_RULE = "journal_not_storing"


class WatchedJournal:
    """Stores what it can. `trouble` says why it cannot, while it cannot."""

    def __init__(self, journal: Journal) -> None:
        self.trouble: str | None = None
        self.stored = 0
        self.not_stored = 0  # snapshots lost to a journal that could not write
        self._journal = journal

    def restore(self, active: Iterable[Alarm]) -> None:
        """Take over, after a start, that storing did not work before."""
        key = own_key(NOT_STORING_RULE)
        self.trouble = next((a.why for a in active if a.key == key), None)

    def append(self, snapshots: Sequence[Snapshot], *, now_s: float) -> list[AlarmEvent]:
        """Store snapshots; return the event where storing begins or ceases to work."""
        try:
            self._journal.append(snapshots)
        except StoreError as error:
            self.not_stored += len(snapshots)
            is_new = self.trouble is None
            self.trouble = f"The journal cannot store readings, alarms go on: {error}"
            if not is_new:
                return []
            _log.error("journal cannot store error=%r", str(error))
            return [_event(Change.RAISED, self.trouble, at_s=now_s)]
        self.stored += len(snapshots)
        if self.trouble is None or not snapshots:
            return []
        self.trouble = None
        _log.warning("journal stores again not_stored=%d", self.not_stored)
        return [_event(Change.RETURNED, "The journal stores readings again.", at_s=now_s)]


def _event(change: Change, why: str, *, at_s: float) -> AlarmEvent:
    action = "Make room on the disk of batteryd's state directory."
    return own_event(NOT_STORING_RULE, change, why, at_s=at_s, action=action)
