"""One cycle of the daemon: snapshots go to the journal, through the rules, and into the ledger.

This is where the packages that do not know one another meet. A cycle has no sleep in it and reads
no clock, so a test lives through a month by calling `step`. All of it runs in one thread: that
thread is the only writer of the journal.

Where a GO for work stands, it is decided on again in every cycle. One that does not stand any more
is revoked, and the decision and the messages to everyone on the permit are in the same transaction.

What may go wrong here must not end the watch:

* The journal cannot store (a full disk): it says so as an alarm of batteryd itself, and the rules
  go on. Space is kept free for the ledger, so people still hear of alarms.
* The ledger cannot store: events wait in memory, in order, and are written as soon as it can. The
  log says so at once, because nobody can be told through the ledger.
"""

import logging
from collections import ChainMap, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from batteryd.clearance.facts import DEFAULT_LIMITS, ClearanceLimits
from batteryd.clearance.unannounced import UNANNOUNCED_RULE, UnannouncedWork
from batteryd.domain.alarm import Alarm, AlarmEvent, Change, Priority, Suppression
from batteryd.domain.circumstances import Circumstances, day_at
from batteryd.domain.clearance import Clearance
from batteryd.domain.inventory import Inventory
from batteryd.domain.notification import NewNotification
from batteryd.domain.own_alarm import OWN_ASSET_ID, own_event
from batteryd.domain.snapshot import Snapshot
from batteryd.domain.warranty import WarrantyAssessment
from batteryd.errors import StoreError
from batteryd.notify.routing import Routing
from batteryd.permits import alarms as work_alarms
from batteryd.permits.clearing import withdraw
from batteryd.permits.facts import Sight
from batteryd.permits.readings import last_good
from batteryd.permits.watch import PermitWatch
from batteryd.rules import lifecycle
from batteryd.rules.engine import Engine
from batteryd.rules.kind import Subject
from batteryd.rules.rulebook import RuleBook
from batteryd.store.journal import Journal
from batteryd.store.ledger import Ledger
from batteryd.store.ledger_transaction import Transaction
from batteryd.store.watched_journal import WatchedJournal
from batteryd.warranty.condition_alarm import RULE as CONDITION_RULE
from batteryd.warranty.coverage import assess

_log = logging.getLogger(__name__)

ACTOR = "batteryd"
UNRECORDED_MAX = 10_000  # events that wait for a ledger that cannot write

WATCH_FAILED_RULE = "cannot_watch_"  # and what

# Alarms that others than the rules' engine raise and return.
NOT_OF_THE_ENGINE = work_alarms.RULES | {UNANNOUNCED_RULE, CONDITION_RULE}

Listener = Callable[[Alarm, AlarmEvent], None]
Moved = list[tuple[Alarm, AlarmEvent]]


@dataclass(frozen=True, slots=True)
class Watching:
    """What is watched and by which rules; a reload replaces all of it at once."""

    inventory: Inventory
    rulebook: RuleBook
    routing: Routing
    limits: ClearanceLimits = DEFAULT_LIMITS


@dataclass(slots=True)
class MonitorCounters:
    """What the monitor has done since it was made."""

    snapshots: int = 0
    stored: int = 0
    not_stored: int = 0  # snapshots lost to a journal that could not write
    events: int = 0
    events_dropped: int = 0  # events lost to a ledger that could not write for too long


