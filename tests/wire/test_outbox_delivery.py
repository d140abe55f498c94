"""Ledger, outbox and a real receiver together: what is told, and told again after a crash."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from batteryd.clock import SystemClock
from batteryd.domain.alarm import Change
from batteryd.domain.notification import DeliveryState
from batteryd.notify.channel_settings import WebhookSettings
from batteryd.notify.channels.webhook import WebhookChannel
from batteryd.notify.outbox import Outbox
from batteryd.notify.secrets import Secrets
from batteryd.store.ledger import Ledger
from tests.http_receiver import HttpReceiver, answer, raw
from tests.outboxes import tell
from tests.polling import ManualClock

pytestmark = pytest.mark.wire

ROOT = Path(__file__).parents[2]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


def make_hook(receiver: HttpReceiver, *, timeout_s: float = 5.0) -> WebhookChannel:
    settings = WebhookSettings(kind="webhook", url=receiver.url, timeout_s=timeout_s)
    return WebhookChannel(settings, secrets=Secrets({}, names=()))


async def test_an_alarm_is_told_through_every_kind_of_trouble_and_then_its_end(
    ledger: Ledger,
) -> None:
    clock = ManualClock()
    trouble = (
        answer("503 Service Unavailable"),
        raw(b"HTTP/1.1 200 OK\r\nContent-"),
        answer("429 Too Many Requests", "Retry-After: 30"),
    )
    tell(ledger, "hook", change=Change.RAISED, now_s=clock.now_s())
    tell(ledger, "hook", change=Change.RETURNED, now_s=clock.now_s())

    async with HttpReceiver(*trouble) as receiver:
        outbox = Outbox(ledger.outbox, {"hook": make_hook(receiver)}, clock=clock)
        for _ in range(6):
            await outbox.step(clock.now_s())
            clock.advance(60.0)
        await outbox.close()

    changes = [json.loads(r.body)["change"] for r in receiver.requests]
    keys = [r.headers["idempotency-key"] for r in receiver.requests]
    assert changes == ["raised"] * 4 + ["returned"]
    assert len(set(keys[:4])) == 1
    assert keys[4] != keys[0]
    assert {json.loads(r.body)["dedup_key"] for r in receiver.requests} == {
        ledger.notifications()[0].dedup_key
    }


async def test_after_kill_9_in_the_middle_of_an_attempt_the_same_key_is_sent_again(
    ledger: Ledger,
) -> None:
    clock = SystemClock()
    tell(ledger, "hook", now_s=clock.now_s())
    slow = raw(b"", then_wait_s=30.0)

    async with HttpReceiver(slow) as receiver:
        daemon = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.wire.outbox_worker",
            str(ledger._file.path), receiver.url, cwd=ROOT,
        )  # fmt: skip
        async with asyncio.timeout(20):
            while not receiver.requests:
                await asyncio.sleep(0.01)
        daemon.kill()
        await daemon.wait()
        left_behind = ledger.notifications()[0]
        later = ManualClock(at_s=left_behind.due_at_s)
        restarted = Outbox(ledger.outbox, {"hook": make_hook(receiver)}, clock=later)
        await restarted.step(later.now_s())
        await restarted.close()

    before, after = receiver.requests
    assert left_behind.state is DeliveryState.SENDING
    assert left_behind.due_at_s - clock.now_s() < 61
    assert before.headers["idempotency-key"] == after.headers["idempotency-key"]
    assert json.loads(before.body)["dedup_key"] == json.loads(after.body)["dedup_key"]
    assert ledger.notifications()[0].state is DeliveryState.SENT


async def test_a_receiver_that_hangs_does_not_delay_the_others(ledger: Ledger) -> None:
    clock = SystemClock()
    async with HttpReceiver(raw(b"", then_wait_s=3.0)) as hanging, HttpReceiver() as quick:
        channels = {"hanging": make_hook(hanging), "quick": make_hook(quick)}
        outbox = Outbox(ledger.outbox, channels, clock=clock)
        running = asyncio.create_task(outbox.run())
        started_s = time.monotonic()
        tell(ledger, "hanging", "quick", module=1, now_s=clock.now_s())
        async with asyncio.timeout(10):
            while not (quick.requests and hanging.requests):
                await asyncio.sleep(0.01)
            tell(ledger, "quick", module=2, now_s=clock.now_s())
            while len(quick.requests) < 2:
                await asyncio.sleep(0.01)
        told_after_s = time.monotonic() - started_s
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await outbox.close()

    assert told_after_s < 2.5  # two pauses of the loop and some; the other still hangs
