"""The tables beside the chain: whatever is changed in them differs from what the chain says."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from batteryd.domain.alarm import Condition
from batteryd.store.audit import COLUMNS, GENESIS_HASH, AuditEntry, BrokenEntry
from batteryd.store.ledger import Ledger
from batteryd.store.signing import SigningKey
from batteryd.store.verify_file import examine_file
from tests.audited import flip_a_bit, tamper, write_story
from tests.builders import NOON_S, make_alarm, make_key

HOT = "daejeon/rack-1/s1/m02/module_temperature"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite")
    write_story(opened, SigningKey.load_or_create(tmp_path / "key.pem"))
    yield opened
    opened.close()


@pytest.fixture
def path(ledger: Ledger) -> Path:
    return ledger._file.path


ALARM_COLUMNS = (
    "condition", "suppression", "priority", "scope", "raised_at_s", "changed_at_s", "quantity",
    "value", "setpoint", "why", "action", "evidence", "returned_at_s", "acknowledged_by",
    "acknowledged_at_s", "suppressed_until_s",
)  # fmt: skip


@pytest.mark.parametrize("column", ALARM_COLUMNS)
def test_a_changed_column_of_an_alarm_is_named_with_its_last_event(
    ledger: Ledger, path: Path, column: str
) -> None:
    flip_a_bit(path, table="alarm", column=column, where="component = 's1/m02'")

    broken = ledger.verify()

    assert broken is not None
    assert (broken.seq, broken.table, broken.row) == (5, "alarm", HOT)
    assert broken.reason.startswith(f"{column} is ")


def test_an_alarm_that_was_deleted_or_invented_is_named(ledger: Ledger, path: Path) -> None:
    tamper(path, "UPDATE alarm SET asset_id = 'rack-9' WHERE component = 's1/m02'")

    invented, deleted = examine_file(path).broken

    assert str(invented) == "alarm daejeon/rack-9/s1/m02/module_temperature: no entry speaks of it"
    assert str(deleted) == f"entry 5, alarm {HOT}: it is missing"


@pytest.mark.parametrize("column", ["site_id", "asset_id", "component", "rule", "at_s"])
def test_a_changed_column_of_an_event_is_named(ledger: Ledger, path: Path, column: str) -> None:
    flip_a_bit(path, table="event", column=column, where="event_id = 2")

    broken = ledger.verify()

    assert broken is not None
    assert (broken.seq, broken.table, broken.row) == (2, "event", "2")
    assert broken.reason.startswith(f"{column} is ")


COPIED_EVENT = (
    "INSERT INTO event SELECT 99, site_id, asset_id, component, rule, at_s FROM event"
    " WHERE event_id = 6"
)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM event WHERE event_id = 6", "entry 6, event 6: it is missing"),
        (
            "UPDATE event SET event_id = 3 WHERE event_id = 6",
            "entry 3, event 3: the entry speaks of no event",
        ),
        ("UPDATE event SET event_id = 99 WHERE event_id = 6", "entry 6, event 6: it is missing"),
        (COPIED_EVENT, "entry 99, event 99: it belongs to nothing"),
    ],
)
def test_an_event_that_was_deleted_moved_or_invented_is_named(
    ledger: Ledger, path: Path, statement: str, found: str
) -> None:
    tamper(path, statement)

    assert str(ledger.verify()) == found


NOT_AS_SAID = "its dedup_key or body is not what the entry says"


@pytest.mark.parametrize("column", ["dedup_key", "body"])
def test_what_somebody_was_told_cannot_be_changed_unnoticed(
    ledger: Ledger, path: Path, column: str
) -> None:
    flip_a_bit(path, table="notification", column=column, where="channel = 'mail'")

    assert ledger.verify() == BrokenEntry(2, NOT_AS_SAID, "notification", "2")


MAIL_IS_MISSING = "entry 2, notification: the one to mail is missing"
COPIED_NOTIFICATION = (
    "INSERT INTO notification SELECT 7, {}, channel, dedup_key, body, state, 0, 0, 0, NULL, NULL"
    " FROM notification WHERE channel = 'mail'"
)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM notification WHERE channel = 'mail'", MAIL_IS_MISSING),
        ("UPDATE notification SET channel = 'post' WHERE channel = 'mail'", MAIL_IS_MISSING),
        ("UPDATE notification SET event_id = 6 WHERE channel = 'mail'", MAIL_IS_MISSING),
        (
            COPIED_NOTIFICATION.format(5),
            "entry 5, notification 7: the entry speaks of none to mail",
        ),
        (COPIED_NOTIFICATION.format(3), "entry 3, notification 7: it belongs to nothing"),
    ],
)
def test_a_notification_that_was_deleted_moved_or_invented_is_named(
    ledger: Ledger, path: Path, statement: str, found: str
) -> None:
    tamper(path, statement)

    assert str(ledger.verify()) == found


def test_how_far_a_delivery_has_come_may_change(ledger: Ledger) -> None:
    (pager,) = ledger.outbox.claim("pager", now_s=NOON_S, until_s=NOON_S + 60, limit=1)
    (mail,) = ledger.outbox.claim("mail", now_s=NOON_S, until_s=NOON_S + 60, limit=1)
    ledger.outbox.finish(pager, now_s=NOON_S + 1)
    ledger.outbox.give_up(mail, now_s=NOON_S + 1, error="no such mailbox")

    assert ledger.verify() is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 46, None])
def test_a_number_that_json_writes_otherwise_is_no_difference(
    ledger: Ledger, value: float | None
) -> None:
    odd = make_alarm(make_key("s1/m01/t1"), value=value, suppressed_until_s=float("inf"))
    with ledger.transaction(NOON_S) as tx:
        tx.record(odd, action="raised", reason="first_time", actor="batteryd", at_s=NOON_S)

    assert ledger.verify() is None


def test_what_entries_of_an_older_version_do_not_say_is_not_compared(ledger: Ledger) -> None:
    alarm = make_alarm(make_key("s1/m01/t1"))
    said = {
        "key": ["daejeon", "rack-1", "s1/m01/t1", "module_temperature"], "at_s": NOON_S,
        "reason": "first_time", "comment": "", "condition": "unacknowledged",
        "suppression": "none", "priority": "high", "value": 46.2, "setpoint": 40.0,
        "why": alarm.why, "evidence": {},
    }  # fmt: skip
    with ledger.transaction(NOON_S) as tx:
        tx.record(alarm, action="raised", reason="first_time", actor="batteryd", at_s=NOON_S)
        seq = tx.audit(actor="batteryd", action="raised", subject=str(alarm.key), detail=said)
    tamper(
        ledger._file.path,
        f"INSERT INTO event SELECT {seq}, site_id, asset_id, component, rule, {NOON_S}"
        f" FROM event WHERE event_id = {seq - 1}",
        "UPDATE alarm SET action = 'another word' WHERE component = 's1/m01/t1'",
    )

    assert ledger.verify() is None

    tamper(ledger._file.path, "UPDATE alarm SET why = '' WHERE component = 's1/m01/t1'")
    broken = ledger.verify()
    assert broken is not None
    assert (broken.seq, broken.reason.split(" is ")[0]) == (seq, "why")


def test_an_alarm_that_moved_on_is_compared_with_its_last_event_only(ledger: Ledger) -> None:
    over = replace(make_alarm(), condition=Condition.NORMAL, returned_at_s=NOON_S + 800)
    with ledger.transaction(NOON_S + 800) as tx:
        tx.record(over, action="returned", reason="over", actor="batteryd", at_s=NOON_S + 800)

    assert ledger.verify() is None


def test_findings_come_in_the_order_of_entries_and_not_without_end(
    ledger: Ledger, path: Path
) -> None:
    tamper(path, "UPDATE event SET at_s = at_s + 1", "UPDATE notification SET body = '{}'")

    found = [broken.seq for broken in examine_file(path).broken]

    assert found == [2, 2, 2, 5, 6]


def test_a_ledger_of_an_older_version_is_verified_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "older.sqlite"
    ledger = Ledger(path)
    with ledger.transaction(NOON_S) as tx:
        tx.record(make_alarm(), action="raised", reason="x", actor="batteryd", at_s=NOON_S)
    ledger.close()
    tamper(path, "DROP TABLE checkpoint", "PRAGMA user_version = 1")

    found = examine_file(path)

    assert (found.broken, found.entry_count, found.checkpoint) == ((), 1, None)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)  # nothing was migrated


@pytest.mark.parametrize("detail", ["no JSON", "[]"])
def test_what_batteryd_did_not_write_is_named_in_a_chain_that_nobody_signed(
    tmp_path: Path, detail: str
) -> None:
    path = tmp_path / "forged.sqlite"
    Ledger(path).close()
    forged = AuditEntry(1, "", "me", "raised", "a/b/-/c", detail, GENESIS_HASH, "").sealed()
    tamper(path, f"INSERT INTO audit ({COLUMNS}) VALUES {tuple(forged)}")

    found = examine_file(path).first_broken

    assert found == BrokenEntry(1, "batteryd did not write what it says")