class Monitor:
    """Turns snapshots into history, alarms and notifications."""

    def __init__(
        self,
        watching: Watching,
        *,
        engine: Engine,
        journal: Journal,
        ledger: Ledger,
        listener: Listener | None = None,
    ) -> None:
        """Take the parts; `listener` hears of every recorded change, in the monitor's thread."""
        self.watching = watching
        self.counters = MonitorCounters()
        self.latest: dict[str, Snapshot] = {}
        self.last_good: dict[str, Snapshot] = {}
        self.assessments: dict[str, WarrantyAssessment] = {}
        self._engine = engine
        self._journal = journal
        self._keeping = WatchedJournal(journal)
        self._ledger = ledger
        self._listener = listener
        self._permits = PermitWatch(ledger)
        self._unannounced = UnannouncedWork(watching.inventory)
        self._unrecorded: deque[AlarmEvent] = deque(maxlen=UNRECORDED_MAX)
        self._ledger_trouble: str | None = None
        self._broken: set[str] = set()  # what of `_attempt` does not work at present

    @property
    def trouble(self) -> tuple[str, ...]:
        """Return what is wrong with batteryd itself, for the page and `batteryd status`."""
        return tuple(t for t in (self._keeping.trouble, self._ledger_trouble) if t is not None)

    @property
    def orders_started(self) -> frozenset[str]:
        """Return the batteries around work that has begun and is not closed.

        They are those of its orders, on their DC buses and in their rooms. A revocation does not
        take them out: people may still be there.
        """
        return self._permits.begun_around

    def restore(self, *, now_s: float) -> None:
        """Take over, after a start, what the ledger says is active, and what was last read.

        A GO stands on readings: without those of before, every restart would revoke every GO.

        Raises:
            StoreError: a store cannot be read. Without the ledger nothing should start.
        """
        assets = self.watching.inventory.assets
        self.last_good |= last_good(self._journal, assets, now_s=now_s)
        active = [a for a in self._ledger.alarms() if a.is_active]
        rest = [
            a for a in active
            if a.key.asset_id != OWN_ASSET_ID and a.key.rule not in NOT_OF_THE_ENGINE
        ]  # fmt: skip
        self._keeping.restore(active)
        # Work first: what was raised under its tighter limits stands under them.
        events = list(self._permits.refresh(self.watching.inventory, now_s=now_s))
        events += self._engine.set_at_work(self.orders_started, now_s=now_s)
        events += self._engine.restore(rest, now_s=now_s)
        events += self._unannounced.restore(active, now_s=now_s)
        self.record(events, now_s=now_s)

    def step(self, snapshots: Sequence[Snapshot], *, now_s: float) -> None:
        """Store, judge and record what was read since the last step."""
        events = self._keeping.append(snapshots, now_s=now_s)
        for snapshot in snapshots:
            self.latest[snapshot.asset_id] = snapshot
            if not snapshot.is_failed:
                self.last_good[snapshot.asset_id] = snapshot
            events += self._engine.evaluate(snapshot, now_s)
        events += self._engine.tick(now_s)
        self.counters.snapshots += len(snapshots)
        self.counters.stored = self._keeping.stored
        self.counters.not_stored = self._keeping.not_stored
        self.record(events, now_s=now_s)
        self._attempt("work orders", lambda: self._watch_work(now_s=now_s), now_s=now_s)
        # After it: work that has just been started is announced.
        self._attempt(
            "unannounced work", lambda: self._watch_bystanders(snapshots, now_s=now_s), now_s=now_s
        )

    def assess_warranties(self, *, now_s: float) -> None:
        """Judge every battery of the register as of its site's day, polled or not."""
        inventory = self.watching.inventory
        days = {
            room.room_id: day_at(inventory.sites.get(room.site_id), at_s=now_s)
            for room in inventory.rooms.values()
        }
        self.assessments = {
            b.asset_id: assess(b.asset_id, b.warranty, b.dates, days[b.room_id])
            for b in inventory.batteries.values()
        }
        self.record(self._engine.assess(self.assessments.values(), now_s), now_s=now_s)

    def reload(self, watching: Watching, *, now_s: float) -> None:
        """Go on with another inventory, other rules and other routes."""
        events = self._engine.reload(
            watching.rulebook,
            watching.inventory.assets.values(),
            unpolled=Subject.unpolled_of(watching.inventory),
            now_s=now_s,
        )
        events += self._unannounced.reload(watching.inventory, now_s=now_s)
        self.record(events, now_s=now_s)  # under the names of before: what ends has them
        self.watching = watching
        for seen in (self.latest, self.last_good):
            for asset_id in seen.keys() - watching.inventory.assets.keys():
                del seen[asset_id]

    def end_shelf_times(self, *, now_s: float) -> None:
        """Take alarms off the shelf whose time there is over.

        Raises:
            StoreError: the ledger cannot be written; the next call tries again.
        """
        if not any(a.suppression is Suppression.SHELVED for a in self._ledger.alarms()):
            return
        with self._ledger.transaction(now_s) as tx:
            for alarm in tx.alarms():
                transition = lifecycle.expire_shelf(alarm, now_s=now_s)
                if not transition.is_refused:
                    self._put(tx, transition, alarm.as_event(at_s=now_s), action="unshelved")

    def record(self, events: Iterable[AlarmEvent], *, now_s: float) -> None:
        """Write events, with their notifications and audit entries, or keep them for later."""
        self._keep(events)
        if not self._unrecorded:
            return
        moved = self._write(self._move_unrecorded, now_s=now_s)
        if moved is not None:
            self._unrecorded.clear()
            self._tell(moved)

    def _attempt(self, what: str, watch: Callable[[], None], *, now_s: float) -> None:
        """Watch something; a mistake in it is an alarm and ends nothing else."""
        try:
            watch()
        except Exception as error:  # noqa: BLE001  outermost: rules, and the other watch, go on
            if what not in self._broken:
                _log.error("watch broke what=%r", what, exc_info=True)
            self._broken.add(what)
            why = f"batteryd cannot watch {what}: {type(error).__name__}: {error}"
            self.record([_watch_event(what, Change.RAISED, why, now_s=now_s)], now_s=now_s)
            return
        if what in self._broken:
            self._broken.discard(what)
            why = f"batteryd watches {what} again."
            self.record([_watch_event(what, Change.RETURNED, why, now_s=now_s)], now_s=now_s)

    def _watch_bystanders(self, snapshots: Sequence[Snapshot], *, now_s: float) -> None:
        covered = self._permits.at_work
        self.record(self._unannounced.step(snapshots, covered=covered, now_s=now_s), now_s=now_s)

    def _watch_work(self, *, now_s: float) -> None:
        """Tell what has become of work orders, and revoke each GO that does not stand any more."""
        inventory, limits = self.watching.inventory, self.watching.limits
        sight = Sight(inventory, ChainMap(self.last_good, self.latest), limits)
        try:
            self.record(self._permits.refresh(inventory, now_s=now_s), now_s=now_s)
            self.record(self._engine.set_at_work(self.orders_started, now_s=now_s), now_s=now_s)
            # Once more: what the limits of work have just raised takes a GO back in this cycle.
            self.record(self._permits.refresh(inventory, now_s=now_s), now_s=now_s)
            lost = self._permits.lost(sight, now_s=now_s)
        except StoreError as error:
            self._note_ledger_trouble(error)
            return
        if lost:
            self._tell(self._write(lambda tx: self._revoke(tx, lost), now_s=now_s) or [])

    def _revoke(self, tx: Transaction, lost: Iterable[Clearance]) -> Moved:
        moved: Moved = []
        for clearance in lost:
            order = withdraw(tx, clearance, actor=ACTOR)
            if order is not None:
                inventory, at_s = self.watching.inventory, clearance.as_of_s
                event = work_alarms.revoked(
                    order, clearance=clearance, inventory=inventory, at_s=at_s
                )
                moved += self._move(tx, event)
        return moved

    def _move_unrecorded(self, tx: Transaction) -> Moved:
        return [moved for event in self._unrecorded for moved in self._move(tx, event)]

    def _write(self, work: Callable[[Transaction], Moved], *, now_s: float) -> Moved | None:
        """Do something in one transaction; None where the ledger could not write it."""
        try:
            with self._ledger.transaction(now_s) as tx:
                moved = work(tx)
        except StoreError as error:
            self._note_ledger_trouble(error)
            return None
        self._ledger_trouble = None
        self.counters.events += len(moved)
        return moved

    def _tell(self, moved: Moved) -> None:
        if self._listener is not None:
            for alarm, event in moved:
                self._listener(alarm, event)

    def _keep(self, events: Iterable[AlarmEvent]) -> None:
        for event in events:
            if len(self._unrecorded) == UNRECORDED_MAX:
                self.counters.events_dropped += 1
            self._unrecorded.append(event)

    def _move(self, tx: Transaction, event: AlarmEvent) -> Moved:
        """Move the alarm of an event; an empty answer means that nothing has changed."""
        transition = lifecycle.advance(
            tx.alarm(event.key),
            event,
            auto_acknowledge=self.watching.rulebook.auto_acknowledges(event.key.rule),
            protects_life=self.watching.rulebook.protects_life(event.key.rule),
        )
        if transition.is_refused:
            return []
        self._put(tx, transition, event, action=event.change.value)
        return [(transition.alarm, event)]

    def _put(
        self, tx: Transaction, transition: lifecycle.Transition, event: AlarmEvent, *, action: str
    ) -> None:
        tx.record(
            transition.alarm,
            action=action,
            reason=transition.reason.value,
            actor=ACTOR,
            at_s=event.at_s,
            notifications=self._notifications(transition, event),
        )

    def _notifications(
        self, transition: lifecycle.Transition, event: AlarmEvent
    ) -> list[NewNotification]:
        if not transition.notify:
            return []
        known = Circumstances(self.watching.inventory, self.last_good, self.assessments)
        message = known.message(event, since_s=transition.alarm.raised_at_s)
        room_id = message.room.room_id if message.room else None
        channels = self.watching.routing.channels_for(event, room_id=room_id, people=message.people)
        body = message.as_body()
        return [NewNotification(channel, str(event.key), body) for channel in channels]

    def _note_ledger_trouble(self, error: StoreError) -> None:
        if self._ledger_trouble is None:
            _log.error("ledger cannot store waiting=%d error=%r", len(self._unrecorded), str(error))
            for event in self._unrecorded:
                _log.error("unrecorded event key=%s why=%r", event.key, event.why)
        self._ledger_trouble = f"The ledger cannot store alarms, nobody is told of them: {error}"


def _watch_event(what: str, change: Change, why: str, *, now_s: float) -> AlarmEvent:
    return own_event(
        WATCH_FAILED_RULE + what.replace(" ", "_"),
        change,
        why,
        at_s=now_s,
        action="Take no GO for granted; stop work that is going on, and look into batteryd's log.",
        priority=Priority.CRITICAL,
    )
