"""What the poller counts, so that overload is seen instead of guessed.

Overload has two signs. *Lag* is the time from when a poll was due to when it began; it grows while
the process has more to do than time. A *missed* poll was due and did not begin at all: the one
before it was still running, or too many were in flight. Neither is ever made up for by a queue.
"""

from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass

import numpy as np

LAGS_KEPT = 65536  # about a minute of 10,000 devices every 10 s


@dataclass(frozen=True, slots=True)
class PollCounters:
    """The poller's counters at one moment; all but `in_flight` and the lags only ever grow."""

    polls: int
    failed: int
    missed: int
    in_flight: int
    lag_p50_s: float
    lag_p99_s: float
    failed_by_reason: Mapping[str, int]  # timeout, refused, auth, backoff, internal ...


class Tally:
    """The counting itself: cheap enough for a thousand polls a second."""

    def __init__(self) -> None:
        self.polls = 0
        self.missed = 0
        self.missed_by_asset: Counter[str] = Counter()
        self._failed_by_reason: Counter[str] = Counter()
        self._lags_s = np.zeros(LAGS_KEPT)
        self._begun = 0

    def begin(self, *, lag_s: float) -> None:
        """Count a scheduled poll that begins, `lag_s` after it was due."""
        self._lags_s[self._begun % LAGS_KEPT] = lag_s
        self._begun += 1

    def end(self, *, failure: str | None) -> None:
        """Count a poll that is over. The first word of a failure is its reason."""
        self.polls += 1
        if failure is not None:
            self._failed_by_reason[failure.partition(":")[0]] += 1

    def miss(self, asset_id: str, *, polls: int = 1) -> None:
        """Count polls that were due and did not begin."""
        self.missed += polls
        self.missed_by_asset[asset_id] += polls

    def keep(self, asset_ids: Container[str]) -> None:
        """Forget which polls the other assets missed; the totals stay."""
        gone = [a for a in self.missed_by_asset if a not in asset_ids]
        for asset_id in gone:
            del self.missed_by_asset[asset_id]

    def read(self, *, in_flight: int) -> PollCounters:
        """Return the counters as they stand."""
        lags_s = self._lags_s[: min(self._begun, LAGS_KEPT)]
        p50_s, p99_s = np.percentile(lags_s, (50, 99)) if self._begun else (0.0, 0.0)
        return PollCounters(
            polls=self.polls,
            failed=self._failed_by_reason.total(),
            missed=self.missed,
            in_flight=in_flight,
            lag_p50_s=float(p50_s),
            lag_p99_s=float(p99_s),
            failed_by_reason=dict(self._failed_by_reason),
        )
