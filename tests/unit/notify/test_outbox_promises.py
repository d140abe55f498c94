"""Whatever fails and whenever it crashes: told at least once, and in order.

Hypothesis writes a story of alarms, failures, crashes and waiting. Afterwards everything works and
time goes by. What the channel was handed over the whole story is then held against the promises.
"""

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from batteryd.domain.alarm import Change
from batteryd.domain.notification import DeliveryState, Notification
from batteryd.errors import DeliveryError
from batteryd.notify.outbox import Outbox
from batteryd.store.ledger import Ledger
from tests.builders import NOON_S
from tests.outboxes import tell
from tests.polling import ManualClock

CHANNELS = ("pager", "mail")


class Killed(BaseException):
    """kill -9: nothing of the daemon runs after it."""


class Receiver:
    """What is at the other end; it writes down what reached it, whatever became of the answer."""

    def __init__(self, outcomes: Sequence[str]) -> None:
        self.reached: list[Notification] = []
        self._outcomes = list(outcomes)

    async def send(self, notification: Notification) -> None:
        outcome = self._outcomes.pop() if self._outcomes else "taken"
        if outcome not in ("lost", "killed before"):
            self.reached.append(notification)
        match outcome:
            case "lost" | "answer lost":
                raise DeliveryError("ConnectError", permanent=False)
            case "refused":
                raise DeliveryError("HTTP 400", permanent=True)
            case "killed before" | "killed after":
                raise Killed

    async def close(self) -> None:
        pass


class Chapter(NamedTuple):
    """Perhaps an alarm, then one step of the daemon, then some time."""

    module: int | None
    outcomes: list[str]
    wait_s: int


OUTCOMES = ("taken", "lost", "answer lost", "refused", "killed before", "killed after")
chapters = st.builds(
    Chapter,
    module=st.sampled_from([1, 2, None]),
    outcomes=st.lists(st.sampled_from(OUTCOMES), max_size=5),
    wait_s=st.sampled_from([0, 6, 61, 700]),
)


async def live(ledger: Ledger, story: list[Chapter]) -> dict[str, list[Notification]]:
    clock = ManualClock(at_s=NOON_S)
    reached: dict[str, list[Notification]] = {name: [] for name in CHANNELS}
    for number, chapter in enumerate(story):
        if chapter.module is not None:
            change = Change.RETURNED if number % 2 else Change.RAISED
            tell(ledger, *CHANNELS, module=chapter.module, change=change, now_s=clock.now_s())
        await step(ledger, clock, reached, outcomes=chapter.outcomes)
        clock.advance(chapter.wait_s)
    for _ in range(12):
        clock.advance(700.0)
        await step(ledger, clock, reached, outcomes=[])
    return reached


async def step(
    ledger: Ledger,
    clock: ManualClock,
    reached: dict[str, list[Notification]],
    *,
    outcomes: list[str],
) -> None:
    """One step of a daemon that was started for it, and may not live to its end."""
    receivers = {name: Receiver(outcomes) for name in CHANNELS}
    outbox = Outbox(ledger.outbox, receivers, clock=clock, jitter=random.Random(1).random)
    try:
        await outbox.step(clock.now_s())
    except Killed:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)
    for name, receiver in receivers.items():
        reached[name] += receiver.reached


@settings(max_examples=60, deadline=None)
@given(st.lists(chapters, max_size=8))
def test_everything_is_told_at_least_once_and_in_order(story: list[Chapter]) -> None:
    with TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.sqlite")
        ledger._file._writer.execute("PRAGMA synchronous = OFF")  # the disk is not what is tested
        reached = asyncio.run(live(ledger, story))
        notifications, audit, broken = ledger.notifications(), ledger.audit(), ledger.verify()
        ledger.close()

    given_up = {n.notification_id for n in notifications if n.state is DeliveryState.GIVEN_UP}
    for channel in CHANNELS:
        numbers = [n.notification_id for n in reached[channel]]
        of_channel = {n.notification_id for n in notifications if n.channel == channel}
        assert of_channel - given_up <= set(numbers)  # at least once
        by_key: dict[str, list[int]] = {}
        for notification in reached[channel]:
            by_key.setdefault(notification.dedup_key, []).append(notification.notification_id)
        for told in by_key.values():
            assert told == sorted(told)  # never the end before its beginning, not even a repeat
    assert {n.state for n in notifications} <= {DeliveryState.SENT, DeliveryState.GIVEN_UP}
    assert len({(n.channel, n.idempotency_key) for n in notifications}) == len(notifications)
    assert sum(e.action == "notification given up" for e in audit) == len(given_up)
    assert broken is None
