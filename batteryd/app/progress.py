"""Whether the daemon gets anywhere: what the watchdog is fed by.

A process that is alive but stuck must be restarted, so being alive is not enough: the monitor has
to finish cycles, and polls have to end, well or badly. A network that is down ends every poll badly
and is no reason to restart anything.
"""

from batteryd.clock import Clock

CYCLE_S_MAX = 30.0  # real seconds; a cycle that waits for a slow disk takes a few


class Progress:
    """When the two things that matter last came to an end. Real seconds."""

    def __init__(self, *, clock: Clock, poll_s_max: float) -> None:
        """Take the longest that may pass without any poll coming to an end."""
        self._clock = clock
        self._cycled_at_s = self._polled_at_s = clock.monotonic_s()
        self._polls_seen = 0
        self.poll_s_max = poll_s_max

    def cycle_ended(self, *, polls: int) -> None:
        """Note that the monitor has finished a cycle; `polls` is how many have ended so far."""
        self._cycled_at_s = self._clock.monotonic_s()
        if polls != self._polls_seen or self.poll_s_max <= 0:
            self._polls_seen, self._polled_at_s = polls, self._cycled_at_s

    def stuck(self) -> str | None:
        """Return what does not come to an end, or None."""
        now_s = self._clock.monotonic_s()
        if now_s - self._cycled_at_s > CYCLE_S_MAX:
            return f"no cycle has ended for {now_s - self._cycled_at_s:.0f} s"
        if 0 < self.poll_s_max < now_s - self._polled_at_s:
            return f"no poll has ended for {now_s - self._polled_at_s:.0f} s"
        return None
