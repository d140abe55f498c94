"""The outbox at work: it is replaced on a reload, as channels may have changed."""

import asyncio
import contextlib
from collections.abc import Mapping

from batteryd.clock import Clock
from batteryd.notify.channel import Channel
from batteryd.notify.outbox import Outbox
from batteryd.store.ledger import Ledger


class Mail:
    """Sends what the ledger holds, through the channels of the moment."""

    def __init__(self, ledger: Ledger, *, clock: Clock) -> None:
        self.channels: Mapping[str, Channel] = {}
        self.outbox = Outbox(ledger.outbox, {}, clock=clock)
        self._ledger = ledger
        self._clock = clock
        self._running: asyncio.Task[None] | None = None

    async def begin(self, channels: Mapping[str, Channel]) -> None:
        """Send through these channels from now on."""
        await self.end()
        self.channels = channels
        counters = self.outbox.counters
        self.outbox = Outbox(self._ledger.outbox, channels, clock=self._clock)
        self.outbox.counters = counters
        self._running = asyncio.get_running_loop().create_task(self.outbox.run(), name="outbox")

    async def end(self) -> None:
        """Send nothing more; what was being sent is due again at the next start."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError, ExceptionGroup):
                await self._running
        await self.outbox.close()
