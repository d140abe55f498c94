"""Leads a recording past the rules and says what they raise.

Time passes as the recording tells it. How often the asset was polled is taken from the usual
distance of the first lines.
"""

import itertools
import statistics
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from batteryd.domain.alarm import AlarmEvent
from batteryd.domain.snapshot import Snapshot
from batteryd.errors import ConfigError
from batteryd.replay.battery import Description, described_asset, described_in
from batteryd.replay.playback import Playback
from batteryd.replay.recording import Recording
from batteryd.replay.tally import Tally
from batteryd.rules.kind import POLL_INTERVAL_S
from batteryd.rules.rulebook import RuleBook
from batteryd.settings.collect import Collector

FIRST_LINES = 100  # whose distances show the poll interval


class Recorded(NamedTuple):
    """A recording that can be led past rules."""

    asset_id: str
    source: Recording
    battery: Description


def recorded(recording: Path, *, battery: Path | None = None) -> Recorded:
    """Read the header of a recording and what a file says of its battery.

    Raises:
        ConfigError: with every mistake in either.
    """
    collector = Collector()
    source = collector.attempt(lambda: Recording(recording))
    said = collector.attempt(lambda: described_in(battery))
    if source is None or said is None:
        raise ConfigError(collector.mistakes)
    return Recorded(recording.name.partition(".")[0], source, said)


def replayed(
    found: Recorded, *, rulebook: RuleBook, tally: Tally | None = None
) -> Iterator[AlarmEvent]:
    """Yield the alarm events of a recording in their order; a tally counts what passes by.

    Raises:
        ConfigError: with the lines whose time cannot be read.
    """
    snapshots = found.source.snapshots(found.asset_id)
    first = list(itertools.islice(snapshots, FIRST_LINES))
    interval_s = _interval_s(first)
    asset = described_asset(
        found.asset_id, found.battery, layout=found.source.layout, poll_interval_s=interval_s
    )
    tally = tally or Tally()
    polls = tally.of_polls(itertools.chain(first, snapshots))
    yield from tally.of_events(Playback(rulebook, asset).all_of(polls))


def event_as_json(event: AlarmEvent) -> dict[str, object]:
    """Return one line of the output as `json.dumps` takes it."""
    at = datetime.fromtimestamp(event.at_s, UTC).isoformat(timespec="milliseconds")
    return {
        "at": at.replace("+00:00", "Z"),
        "event": event.change.value,
        "rule": event.key.rule,
        "scope": event.scope.value,
        "component": str(event.key.component),
        "priority": event.priority.text,
        "value": event.value,
        "setpoint": event.setpoint,
        "why": event.why,
    }


def _interval_s(first: Sequence[Snapshot]) -> float:
    pairs = itertools.pairwise(snapshot.observed_at_s for snapshot in first)
    distances_s = [later - earlier for earlier, later in pairs if later > earlier]
    if not distances_s:
        return POLL_INTERVAL_S
    return round(statistics.median(distances_s), 1) or POLL_INTERVAL_S
