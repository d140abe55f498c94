"""What a crash left in the middle of being sent is sent at once after the next start."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from batteryd.domain.notification import DeliveryState, NewNotification
from batteryd.store.ledger import Ledger
from tests.builders import NOON_S, make_alarm


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.db")
    yield opened
    opened.close()


def test_a_released_claim_is_due_at_once_and_the_old_claim_is_worth_nothing(
    ledger: Ledger,
) -> None:
    with ledger.transaction(NOON_S) as tx:
        told = [NewNotification("pager", "key", {"why": "hot"})]
        tx.record(
            make_alarm(), action="raised", reason="raised", actor="batteryd", at_s=NOON_S,
            notifications=told,
        )  # fmt: skip
    outbox = ledger.outbox
    (lost,) = outbox.claim("pager", now_s=NOON_S, until_s=NOON_S + 60, limit=4)
    assert outbox.claim("pager", now_s=NOON_S + 1, until_s=NOON_S + 61, limit=4) == ()

    released = outbox.release(now_s=NOON_S + 2)

    (again,) = outbox.claim("pager", now_s=NOON_S + 2, until_s=NOON_S + 62, limit=4)
    assert released == 1
    assert again.attempts == 2
    assert again.idempotency_key == lost.idempotency_key
    assert not outbox.finish(lost, now_s=NOON_S + 3)
    assert outbox.finish(again, now_s=NOON_S + 3)
    assert ledger.notifications()[0].state is DeliveryState.SENT
    assert outbox.release(now_s=NOON_S + 4) == 0
