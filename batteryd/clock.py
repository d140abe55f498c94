"""The only reader of time.

Instants are seconds since 1970-01-01T00:00:00Z as float (`_s` at the end of a name that says when:
`observed_at_s`, `now_s`); they become aware datetimes only where people or files read them.
Decisions never call this module: they take `now_s` or `as_of` as an argument.

`ScaledClock` lets the demo live through an hour in a minute: the daemon's whole sense of time is
scaled, socket time-outs are not (the network does not go faster).
"""

import time
from typing import Protocol


class Clock(Protocol):
    """Where the shell of the daemon gets its time from."""

    rate: float  # seconds of this clock per real second

    def now_s(self) -> float:
        """Return the instant, seconds since 1970-01-01T00:00:00Z. It may jump."""
        ...

    def monotonic_s(self) -> float:
        """Return real seconds from an arbitrary origin; never jumps, never scaled."""
        ...

    async def sleep(self, duration_s: float) -> None:
        """Wait this many seconds of this clock."""
        ...


class SystemClock:
    """Time as the machine tells it."""

    rate = 1.0

    def now_s(self) -> float:
        """Return the system's wall time."""
        return time.time()

    def monotonic_s(self) -> float:
        """Return the system's monotonic time."""
        return time.monotonic()

    async def sleep(self, duration_s: float) -> None:
        """Wait for real."""
        await _sleep(duration_s)


class ScaledClock:
    """Time that starts at `start_s` and runs `rate` times as fast as the system's."""

    def __init__(self, *, start_s: float, rate: float) -> None:
        self.rate = rate
        self._start_s = start_s
        self._origin_s = time.monotonic()

    def now_s(self) -> float:
        """Return the scaled wall time."""
        return self._start_s + (time.monotonic() - self._origin_s) * self.rate

    def monotonic_s(self) -> float:
        """Return the system's monotonic time, unscaled."""
        return time.monotonic()

    async def sleep(self, duration_s: float) -> None:
        """Wait `duration_s` scaled seconds."""
        await _sleep(duration_s / self.rate)


async def _sleep(duration_s: float) -> None:
    # Whoever sleeps has loaded it; commands that only ask what time it is need not wait for it.
    import asyncio

    await asyncio.sleep(duration_s)
