"""Snapshots, the passing of time and warranty assessments in; alarm events out.

The engine is pure: it is told what was read and what time it is, keeps in memory what its rules
need to remember, and says what changed. It says every change once. Whoever calls it stores the
events and moves the alarms through `lifecycle`; after a start it is given back what was active, so
that nothing is raised twice and nothing is forgotten to return. What its rules have learned of an
asset can be taken out and given back (`learned`, `learn_from`); a reload hands it on by itself.

Batteries are judged each by itself; what several of them say of one room is told once
(`room_folding`).

Time is `observed_at_s` of a snapshot where values are judged, and `now_s` where their absence is.
A pause between two ticks longer than `tick_gap_s`, or a clock that ran back, means that this daemon
did not look: then no device is called silent for the time that it was not asked.
"""

from collections.abc import Collection, Iterable, Mapping

from batteryd.domain.alarm import Alarm, AlarmEvent, AlarmKey
from batteryd.domain.inventory import Asset
from batteryd.domain.snapshot import Layout, Snapshot
from batteryd.domain.warranty import WarrantyAssessment
from batteryd.rules.kind import Learned, Standing, Subject
from batteryd.rules.room_folding import RoomFolding
from batteryd.rules.rulebook import RuleBook
from batteryd.rules.watch import Watch, end_of

TICK_GAP_S = 30.0
Events = tuple[AlarmEvent, ...]


