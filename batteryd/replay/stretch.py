"""A stretch of the journal under the configured rules and under others: what would differ.

Both sets of rules begin some days before the stretch and know nothing there: what rules learn, they
learn from those days, as far as the journal has them, and what they say of them does not count.
What a daemon had learned by then is not used: nobody kept it. Both see every poll once, side by
side, and both know of the work that was going on, so that limits are as tight as they were.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change
from batteryd.domain.inventory import Asset
from batteryd.domain.snapshot import Snapshot
from batteryd.replay.compare import Comparison, compare
from batteryd.replay.past import NOTHING, Past
from batteryd.replay.playback import Playback
from batteryd.replay.spells import Spells
from batteryd.rules.rulebook import RuleBook

LEAD_S = 2 * 86_400.0  # how long before the stretch rules begin to learn


class Trial(NamedTuple):
    """What came out of it."""

    comparisons: tuple[Comparison, ...]
    poll_count: int  # of the stretch itself
    lead_s: float  # how long before the stretch the first poll was


def try_rules(
    snapshots: Iterable[Snapshot],
    asset: Asset,
    *,
    configured: RuleBook,
    changed: RuleBook,
    from_s: float,
    past: Past = NOTHING,
) -> Trial:
    """Lead polls past both sets of rules; those before `from_s` are there to learn from."""
    books = (configured, changed)
    playbacks = tuple((Playback(book, asset, past=past), Spells()) for book in books)
    poll_count, begins_s = 0, from_s
    for snapshot in snapshots:
        begins_s = min(begins_s, snapshot.observed_at_s)
        poll_count += snapshot.observed_at_s >= from_s
        for playback, spells in playbacks:
            for event in playback.step(snapshot):
                spells.note(event)
    before, after = (spells.since(from_s) for _, spells in playbacks)
    return Trial(compare(before, after), poll_count, from_s - begins_s)


def since(events: Iterable[AlarmEvent], *, from_s: float) -> Iterator[AlarmEvent]:
    """Yield what stood at an instant, as it was last told, and then what came from there on."""
    standing: dict[AlarmKey, AlarmEvent] = {}
    for event in events:
        if event.at_s >= from_s:
            yield from standing.values()
            standing.clear()
            yield event
        elif event.change is Change.RETURNED:
            standing.pop(event.key, None)
        elif not event.is_addition or event.key not in standing:
            standing[event.key] = event
    yield from standing.values()
