"""What rules have learned, kept over restarts, upgrades and power failures.

    engine --keep, every five minutes and at stop--> learned.db --recall, at start--> engine
    ledger --heed_resets: somebody had it forgotten--------------------------------> engine

After a kill or a power failure a row is some minutes old. Then a scratch engine goes on from it and
is led past what the journal has of these minutes, so that a short that was developing does not gain
them. What it raises is told to nobody: what was raised then, the ledger has.

An asset's rows are written again every `KEEP_S`, some assets in each run, so that a thousand racks
are no longer pause in the watch than one. What a row says of itself (since when, why it began) goes
over to the next one, unless it could not be gone on from: the rules' version or the device's layout
are others now, say, or the row could not be read. Then learning has begun anew, which is logged
once and stays to be seen in `batteryd rules show`.

None of it is needed to watch. What cannot be read is learned anew; what cannot be written is
written later.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from batteryd.clock import Clock
from batteryd.domain.alarm import AlarmEvent
from batteryd.domain.inventory import Asset
from batteryd.errors import StoreError
from batteryd.rules.engine import Engine
from batteryd.rules.kind import LEARNED_LAYOUT, LEARNED_VERSION, Learned
from batteryd.rules.rulebook import RuleBook
from batteryd.store.journal import Journal
from batteryd.store.learned import RESETS, Kept, LearnedStore, LearningReset
from batteryd.store.records import Records, Revision

_log = logging.getLogger(__name__)

KEEP_S = 300.0  # how old a row may be when the power fails
SLICE_S = 10.0  # how often some of them are written
CATCH_UP_S_MAX = 2 * KEEP_S  # of the journal, at a start
JOURNAL_TICK_S = 0.001  # the resolution of time in the journal
GONE_S = 90 * 86_400.0  # how long rows are kept of an asset that has left the register

_FIRST = "first seen"
_UNREADABLE = "what was kept of it could not be read"

Resets = Mapping[str, Revision[LearningReset]]  # the last one of each asset


class Learning:
    """Keeps it for one engine. All of it runs in the monitor's thread, as the engine does."""

    def __init__(
        self,
        engine: Engine,
        *,
        store: LearnedStore,
        records: Records,
        journal: Journal,
        clock: Clock,
        tell: Callable[[Sequence[AlarmEvent]], None],
    ) -> None:
        """Take the parts; `tell` hears which alarms a reset ends."""
        self._engine = engine
        self._tell = tell
        self._journal = journal
        self._store = store
        self._records = records
        self._clock = clock
        self._kept: dict[str, dict[str, Kept]] = {}  # by asset and family, without their state
        self._anew: dict[tuple[str, str], str] = {}  # why it begins anew, by asset and family
        self._waiting: list[str] = []  # assets of this round that are still to be kept
        self._resets_seq = -1
        self._resets: Resets = {}

    def recall(self, assets: Mapping[str, Asset], rulebook: RuleBook) -> None:
        """Give the engine what it knew of assets that it has not been watching so far.

        Raises:
            StoreError: the ledger cannot be read.
        """
        self.heed_resets()
        for asset_id in self._kept.keys() - assets.keys():
            del self._kept[asset_id]
        for asset_id in assets.keys() - self._kept.keys():
            known = self._read(asset_id)
            self._kept[asset_id] = {kept.family: _without_state(kept) for kept in known}
            valid = [kept for kept in known if not self._is_void(kept)]
            if known and not valid:  # reset while nobody was watching
                self._forget(asset_id)
            if valid:
                learned = self._caught_up(valid, assets[asset_id], rulebook)
                self._engine.learn_from(asset_id, learned)

    def keep_some(self) -> None:
        """Keep the next assets of this round; call it every `SLICE_S`.

        Raises:
            StoreError: nothing was written; these assets come again in the next round.
        """
        if not self._waiting:
            self._waiting = sorted(self._kept)
            self._store.drop_kept_before(self._clock.now_s() - GONE_S)
        count = -(-len(self._kept) * SLICE_S // KEEP_S)  # rounded up
        some, self._waiting = self._waiting[: int(count)], self._waiting[int(count) :]
        self._keep(some)

    def keep_all(self) -> None:
        """Keep everything, before a stop.

        Raises:
            StoreError: nothing was written.
        """
        self._keep(self._kept)

    def heed_resets(self) -> None:
        """Have the engine forget what somebody has reset since the last call.

        Raises:
            StoreError: the ledger cannot be read; the next call tries again.
        """
        newest = self._records.newest_seq(RESETS)
        if newest == self._resets_seq:
            return
        before = self._resets
        self._resets = {r.record_id: r for r in self._records.revisions(RESETS)}
        self._resets_seq = newest
        for asset_id, reset in self._resets.items():
            if asset_id in self._kept and _seq(before, asset_id) < reset.seq:
                _log.warning("learned state reset asset=%s by=%r", asset_id, reset.value.by)
                self._forget(asset_id)

    def _forget(self, asset_id: str) -> None:
        why = f"judged anew: what was learned was {self._reset_words(asset_id)}"
        self._tell(self._engine.forget(asset_id, why, now_s=self._clock.now_s()))

    def _reset_words(self, asset_id: str) -> str:
        reset = self._resets[asset_id].value
        return f"reset by {reset.by}: {reset.why}"

    def _keep(self, asset_ids: Iterable[str]) -> None:
        found = [kept for asset_id in asset_ids for kept in self._standing(asset_id)]
        self._store.put(found)
        for kept in found:
            self._kept.setdefault(kept.asset_id, {})[kept.family] = _without_state(kept)
            self._anew.pop((kept.asset_id, kept.family), None)

    def _caught_up(
        self, kept: Sequence[Kept], asset: Asset, rulebook: RuleBook
    ) -> Mapping[str, Learned]:
        """Return what is known after the polls that were read since it was kept."""
        kept_at_s, asset_id = min(one.kept_at_s for one in kept), asset.asset_id
        scratch = Engine(rulebook, [asset])
        scratch.set_at_work(self._engine.at_work, now_s=kept_at_s)
        scratch.learn_from(asset_id, {one.family: one.state for one in kept})
        from_s = kept_at_s + JOURNAL_TICK_S  # no poll twice: that would be a clock that ran back
        try:
            for snapshot in self._journal.read(asset_id, from_s, from_s + CATCH_UP_S_MAX):
                scratch.evaluate(snapshot, snapshot.observed_at_s)
        except StoreError as error:
            _log.error("learned state is not caught up asset=%s error=%r", asset_id, str(error))
        self._note_anew(asset_id, scratch)
        return scratch.learned(asset_id)

    def _read(self, asset_id: str) -> tuple[Kept, ...]:
        try:
            known = self._store.of(asset_id)
            lost = self._store.families_of(asset_id) - {kept.family for kept in known}
        except StoreError as error:
            _log.error("learned state cannot be read asset=%s error=%r", asset_id, str(error))
            return ()
        self._anew |= {(asset_id, family): _UNREADABLE for family in lost}
        return known

    def _standing(self, asset_id: str) -> Iterator[Kept]:
        self._note_anew(asset_id, self._engine)
        for family, learned in self._engine.learned(asset_id).items():
            before = self._kept.get(asset_id, {}).get(family)
            yield self._following(before, learned, asset_id=asset_id, family=family)

    def _note_anew(self, asset_id: str, engine: Engine) -> None:
        begun = engine.begun_anew(asset_id)
        self._anew |= {(asset_id, family): because for family, because in begun.items()}

    def _following(
        self, before: Kept | None, learned: Learned, *, asset_id: str, family: str
    ) -> Kept:
        """Return the next row: it goes on where the one before can be gone on from."""
        now_s = self._clock.now_s()
        anew = self._anew.get((asset_id, family))
        because = self._new_beginning(before, learned, asset_id=asset_id, anew=anew)
        if because not in (None, _FIRST):
            _log.warning("learning begins anew asset=%s because=%r", asset_id, because)
        row = Kept(
            asset_id=asset_id,
            family=family,
            version=int(str(learned[LEARNED_VERSION])),
            layout_id=str(learned[LEARNED_LAYOUT]),
            since_s=now_s,
            kept_at_s=now_s,
            began_because=because or "",
            reset_seq=_seq(self._resets, asset_id),
            state=learned,
        )
        if before is None or because is not None:
            return row
        return replace(row, since_s=before.since_s, began_because=before.began_because)

    def _new_beginning(
        self, before: Kept | None, learned: Learned, *, asset_id: str, anew: str | None
    ) -> str | None:
        """Return why `learned` does not go on from what was kept before; None where it does."""
        if before is None:
            return anew or _FIRST
        if self._is_void(before):
            return self._reset_words(asset_id)
        if before.version != learned[LEARNED_VERSION]:
            return (
                f"batteryd learns otherwise since version {learned[LEARNED_VERSION]} of its rules"
            )
        if before.layout_id != learned[LEARNED_LAYOUT]:
            return "the device shows other values than before"
        return anew

    def _is_void(self, kept: Kept) -> bool:
        return kept.reset_seq < _seq(self._resets, kept.asset_id)


def _without_state(kept: Kept) -> Kept:
    return replace(kept, state={})  # the engine has it


def _seq(resets: Resets, asset_id: str) -> int:
    return resets[asset_id].seq if asset_id in resets else 0
