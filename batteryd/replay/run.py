"""Leads a recording past the rules and says what they raise.

Time passes as the recording tells it. How often the asset was polled is taken from the usual
distance of the first lines.
"""

import itertools
import statistics
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from batteryd.domain.alarm import AlarmEvent
from batteryd.domain.snapshot import Snapshot
from batteryd.replay.battery import recorded_asset
from batteryd.replay.playback import Playback
from batteryd.replay.recording import Recording
from batteryd.replay.tally import Tally
from batteryd.rules.kind import POLL_INTERVAL_S
from batteryd.rules.rulebook import RuleBook

FIRST_LINES = 100  # whose distances show the poll interval


def replay_file(
    recording: Path,
    *,
    battery: Path | None = None,
    rulebook: RuleBook,
    tally: Tally | None = None,
) -> Iterator[AlarmEvent]:
    """Yield the alarm events of a recording in their order; a tally counts what passes by.

    Raises:
        ConfigError: a file that cannot be read, with every mistake in its header.
    """
    source = Recording(recording)
    asset_id = recording.name.partition(".")[0]
    snapshots = source.snapshots(asset_id)
    first = list(itertools.islice(snapshots, FIRST_LINES))
    asset = recorded_asset(
        asset_id, file=battery, layout=source.layout, poll_interval_s=_interval_s(first)
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
