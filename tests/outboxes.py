"""What tests of the outbox share: a ledger with alarms to tell of, and a channel that obeys."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from batteryd.domain.alarm import Change
from batteryd.domain.component import Component
from batteryd.domain.notification import NewNotification, Notification
from batteryd.notify.sample import SAMPLES
from batteryd.store.ledger import Ledger
from tests.builders import NOON_S, make_alarm


class ObedientChannel:
    """Remembers what it was asked to send; `behave` may raise instead, `gate` may make it wait."""

    def __init__(self) -> None:
        self.taken: list[Notification] = []
        self.behave: Callable[[Notification], None] = lambda notification: None
        self.gate = asyncio.Event()
        self.gate.set()
        self.is_closed = False

    async def send(self, notification: Notification) -> None:
        await self.gate.wait()
        self.behave(notification)
        self.taken.append(notification)

    async def close(self) -> None:
        self.is_closed = True


def tell(
    ledger: Ledger,
    *channels: str,
    module: int = 3,
    change: Change = Change.RAISED,
    now_s: float = NOON_S,
) -> int:
    """Record the beginning or the end of a hot module, to be told on these channels."""
    hot = SAMPLES[0]
    key = hot.event.key._replace(component=Component(string=1, module=module))
    message = replace(hot, event=replace(hot.event, key=key, change=change, at_s=now_s))
    body = message.as_body()
    with ledger.transaction(now_s) as tx:
        return tx.record(
            make_alarm(key),
            action=change.value,
            reason="first_time",
            actor="batteryd",
            at_s=now_s,
            notifications=[NewNotification(c, str(key), body) for c in channels],
        )
