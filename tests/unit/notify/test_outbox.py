import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from batteryd.domain.alarm import Change
from batteryd.domain.notification import DeliveryState, Notification
from batteryd.errors import DeliveryError, StoreFull
from batteryd.notify.outbox import ATTEMPTS_AT_ONCE_MAX, Outbox
from batteryd.store.ledger import Ledger
from batteryd.store.ledger_outbox import LedgerOutbox
from tests.builders import NOON_S
from tests.outboxes import ObedientChannel, tell
from tests.polling import ManualClock

AGAIN_S = 5.0  # jitter is always 1 here, so the first pause is the whole one
CLAIM_S = 60.0


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


def make_outbox(ledger: Ledger, clock: ManualClock, **channels: ObedientChannel) -> Outbox:
    return Outbox(ledger.outbox, channels, clock=clock, jitter=lambda: 1.0)


def always(failure: Exception) -> Callable[[Notification], None]:
    def behave(notification: Notification) -> None:
        raise failure

    return behave


def states(ledger: Ledger) -> list[DeliveryState]:
    return [n.state for n in reversed(ledger.notifications())]


async def test_what_is_due_is_sent_once_on_each_channel(ledger: Ledger) -> None:
    clock, pager, mail = ManualClock(at_s=NOON_S), ObedientChannel(), ObedientChannel()
    outbox = make_outbox(ledger, clock, pager=pager, mail=mail)
    tell(ledger, "pager", "mail")

    first, second = await outbox.step(NOON_S), await outbox.step(NOON_S)

    assert (first, second) == (2, 0)
    assert len(pager.taken) == len(mail.taken) == 1
    assert states(ledger) == [DeliveryState.SENT, DeliveryState.SENT]
    assert ledger.notifications()[0].finished_at_s == NOON_S


async def test_a_notification_is_marked_as_sending_before_anybody_hears_of_it(
    ledger: Ledger,
) -> None:
    seen: list[DeliveryState] = []
    pager = ObedientChannel()
    pager.behave = lambda notification: seen.extend(states(ledger))
    tell(ledger, "pager")

    await make_outbox(ledger, ManualClock(at_s=NOON_S), pager=pager).step(NOON_S)

    assert seen == [DeliveryState.SENDING]


async def test_a_failure_is_tried_again_after_its_pause_with_the_same_key(ledger: Ledger) -> None:
    clock, pager = ManualClock(at_s=NOON_S), ObedientChannel()
    pager.behave = always(DeliveryError("HTTP 503", permanent=False))
    outbox = make_outbox(ledger, clock, pager=pager)
    event_id = tell(ledger, "pager")

    await outbox.step(NOON_S)
    waiting = ledger.notifications()[0]
    pager.behave = lambda notification: None
    too_early = await outbox.step(NOON_S + AGAIN_S - 0.1)
    await outbox.step(NOON_S + AGAIN_S)

    assert (waiting.state, waiting.error) == (DeliveryState.PENDING, "HTTP 503")
    assert waiting.due_at_s == NOON_S + AGAIN_S
    assert too_early == 0
    assert [n.idempotency_key for n in pager.taken] == [f"{waiting.dedup_key}#{event_id}"]
    assert pager.taken[0].attempts == 2
    assert states(ledger) == [DeliveryState.SENT]


async def test_a_receiver_that_asks_for_time_gets_it(ledger: Ledger) -> None:
    clock, pager = ManualClock(at_s=NOON_S), ObedientChannel()
    pager.behave = always(DeliveryError("HTTP 429", permanent=False, retry_after_s=120.0))
    tell(ledger, "pager")

    await make_outbox(ledger, clock, pager=pager).step(NOON_S)

    assert ledger.notifications()[0].due_at_s == NOON_S + 120.0


