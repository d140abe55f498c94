"""How long to leave a server alone: longer after each failure, never for ever.

The wait doubles from `first_s` to `max_s` and is spread over its upper half, so that many daemons
do not come back in step after a server's restart. What a Retry-After asks for is the least, up to
an hour. The clock may jump back: a wait that seems to begin in the future is over.
"""

import random
from collections.abc import Callable

RETRY_AFTER_S_MAX = 3600.0


class Pause:
    """Waits between attempts. `spread` returns numbers from 0 to 1."""

    def __init__(
        self,
        *,
        first_s: float = 1.0,
        max_s: float = 60.0,
        spread: Callable[[], float] = random.random,
    ) -> None:
        self._first_s = first_s
        self._max_s = max_s
        self._spread = spread
        self._failures = 0
        self._began_s = 0.0
        self._wait_s = 0.0

    def is_over(self, now_s: float) -> bool:
        """Whether the next attempt is due."""
        return not 0 <= now_s - self._began_s < self._wait_s

    def begin(self, now_s: float, *, at_least_s: float = 0.0) -> None:
        """Wait after a failure."""
        # 2**30 is beyond any limit; an outage of years must not grow the number without end.
        grown_s = min(self._max_s, self._first_s * 2 ** min(self._failures, 30))
        self._failures += 1
        self._began_s = now_s
        wait_s = grown_s * (0.5 + 0.5 * self._spread())
        self._wait_s = max(wait_s, min(at_least_s, RETRY_AFTER_S_MAX))

    def end(self) -> None:
        """Begin anew after a success."""
        self._failures = 0
        self._wait_s = 0.0
