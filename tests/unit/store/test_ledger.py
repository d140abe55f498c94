import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from batteryd.domain.alarm import Alarm, Condition, Suppression
from batteryd.domain.notification import DeliveryState, NewNotification
from batteryd.errors import StoreDamaged, StoreError
from batteryd.store.ledger import Ledger
from batteryd.store.ledger_transaction import Transaction
from tests.builders import NOON_S, make_alarm, make_key


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


def to_channels(alarm: Alarm, *channels: str) -> list[NewNotification]:
    return [NewNotification(c, str(alarm.key), {"why": alarm.why}) for c in channels]


def raise_alarm(tx: Transaction, alarm: Alarm, *channels: str) -> int:
    return tx.record(
        alarm,
        action="raised",
        reason="first_time",
        actor="batteryd",
        at_s=alarm.changed_at_s,
        notifications=to_channels(alarm, *channels),
    )


def test_an_alarm_reads_back_as_it_was_written(ledger: Ledger) -> None:
    alarm = make_alarm(
        evidence={"median_c": 24.5, "sensors": ["s1/m02/t1"]},
        acknowledged_by="김철수",
        acknowledged_at_s=NOON_S,
        suppressed_until_s=NOON_S + 3600,
        suppression=Suppression.SHELVED,
    )

    with ledger.transaction(NOON_S) as tx:
        raise_alarm(tx, alarm)

    assert ledger.alarm(alarm.key) == alarm
    assert ledger.alarms() == (alarm,)


def test_a_key_has_one_row_however_often_it_changes(ledger: Ledger) -> None:
    first = make_alarm()
    later = replace(first, condition=Condition.ACKNOWLEDGED, acknowledged_by="Kim")

    with ledger.transaction(NOON_S) as tx:
        raise_alarm(tx, first)
        tx.record(later, action="acknowledged", reason="by_person", actor="Kim", at_s=NOON_S)

    assert ledger.alarms(open_only=False) == (later,)
    assert [e.action for e in ledger.events(first.key)] == ["acknowledged", "raised"]


def test_a_transaction_sees_what_it_has_written_and_others_do_not_yet(ledger: Ledger) -> None:
    alarm = make_alarm()

    with ledger.transaction(NOON_S) as tx:
        raise_alarm(tx, alarm)

        assert tx.alarm(alarm.key) == alarm
        assert tx.alarms() == (alarm,)
        assert ledger.alarm(alarm.key) is None


def test_open_alarms_are_those_that_somebody_may_have_to_look_at(ledger: Ledger) -> None:
    active = make_alarm(make_key("s1/m01/t1"))
    waiting = make_alarm(make_key("s1/m02/t1"), condition=Condition.RETURNED_UNACKNOWLEDGED)
    shelved = make_alarm(
        make_key("s1/m03/t1"), condition=Condition.NORMAL, suppression=Suppression.SHELVED
    )
    past = make_alarm(make_key("s1/m01/t2"), condition=Condition.NORMAL)

    with ledger.transaction(NOON_S) as tx:
        for alarm in (active, waiting, shelved, past):
            raise_alarm(tx, alarm)

    assert {a.key for a in ledger.alarms()} == {active.key, waiting.key, shelved.key}
    assert past.key in {a.key for a in ledger.alarms(open_only=False)}


def test_an_event_says_who_did_what_when_why_and_where_the_alarm_stood_after_it(
    ledger: Ledger,
) -> None:
    alarm = make_alarm(condition=Condition.ACKNOWLEDGED, evidence={"median_c": 24.5})

    with ledger.transaction(NOON_S) as tx:
        event_id = tx.record(
            alarm,
            action="acknowledged",
            reason="by_person",
            actor="김철수",
            at_s=NOON_S - 2.5,
            comment="on my way",
        )

    (event,) = ledger.events(alarm.key)
    assert event.event_id == event_id
    assert event.key == alarm.key
    assert (event.actor, event.action, event.reason) == ("김철수", "acknowledged", "by_person")
    assert (event.at_s, event.recorded_at_s) == (NOON_S - 2.5, NOON_S)
    assert event.condition is Condition.ACKNOWLEDGED
    assert event.comment == "on my way"
    assert event.evidence == {"median_c": 24.5}
    assert (event.value, event.setpoint) == (46.2, 40.0)


