"""Invariant 1: an event, its notifications and its audit entry commit together or not at all."""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from batteryd.domain.notification import NewNotification
from batteryd.errors import StoreError, StoreFull
from batteryd.store.ledger import Ledger
from batteryd.store.ledger_transaction import Transaction
from tests.builders import NOON_S, make_alarm

TABLES = ("alarm", "audit", "event", "notification")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


def record_hot(tx: Transaction, *, why: str = "module 2 is hot", rule: str = "hot") -> None:
    alarm = make_alarm(make_alarm().key._replace(rule=rule), why=why)
    told = [NewNotification(c, str(alarm.key), {"why": why}) for c in ("pager", "mail")]
    tx.record(
        alarm, action="raised", reason="first_time", actor="batteryd", at_s=NOON_S,
        notifications=told,
    )  # fmt: skip


def record(ledger: Ledger, *, why: str = "module 2 is hot", rule: str = "hot") -> None:
    with ledger.transaction(NOON_S) as tx:
        record_hot(tx, why=why, rule=rule)


def counts(ledger: Ledger) -> dict[str, int]:
    with ledger._file.read() as db:
        return {t: db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in TABLES}


@pytest.mark.parametrize("table", TABLES)
def test_a_failure_at_any_of_the_four_writes_leaves_none_of_them(
    ledger: Ledger, table: str
) -> None:
    record(ledger, rule="before")
    with ledger._file.write() as db:
        db.execute(
            f"CREATE TRIGGER crash AFTER INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'crash'); END"
        )

    with pytest.raises(StoreError, match="crash"):
        record(ledger, rule="after")

    assert counts(ledger) == {"alarm": 1, "audit": 1, "event": 1, "notification": 2}


@pytest.mark.parametrize("table", TABLES)
def test_half_a_record_is_not_kept_even_where_the_caller_swallows_its_error(
    ledger: Ledger, table: str
) -> None:
    with ledger._file.write() as db:
        db.execute(
            f"CREATE TRIGGER crash AFTER INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'crash'); END"
        )

    def swallow() -> None:
        with ledger.transaction(NOON_S) as tx, suppress(sqlite3.Error):
            record_hot(tx)

    with pytest.raises(StoreError, match="none of it"):
        swallow()

    assert counts(ledger) == dict.fromkeys(TABLES, 0)


def test_the_file_itself_refuses_an_event_without_an_audit_entry(ledger: Ledger) -> None:
    record(ledger)

    with pytest.raises(StoreError, match="FOREIGN KEY"), ledger._file.write() as db:
        db.execute(
            "INSERT INTO event SELECT 999, site_id, asset_id, component, rule, at_s FROM event"
        )


def test_the_file_itself_refuses_a_notification_without_an_event(ledger: Ledger) -> None:
    record(ledger)

    with pytest.raises(StoreError, match="FOREIGN KEY"), ledger._file.write() as db:
        db.execute("UPDATE notification SET event_id = 999 WHERE channel = 'pager'")


@pytest.mark.parametrize("table", ["audit", "event"])
@pytest.mark.parametrize("change", ["UPDATE {} SET rowid = rowid", "DELETE FROM {}"])
def test_what_was_recorded_is_never_changed_or_deleted(
    ledger: Ledger, table: str, change: str
) -> None:
    record(ledger)

    with pytest.raises(StoreError, match="only ever added"), ledger._file.write() as db:
        db.execute(change.format(table))

    assert counts(ledger)[table] == 1


def test_an_exception_of_the_caller_undoes_what_was_written_before_it(ledger: Ledger) -> None:
    def fail() -> None:
        with ledger.transaction(NOON_S) as tx:
            record_hot(tx)
            raise KeyError("somebody's mistake")

    with pytest.raises(KeyError):
        fail()

    assert counts(ledger) == dict.fromkeys(TABLES, 0)


def test_a_full_disk_loses_the_transaction_as_a_whole_and_nothing_after_it(
    ledger: Ledger,
) -> None:
    record(ledger, rule="before")
    with ledger._file._turn:
        pages = ledger._file._writer.execute("PRAGMA page_count").fetchone()[0]
        ledger._file._writer.execute(f"PRAGMA max_page_count = {pages + 2}").fetchall()

    with pytest.raises(StoreFull):
        record(ledger, why="a long story " * 10_000, rule="too-much")
    while_full = counts(ledger)
    ledger._file._writer.execute("PRAGMA max_page_count = 100000").fetchall()  # space again
    record(ledger, why="a long story " * 10_000, rule="after")

    assert while_full == {"alarm": 1, "audit": 1, "event": 1, "notification": 2}
    assert counts(ledger) == {"alarm": 2, "audit": 2, "event": 2, "notification": 4}
    assert ledger.verify() is None
