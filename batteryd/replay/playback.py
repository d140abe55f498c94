"""One set of rules that is led past what was read, as time passed then.

Between two polls the rules are told every few seconds that nothing came, so that a gap is as silent
as it was on site. Work and resets count from the instant from which they counted then.
"""

from collections import deque
from collections.abc import Iterable, Iterator

from batteryd.domain.alarm import AlarmEvent
from batteryd.domain.inventory import Asset
from batteryd.domain.snapshot import Snapshot
from batteryd.replay.past import NOTHING, Past
from batteryd.rules.engine import Engine
from batteryd.rules.rulebook import RuleBook

RESET = "judged anew: what was learned was reset"
TICK_S = 10.0
TICKS_PER_GAP_MAX = 8640  # after a day of silence nothing new can be said of it


class Playback:
    """A rule book at work on one asset. Nothing is known at its beginning."""

    def __init__(self, rulebook: RuleBook, asset: Asset, *, past: Past = NOTHING) -> None:
        self._engine = Engine(rulebook, [asset])
        self._asset_id = asset.asset_id
        self._turns, self._resets_s = deque(past.turns), deque(past.resets_s)
        self._before_s: float | None = None

    def step(self, snapshot: Snapshot) -> Iterator[AlarmEvent]:
        """Yield what the rules say up to a poll, and of it."""
        at_s = snapshot.observed_at_s
        yield from self._wait(at_s if self._before_s is None else self._before_s, at_s)
        yield from self._engine.evaluate(snapshot, at_s)
        self._before_s = at_s

    def all_of(self, snapshots: Iterable[Snapshot]) -> Iterator[AlarmEvent]:
        """Yield what the rules say of polls in their order."""
        for snapshot in snapshots:
            yield from self.step(snapshot)

    def _wait(self, from_s: float, to_s: float) -> Iterator[AlarmEvent]:
        for tick in range(1, TICKS_PER_GAP_MAX):
            now_s = from_s + tick * TICK_S
            if now_s >= to_s:
                break
            yield from self._live(now_s)
        yield from self._live(to_s)

    def _live(self, now_s: float) -> Iterator[AlarmEvent]:
        while self._resets_s and self._resets_s[0] <= now_s:
            at_s = self._resets_s.popleft()
            yield from self._engine.forget(self._asset_id, RESET, now_s=at_s)
        while self._turns and self._turns[0].at_s <= now_s:
            turn = self._turns.popleft()
            at_work = [self._asset_id] if turn.is_at_work else []
            yield from self._engine.set_at_work(at_work, now_s=turn.at_s)
        yield from self._engine.tick(now_s)
