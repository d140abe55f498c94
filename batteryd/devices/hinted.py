"""Polls an asset at once because something hints that it has changed, and not too often.

    hint --> poll --> rest --> hinted meanwhile? --> poll --> rest --> ...

A hint during the rest is not lost: one more poll follows, for all of them. So a device that sends
a thousand hints a second is polled once in `interval_s`, and a thousand devices that send one each
are polled a few at a time. The regular polls go on as if nothing had happened.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable

from batteryd.clock import Clock

IN_FLIGHT_MAX = 64

PollNow = Callable[[str], Awaitable[object]]  # KeyError: there is no such asset


class HintedPolls:
    """At most one poll at a time for each asset, and `IN_FLIGHT_MAX` for all of them."""

    def __init__(self, poll_now: PollNow, *, interval_s: float, clock: Clock) -> None:
        self.polls = 0
        self._poll_now = poll_now
        self._interval_s = interval_s
        self._clock = clock
        self._hinted: set[str] = set()
        self._working: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(IN_FLIGHT_MAX)

    def hint(self, asset_ids: Iterable[str]) -> None:
        """Have these assets polled soon. Returns at once."""
        for asset_id in asset_ids:
            self._hinted.add(asset_id)
            if asset_id not in self._working:
                self._working[asset_id] = asyncio.ensure_future(self._follow(asset_id))

    async def stop(self) -> None:
        """Begin no more polls; what is running is the poller's."""
        tasks = tuple(self._working.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, asset_id: str) -> None:
        try:
            while asset_id in self._hinted:
                async with self._room:
                    self._hinted.discard(asset_id)
                    self.polls += 1
                    with contextlib.suppress(KeyError):  # it left the inventory
                        await self._poll_now(asset_id)
                await self._clock.sleep(self._interval_s)
        finally:
            del self._working[asset_id]
