"""The outbox: notifications leave it when somebody has taken them, and not before.

A notification is written together with its event, so it exists if the event does. A step claims
what is due (`sending`, before the attempt: a crash in the middle leaves a trace), makes the
attempts, and writes what became of them. A claim that nobody finished runs out and is due again.
So everything is told at least once; what a receiver sees twice carries the same idempotency key.

Channels work side by side and know nothing of each other: a slow one delays its own messages only.
Within a channel a few attempts run at a time, and those of one dedup key one after the other: the
end of an alarm is never told before its beginning was told or given up. The store sees to that.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from batteryd.clock import Clock
from batteryd.domain.notification import Notification
from batteryd.errors import DeliveryError, StoreError
from batteryd.notify.channel import Channel
from batteryd.notify.outages import Outages
from batteryd.notify.retry import GiveUp, RetryPolicy, TryAgain

_log = logging.getLogger(__name__)

# Seconds are real ones: however fast the clock runs, receivers and networks do not.
SEND_TIMEOUT_S = 30.0
STEP_PAUSE_S = 0.5
ATTEMPTS_AT_ONCE_MAX = 4  # a channel


class OutboxStore(Protocol):
    """What the outbox asks of the ledger. The last three say whether the claim was still ours."""

    def waiting_channels(self) -> frozenset[str]:
        """Return every channel for which something is still to be told."""
        ...

    def claim(
        self, channel: str, *, now_s: float, until_s: float, limit: int
    ) -> Sequence[Notification]:
        """Take what is due, oldest first; it is `sending` and nobody else's until `until_s`."""
        ...

    def finish(self, claim: Notification, *, now_s: float) -> bool:
        """Note that it was sent."""
        ...

    def postpone(self, claim: Notification, *, due_at_s: float, error: str) -> bool:
        """Put it back for another attempt."""
        ...

    def give_up(self, claim: Notification, *, now_s: float, error: str) -> bool:
        """End it unsent, with an audit entry."""
        ...


@dataclass(slots=True)
class OutboxCounters:
    """What the outbox has done since it was made."""

    attempts: int = 0
    sent: int = 0
    postponed: int = 0
    given_up: int = 0
    claims_lost: int = 0  # ran out before the attempt came to its end


class _Gone:
    """Stands for a channel that is no longer in notify.toml: what waits for it is given up."""

    async def send(self, notification: Notification) -> None:
        raise DeliveryError(
            f"notify.toml has no channel {notification.channel} any more", permanent=True
        )

    async def close(self) -> None:
        """Nothing is open."""


_GONE = _Gone()


class Outbox:
    """Sends what the store holds through the channels of notify.toml."""

    def __init__(
        self,
        store: OutboxStore,
        channels: Mapping[str, Channel],
        *,
        clock: Clock,
        policy: RetryPolicy | None = None,
        send_timeout_s: float = SEND_TIMEOUT_S,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.counters = OutboxCounters()
        self._store = store
        self._channels = channels
        self._clock = clock
        self._policy = policy or RetryPolicy()
        self._send_timeout_s = send_timeout_s
        # A claim outlives the attempt that it is for, or two would send the same at once.
        self._claim_s = 2 * send_timeout_s * clock.rate
        self._jitter = jitter
        self._channel_outages = Outages("channel", log=_log)
        self._store_outages = Outages("outbox store", log=_log)

    async def run(self) -> None:
        """Send until cancelled, each channel at its own pace."""
        names = self._channels.keys() | await asyncio.to_thread(self._store.waiting_channels)
        async with asyncio.TaskGroup() as group:
            for name in sorted(names):
                group.create_task(self._run_channel(name))

    async def step(self, now_s: float) -> int:
        """Make one round over all channels; return how many attempts were made."""
        names = self._channels.keys() | await asyncio.to_thread(self._store.waiting_channels)
        rounds = (self.step_channel(name, now_s) for name in sorted(names))
        return sum(await asyncio.gather(*rounds))

    async def step_channel(self, name: str, now_s: float) -> int:
        """Attempt what is due on one channel; return how many attempts were made."""
        claims = await asyncio.to_thread(
            self._store.claim,
            name,
            now_s=now_s,
            until_s=now_s + self._claim_s,
            limit=ATTEMPTS_AT_ONCE_MAX,
        )
        await asyncio.gather(*map(self._attempt, claims))
        return len(claims)

    async def close(self) -> None:
        """Close all channels."""
        for channel in self._channels.values():
            await channel.close()

    async def _run_channel(self, name: str) -> None:
        while True:
            try:
                attempts = await self.step_channel(name, self._clock.now_s())
                self._store_outages.end(name)
            except StoreError as error:  # what was claimed is due again when the claim runs out
                self._store_outages.begin(name, error=str(error))
                attempts = 0
            if attempts < ATTEMPTS_AT_ONCE_MAX:  # otherwise more may be due
                await self._clock.sleep(STEP_PAUSE_S * self._clock.rate)

    async def _attempt(self, claim: Notification) -> None:
        self.counters.attempts += 1
        try:
            failure = await self._send(claim)
        except asyncio.CancelledError:
            self._release(claim)
            raise
        if failure is None:
            is_ours = await self._sent(claim)
        else:
            is_ours = await self._failed(claim, failure)
        self.counters.claims_lost += not is_ours

    async def _send(self, claim: Notification) -> DeliveryError | None:
        channel = self._channels.get(claim.channel, _GONE)
        try:
            async with asyncio.timeout(self._send_timeout_s):
                await channel.send(claim)
        except TimeoutError:
            return DeliveryError(f"no outcome within {self._send_timeout_s:g} s", permanent=False)
        except DeliveryError as error:
            return error
        except Exception as error:  # noqa: BLE001  outermost of a channel: its mistake is its own
            _log.error("channel failed unexpectedly channel=%s", claim.channel, exc_info=True)
            return DeliveryError(f"unexpected {type(error).__name__}", permanent=False)
        return None

    async def _sent(self, claim: Notification) -> bool:
        self.counters.sent += 1
        self._channel_outages.end(claim.channel)
        return await asyncio.to_thread(self._store.finish, claim, now_s=self._clock.now_s())

    async def _failed(self, claim: Notification, failure: DeliveryError) -> bool:
        now_s = self._clock.now_s()
        match self._policy.decide(claim, failure, now_s=now_s, jitter=self._jitter()):
            case TryAgain(due_at_s):
                self.counters.postponed += 1
                self._channel_outages.begin(claim.channel, error=str(failure))
                return await asyncio.to_thread(
                    self._store.postpone, claim, due_at_s=due_at_s, error=str(failure)
                )
            case GiveUp(reason):
                self.counters.given_up += 1
                _log.error(
                    "notification given up channel=%s key=%s event=%d attempts=%d error=%r",
                    claim.channel, claim.dedup_key, claim.event_id, claim.attempts, reason,
                )  # fmt: skip
                return await asyncio.to_thread(
                    self._store.give_up, claim, now_s=now_s, error=reason
                )

    def _release(self, claim: Notification) -> None:
        # The daemon stops. Whoever comes next need not wait until the claim has run out; where the
        # store cannot note that, it does run out.
        with suppress(StoreError):
            self._store.postpone(
                claim, due_at_s=self._clock.now_s(), error="the daemon stopped while sending"
            )