async def test_a_permanent_failure_is_given_up_loudly(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    clock, pager = ManualClock(at_s=NOON_S), ObedientChannel()
    pager.behave = always(DeliveryError("HTTP 404: no such hook", permanent=True))
    outbox = make_outbox(ledger, clock, pager=pager)
    event_id = tell(ledger, "pager")

    await outbox.step(NOON_S)
    later = await outbox.step(NOON_S + 86_400)

    assert later == 0
    assert states(ledger) == [DeliveryState.GIVEN_UP]
    assert outbox.counters.given_up == 1
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "no such hook" in record.getMessage()
    entry = ledger.audit()[-1]
    assert entry.action == "notification given up"
    assert entry.detail == {
        "event_id": event_id,
        "channel": "pager",
        "attempts": 1,
        "error": "HTTP 404: no such hook",
    }
    assert ledger.verify() is None


async def test_the_end_of_an_alarm_waits_for_its_beginning(ledger: Ledger) -> None:
    clock, pager = ManualClock(at_s=NOON_S), ObedientChannel()
    pager.behave = always(DeliveryError("ConnectError", permanent=False))
    outbox = make_outbox(ledger, clock, pager=pager)
    tell(ledger, "pager", change=Change.RAISED)
    tell(ledger, "pager", change=Change.RETURNED)
    tell(ledger, "pager", module=7)  # another alarm need not wait

    first = await outbox.step(NOON_S)
    pager.behave = lambda notification: None
    await outbox.step(NOON_S + AGAIN_S)
    await outbox.step(NOON_S + AGAIN_S)

    assert first == 2  # the beginning and the other alarm
    told = [n.body["change"] for n in pager.taken if "m03" in n.dedup_key]
    assert told == ["raised", "returned"]


async def test_a_beginning_that_was_given_up_does_not_hold_back_the_end(ledger: Ledger) -> None:
    clock, pager = ManualClock(at_s=NOON_S), ObedientChannel()
    outbox = make_outbox(ledger, clock, pager=pager)
    pager.behave = always(DeliveryError("HTTP 400", permanent=True))
    tell(ledger, "pager", change=Change.RAISED)
    tell(ledger, "pager", change=Change.RETURNED)

    await outbox.step(NOON_S)
    pager.behave = lambda notification: None
    await outbox.step(NOON_S)

    assert [n.body["change"] for n in pager.taken] == ["returned"]


async def test_one_channel_does_not_wait_for_the_order_of_another(ledger: Ledger) -> None:
    clock, pager, mail = ManualClock(at_s=NOON_S), ObedientChannel(), ObedientChannel()
    pager.behave = always(DeliveryError("ConnectError", permanent=False))
    outbox = make_outbox(ledger, clock, pager=pager, mail=mail)
    tell(ledger, "pager", "mail", change=Change.RAISED)
    tell(ledger, "pager", "mail", change=Change.RETURNED)

    await outbox.step(NOON_S)
    await outbox.step(NOON_S)

    assert [n.body["change"] for n in mail.taken] == ["raised", "returned"]


async def test_a_slow_channel_delays_only_its_own_messages(ledger: Ledger) -> None:
    clock, slow, quick = ManualClock(at_s=NOON_S), ObedientChannel(), ObedientChannel()
    slow.gate.clear()
    running = asyncio.create_task(make_outbox(ledger, clock, slow=slow, quick=quick).run())

    for module in range(1, 4):
        tell(ledger, "slow", "quick", module=module)
        async with asyncio.timeout(5):
            while len(quick.taken) < module:
                await asyncio.sleep(0.001)

    assert slow.taken == []
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_attempts_on_one_channel_are_bounded(ledger: Ledger) -> None:
    clock, pager = ManualClock(at_s=NOON_S), ObedientChannel()
    outbox = make_outbox(ledger, clock, pager=pager)
    for module in range(1, 12):
        tell(ledger, "pager", module=module)

    rounds = [await outbox.step(NOON_S) for _ in range(4)]

    assert rounds == [ATTEMPTS_AT_ONCE_MAX, ATTEMPTS_AT_ONCE_MAX, 3, 0]


async def test_what_was_stopped_while_sending_is_due_again_at_once(ledger: Ledger) -> None:
    clock, pager = ManualClock(at_s=NOON_S), ObedientChannel()
    pager.gate.clear()
    tell(ledger, "pager")
    outbox = make_outbox(ledger, clock, pager=pager)
    running = asyncio.create_task(outbox.run())
    async with asyncio.timeout(5):
        while outbox.counters.attempts == 0:
            await asyncio.sleep(0.001)
    assert states(ledger) == [DeliveryState.SENDING]

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    (left,) = ledger.notifications()
    assert (left.state, left.due_at_s) == (DeliveryState.PENDING, NOON_S)
    assert left.error == "the daemon stopped while sending"


async def test_what_a_crash_left_behind_is_due_again_when_its_claim_runs_out(
    ledger: Ledger,
) -> None:
    clock, pager = ManualClock(at_s=NOON_S), ObedientChannel()
    event_id = tell(ledger, "pager")
    # What kill -9 leaves: claimed, and nobody there any more.
    ledger.outbox.claim("pager", now_s=NOON_S, until_s=NOON_S + CLAIM_S, limit=10)
    after_restart = make_outbox(ledger, clock, pager=pager)

    too_early = await after_restart.step(NOON_S + CLAIM_S - 0.1)
    await after_restart.step(NOON_S + CLAIM_S)

    assert too_early == 0
    (taken,) = pager.taken
    assert taken.idempotency_key == f"{taken.dedup_key}#{event_id}"  # as before the crash
    assert taken.attempts == 2
    assert states(ledger) == [DeliveryState.SENT]


def test_of_two_who_claim_the_same_one_gets_it(ledger: Ledger) -> None:
    tell(ledger, "pager")

    mine = ledger.outbox.claim("pager", now_s=NOON_S, until_s=NOON_S + CLAIM_S, limit=10)
    yours = ledger.outbox.claim("pager", now_s=NOON_S, until_s=NOON_S + CLAIM_S, limit=10)

    assert len(mine) == 1
    assert yours == ()


def test_a_sender_whose_claim_ran_out_changes_nothing_any_more(ledger: Ledger) -> None:
    tell(ledger, "pager")
    (late,) = ledger.outbox.claim("pager", now_s=NOON_S, until_s=NOON_S + CLAIM_S, limit=1)
    (newer,) = ledger.outbox.claim(
        "pager", now_s=NOON_S + CLAIM_S, until_s=NOON_S + 2 * CLAIM_S, limit=1
    )

    assert not ledger.outbox.give_up(late, now_s=NOON_S + CLAIM_S, error="HTTP 404")
    assert not ledger.outbox.postpone(late, due_at_s=NOON_S + CLAIM_S, error="HTTP 503")
    assert not ledger.outbox.finish(late, now_s=NOON_S + CLAIM_S)
    assert states(ledger) == [DeliveryState.SENDING]
    assert ledger.outbox.finish(newer, now_s=NOON_S + CLAIM_S)
    assert [e.action for e in ledger.audit()] == ["raised"]


async def test_an_attempt_without_an_outcome_is_tried_again(ledger: Ledger) -> None:
    pager = ObedientChannel()
    pager.gate.clear()
    tell(ledger, "pager")
    clock = ManualClock(at_s=NOON_S)

    await Outbox(ledger.outbox, {"pager": pager}, clock=clock, send_timeout_s=0.02).step(NOON_S)

    (left,) = ledger.notifications()
    assert left.state is DeliveryState.PENDING
    assert left.error == "no outcome within 0.02 s"


async def test_a_mistake_in_a_channel_costs_an_attempt_and_nothing_else(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    clock, broken, mail = ManualClock(at_s=NOON_S), ObedientChannel(), ObedientChannel()
    broken.behave = always(ZeroDivisionError())
    tell(ledger, "broken", "mail")

    await make_outbox(ledger, clock, broken=broken, mail=mail).step(NOON_S)

    assert len(mail.taken) == 1
    assert states(ledger) == [DeliveryState.PENDING, DeliveryState.SENT]
    assert "channel failed unexpectedly channel=broken" in caplog.text


async def test_what_waits_for_a_channel_that_is_gone_is_given_up(ledger: Ledger) -> None:
    tell(ledger, "old-pager")

    await make_outbox(ledger, ManualClock(at_s=NOON_S), log=ObedientChannel()).step(NOON_S)

    (left,) = ledger.notifications()
    assert left.state is DeliveryState.GIVEN_UP
    assert left.error == "notify.toml has no channel old-pager any more"


async def test_an_outage_is_logged_when_it_begins_and_when_it_ends(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clock, pager = ManualClock(at_s=NOON_S), ObedientChannel()
    outbox = make_outbox(ledger, clock, pager=pager)
    pager.behave = always(DeliveryError("ConnectError", permanent=False))
    tell(ledger, "pager")

    for minute in range(3):
        clock.advance(60.0)
        await outbox.step(NOON_S + 60.0 * (minute + 1))
    pager.behave = lambda notification: None
    await outbox.step(NOON_S + 3600.0)

    assert [r.getMessage() for r in caplog.records] == [
        "channel lost name=pager error='ConnectError'",
        "channel back name=pager",
    ]
    assert (outbox.counters.attempts, outbox.counters.postponed, outbox.counters.sent) == (4, 3, 1)


async def test_a_full_disk_stops_the_outbox_until_there_is_space(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    class FullStore(LedgerOutbox):
        is_full = True

        def claim(
            self, channel: str, *, now_s: float, until_s: float, limit: int
        ) -> Sequence[Notification]:
            if self.is_full:
                raise StoreFull("no space")
            return super().claim(channel, now_s=now_s, until_s=until_s, limit=limit)

    store, pager = FullStore(ledger.outbox._file), ObedientChannel()
    tell(ledger, "pager")
    clock = ManualClock(at_s=NOON_S)
    outbox = Outbox(store, {"pager": pager}, clock=clock)
    running = asyncio.create_task(outbox.run())

    async with asyncio.timeout(5):
        while "outbox store lost" not in caplog.text:
            await asyncio.sleep(0.001)
        store.is_full = False
        while not pager.taken:
            await asyncio.sleep(0.001)

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert caplog.text.count("outbox store lost") == 1


async def test_time_in_the_demo_runs_fast_but_claims_last_as_long_as_sending_does(
    ledger: Ledger,
) -> None:
    pager = ObedientChannel()
    until: list[float] = []
    pager.behave = lambda notification: until.append(notification.due_at_s)
    tell(ledger, "pager")

    await make_outbox(ledger, ManualClock(at_s=NOON_S, rate=600.0), pager=pager).step(NOON_S)

    assert until == [NOON_S + CLAIM_S * 600]


async def test_closing_the_outbox_closes_its_channels(ledger: Ledger) -> None:
    pager = ObedientChannel()

    await make_outbox(ledger, ManualClock(), pager=pager).close()

    assert pager.is_closed
