"""One set of rules that is led past what was read, as time passed then.

Between two polls the rules are told every few seconds that nothing came, so that a gap is as silent
as it was on site.
"""

from collections.abc import Iterable, Iterator

from batteryd.domain.alarm import AlarmEvent
from batteryd.domain.inventory import Asset
from batteryd.domain.snapshot import Snapshot
from batteryd.rules.engine import Engine
from batteryd.rules.rulebook import RuleBook

TICK_S = 10.0
TICKS_PER_GAP_MAX = 8640  # after a day of silence nothing new can be said of it


class Playback:
    """A rule book at work on one asset. Nothing is known at its beginning."""

    def __init__(self, rulebook: RuleBook, asset: Asset) -> None:
        self._engine = Engine(rulebook, [asset])
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
            yield from self._engine.tick(now_s)
        yield from self._engine.tick(to_s)
