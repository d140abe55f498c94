"""What the poller hands to the monitor: a bounded queue between the event loop and a thread."""

from collections import deque

from batteryd.domain.nameplate import Nameplate
from batteryd.domain.snapshot import Snapshot

SNAPSHOTS_MAX = 50_000  # a minute and a half of 5,000 devices every 10 s


class Inbox:
    """Snapshots that no cycle has taken yet. When it is full the oldest goes and is counted."""

    def __init__(self, *, snapshots_max: int = SNAPSHOTS_MAX) -> None:
        self.dropped = 0
        self.received = 0
        self.nameplates: dict[str, Nameplate] = {}
        self._snapshots: deque[Snapshot] = deque(maxlen=snapshots_max)

    def put(self, snapshot: Snapshot) -> None:
        """Take a snapshot; never waits."""
        if len(self._snapshots) == self._snapshots.maxlen:
            self.dropped += 1
        self.received += 1
        self._snapshots.append(snapshot)

    def put_nameplate(self, asset_id: str, nameplate: Nameplate) -> None:
        """Remember what a device last said of itself."""
        self.nameplates[asset_id] = nameplate

    def take(self) -> list[Snapshot]:
        """Return everything that waits, in the order in which it came."""
        taken: list[Snapshot] = []
        while self._snapshots:
            taken.append(self._snapshots.popleft())
        return taken