class Engine:
    """All rules on everything that is watched."""

    def __init__(
        self,
        rulebook: RuleBook,
        assets: Iterable[Asset],
        *,
        unpolled: Iterable[Subject] = (),
        tick_gap_s: float = TICK_GAP_S,  # longer where the clock runs faster than the machine
    ) -> None:
        self._tick_gap_s = tick_gap_s
        self._watches: dict[str, Watch] = {}
        self._layouts: dict[str, Layout] = {}  # as many as there are kinds of devices
        self._ticked_at_s: float | None = None
        self._rulebook = rulebook
        self._at_work: frozenset[str] = frozenset()
        self._rooms = RoomFolding()
        self.reload(rulebook, assets, unpolled=unpolled, now_s=0.0)

    def evaluate(self, snapshot: Snapshot, now_s: float) -> Events:
        """Judge a snapshot. Nobody watches an asset that the engine was not told of."""
        watch = self._watches.get(snapshot.asset_id)
        if watch is None:
            return ()
        layout = self._layouts.setdefault(snapshot.layout.layout_id, snapshot.layout)
        events = watch.step(snapshot, layout=layout, now_s=now_s)
        return self._rooms.fold(events, now_s=now_s) if events else ()

    def tick(self, now_s: float) -> Events:
        """Judge that it is now. Call it every few seconds, also while no snapshot comes."""
        before_s, self._ticked_at_s = self._ticked_at_s, now_s
        if before_s is not None and not 0 <= now_s - before_s <= self._tick_gap_s:
            for watch in self._watches.values():
                watch.restart()
        events = [
            event
            for watch in self._watches.values()
            if watch.due_at_s <= now_s
            for event in watch.tick(now_s)
        ]
        return self._rooms.fold(events, now_s=now_s) if events or self._rooms.is_waiting else ()

    def assess(self, assessments: Iterable[WarrantyAssessment], now_s: float) -> Events:
        """Judge warranty assessments, of polled batteries and of others in the register."""
        return tuple(
            event
            for assessment in assessments
            if assessment.asset_id in self._watches
            for event in self._watches[assessment.asset_id].assess(assessment, now_s)
        )

    def restore(self, active: Iterable[Alarm], *, now_s: float) -> Events:
        """Take over, after a start, the alarms that are active; end those nobody watches now.

        Pass the alarms that the engine made: it ends every alarm that it does not know.
        """
        standing = {a.key: Standing.of(a, raised_at_s=a.raised_at_s) for a in active}
        return self._hand_over(self._rooms.adopt(standing, now_s=now_s), now_s=now_s)

    def reload(
        self,
        rulebook: RuleBook,
        assets: Iterable[Asset],
        *,
        unpolled: Iterable[Subject] = (),
        now_s: float,
    ) -> Events:
        """Go on with other rules or assets.

        What has not changed goes on without a gap; where something changed, what is active is kept
        and running delays start anew. Alarms whose rule or asset is gone are ended.
        """
        self._rulebook = rulebook
        polled = {asset.asset_id: asset for asset in assets}
        subjects = [Subject.of(asset) for asset in polled.values()]
        before, self._watches = self._watches, {}
        for subject in map(self._as_it_stands, (*subjects, *unpolled)):
            rules, asset = rulebook.effective(subject), polled.get(subject.asset_id)
            watch = before.get(subject.asset_id)
            if watch is not None and watch.is_about(subject, rules, asset=asset):
                del before[subject.asset_id]
            else:
                known = {} if watch is None else watch.learned()
                watch = Watch(subject, rules, asset=asset)
                watch.learn_from(known)
            self._watches[subject.asset_id] = watch
        self._rooms.know(polled.values(), rulebook.tables.values())
        left = {key: s for watch in before.values() for key, s in watch.standing.items()}
        return self._hand_over(left, now_s=now_s)

    def learned(self, asset_id: str) -> Mapping[str, Learned]:
        """Return what is worth keeping of an asset, by family of rule kinds."""
        watch = self._watches.get(asset_id)
        return {} if watch is None else watch.learned()

    def begun_anew(self, asset_id: str) -> Mapping[str, str]:
        """Return why learning has begun anew since the last call, by family of rule kinds."""
        watch = self._watches.get(asset_id)
        return {} if watch is None else watch.begun_anew()

    def learn_from(self, asset_id: str, learned: Mapping[str, Learned]) -> None:
        """Go on from what was learned of an asset before; call it before its first snapshot."""
        if asset_id in self._watches:
            self._watches[asset_id].learn_from(learned)

    def forget(self, asset_id: str, why: str, *, now_s: float) -> Events:
        """Learn everything about an asset anew; return the ends of what rested on it, with why."""
        if asset_id not in self._watches:
            return ()
        return self._rooms.fold(self._watches[asset_id].forget(why, now_s), now_s=now_s)

    @property
    def at_work(self) -> frozenset[str]:
        """Return the assets that people work on or near."""
        return self._at_work

    def set_at_work(self, asset_ids: Collection[str], *, now_s: float) -> Events:
        """Tighten limits where people work, and there alone.

        Alarms that stand are kept. A limit that is newly reached by what was read last is judged at
        once. An asset whose rules are the same either way does not notice.
        """
        at_work = frozenset(asset_ids)
        changed, self._at_work = at_work ^ self._at_work, at_work
        events: list[AlarmEvent] = []
        for asset_id in sorted(changed & self._watches.keys()):
            watch = self._watches[asset_id]
            subject = self._as_it_stands(watch.subject)
            events += watch.change_rules(subject, self._rulebook.effective(subject), now_s)
        return self._rooms.fold(events, now_s=now_s)

    def _as_it_stands(self, subject: Subject) -> Subject:
        return subject._replace(at_work=subject.asset_id in self._at_work)

    def _hand_over(self, standing: dict[AlarmKey, Standing], *, now_s: float) -> Events:
        events: list[AlarmEvent] = []
        by_asset: dict[str, dict[AlarmKey, Standing]] = {}
        for key, stands in standing.items():
            by_asset.setdefault(key.asset_id, {})[key] = stands
        for asset_id, theirs in by_asset.items():
            watch = self._watches.get(asset_id)
            if watch is None:
                events += (end_of(key, stands, at_s=now_s) for key, stands in theirs.items())
            else:
                events += watch.adopt(theirs, now_s)
        return (*self._rooms.fold(events, now_s=now_s), *self._rooms.settle(now_s))