def test_history_can_be_asked_by_key_by_time_and_in_part(ledger: Ledger) -> None:
    early = make_alarm(make_key("s1/m01/t1"), changed_at_s=NOON_S - 600)
    late = make_alarm(make_key("s1/m02/t1"), changed_at_s=NOON_S - 60)
    with ledger.transaction(NOON_S) as tx:
        raise_alarm(tx, early)
        raise_alarm(tx, late)

    assert [e.key for e in ledger.events(early.key)] == [early.key]
    assert [e.key for e in ledger.events(since_s=NOON_S - 60)] == [late.key]
    assert [e.key for e in ledger.events(limit=1)] == [late.key]
    assert ledger.events(early.key, since_s=NOON_S - 60) == ()


def test_notifications_are_born_pending_and_due_at_once(ledger: Ledger) -> None:
    alarm = make_alarm()

    with ledger.transaction(NOON_S) as tx:
        event_id = raise_alarm(tx, alarm, "pager", "mail")

    mail, pager = ledger.notifications()  # newest first
    assert (pager.channel, mail.channel) == ("pager", "mail")
    assert pager.event_id == mail.event_id == event_id
    assert pager.state is DeliveryState.PENDING
    assert (pager.created_at_s, pager.due_at_s, pager.attempts) == (NOON_S, NOON_S, 0)
    assert pager.body == {"why": alarm.why}
    assert pager.idempotency_key == f"{alarm.key}#{event_id}"


def test_nobody_is_told_of_an_event_twice_on_one_channel(ledger: Ledger) -> None:
    alarm = make_alarm()

    with pytest.raises(StoreError, match="UNIQUE"), ledger.transaction(NOON_S) as tx:
        raise_alarm(tx, alarm, "pager", "pager")

    assert ledger.alarm(alarm.key) is None
    assert ledger.notifications() == ()


def test_a_transaction_of_the_past_writes_nothing(ledger: Ledger) -> None:
    with ledger.transaction(NOON_S) as tx:
        pass

    with pytest.raises(StoreError, match="over"):
        raise_alarm(tx, make_alarm())

    assert ledger.alarms() == ()
    assert ledger.audit() == ()


def test_transactions_do_not_nest(ledger: Ledger) -> None:
    def nest() -> None:
        with ledger.transaction(NOON_S) as tx:
            raise_alarm(tx, make_alarm())
            with ledger.transaction(NOON_S):
                pass

    with pytest.raises(StoreError, match="within a transaction"):
        nest()

    assert ledger.alarms() == ()


def test_a_number_that_nobody_could_read_does_not_cost_the_alarm(ledger: Ledger) -> None:
    alarm = make_alarm(evidence={"neighbours_c": [24.5, float("nan")]})

    with ledger.transaction(NOON_S) as tx:
        raise_alarm(tx, alarm)

    kept = ledger.alarm(alarm.key)
    assert kept is not None
    assert kept.evidence == {"neighbours_c": [24.5, None]}


def test_small_facts_are_kept_under_a_name(ledger: Ledger) -> None:
    with ledger.transaction(NOON_S) as tx:
        tx.put_meta("rules_sha256", "aa11")
        tx.put_meta("rules_sha256", "bb22")

    assert ledger.meta("rules_sha256") == "bb22"
    assert ledger.meta("never written") is None


def test_everything_is_there_after_opening_again(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    alarm = make_alarm()
    first = Ledger(path)
    with first.transaction(NOON_S) as tx:
        raise_alarm(tx, alarm, "pager")
    first.close()
    first.close()  # closing twice is fine

    second = Ledger(path)

    assert second.alarms() == (alarm,)
    assert [n.dedup_key for n in second.notifications()] == [str(alarm.key)]
    second.close()


def test_readers_in_other_threads_do_not_wait_for_the_writer(ledger: Ledger) -> None:
    seen: list[tuple[Alarm, ...]] = []

    with ledger.transaction(NOON_S) as tx:
        raise_alarm(tx, make_alarm())
        readers = [threading.Thread(target=lambda: seen.append(ledger.alarms())) for _ in range(12)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(timeout=5.0)

    assert seen == [()] * 12  # the last commit, not the open transaction


def test_a_database_of_something_else_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"this is no database at all, and much longer than a header " * 20)

    with pytest.raises(StoreDamaged):
        Ledger(path)

    assert path.read_bytes().startswith(b"this is no database")


def test_a_ledger_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    newer = Ledger(path)
    with newer._file.write() as db:
        db.execute("PRAGMA user_version = 99")
    newer.close()

    with pytest.raises(StoreError, match="newer batteryd"):
        Ledger(path)


def test_a_database_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    other = Ledger(path)
    with other._file.write() as db:
        db.execute("PRAGMA application_id = 7")
    other.close()

    with pytest.raises(StoreDamaged, match="not a ledger"):
        Ledger(path)
