"""The account of use: carried on by steps, kept over restarts, begun anew with another contract."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from batteryd.domain.conditions import Usage
from batteryd.domain.snapshot import Layout, Snapshot, parse_column
from batteryd.errors import StoreDamaged
from batteryd.store.journal import Journal
from batteryd.store.ledger import Ledger
from batteryd.store.rollup import Rollup
from batteryd.store.usage import usage_of
from batteryd.store.usage_account import Metered, UsageAccount
from tests.builders import NOON_S

HOUR_S = 3600
RACK = Layout.of([parse_column("s1/m01/t1:temperature_c"), parse_column("-:cycle_count")])
RACK_1 = Metered("rack-1", 35.0, 60.0)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()


def poll_hours(journal: Journal, hours: range, *, asset_id: str = "rack-1") -> None:
    """Poll every minute; every third hour is hot."""
    journal.append([
        Snapshot(
            asset_id,
            NOON_S + minute * 60,
            RACK,
            np.array([41.0 if minute // 60 % 3 == 0 else 25.0, 100.0 + minute // 60]),
            np.zeros(2, np.uint8),
        )
        for minute in range(hours.start * 60, hours.stop * 60)
    ])  # fmt: skip
    while Rollup(journal).step():
        pass


def known(account: UsageAccount) -> Usage:
    usage = account.of("rack-1")
    assert usage is not None
    return usage


def test_an_account_is_carried_on_by_the_hours_since_the_last_step(
    journal: Journal, ledger: Ledger
) -> None:
    account = UsageAccount(journal, ledger)
    poll_hours(journal, range(6))
    assert account.step([RACK_1], now_s=NOON_S + 7 * HOUR_S) == 1
    assert account.step([RACK_1], now_s=NOON_S + 7 * HOUR_S + 3599) == 0

    poll_hours(journal, range(6, 12))
    assert account.step([RACK_1], now_s=NOON_S + 13 * HOUR_S) == 1

    assert known(account) == usage_of(
        journal, "rack-1", from_s=NOON_S, to_s=NOON_S + 12 * HOUR_S,
        temperature_c_max=35.0, poll_interval_s=60.0,
    )  # fmt: skip
    heat = known(account).heat
    assert heat is not None
    assert heat.above_s_min == 4 * HOUR_S


def test_an_hour_is_counted_only_once_it_has_settled(journal: Journal, ledger: Ledger) -> None:
    account = UsageAccount(journal, ledger)
    poll_hours(journal, range(2))

    account.step([RACK_1], now_s=NOON_S + 2 * HOUR_S + 1800)

    assert known(account).to_s == NOON_S + HOUR_S


def test_the_account_outlives_the_journal_s_memory_and_a_restart(
    journal: Journal, ledger: Ledger
) -> None:
    poll_hours(journal, range(6))
    UsageAccount(journal, ledger).step([RACK_1], now_s=NOON_S + 7 * HOUR_S)
    before = known(UsageAccount(journal, ledger))

    with journal.file.write() as db:
        db.execute("DELETE FROM rollup_hour")
        db.execute("DELETE FROM rollup_minute")
    UsageAccount(journal, ledger).step([RACK_1], now_s=NOON_S + 9 * HOUR_S)

    after = known(UsageAccount(journal, ledger))
    assert (after.heat, after.cycle_count) == (before.heat, before.cycle_count)
    assert after.to_s == NOON_S + 8 * HOUR_S


def test_another_temperature_in_the_contract_begins_another_account(
    journal: Journal, ledger: Ledger
) -> None:
    account = UsageAccount(journal, ledger)
    poll_hours(journal, range(6))
    account.step([RACK_1], now_s=NOON_S + 7 * HOUR_S)

    account.step([Metered("rack-1", 45.0, 60.0)], now_s=NOON_S + 7 * HOUR_S)

    usage = known(account)
    assert usage.heat is not None
    assert (usage.limit_c, usage.from_s, usage.heat.above_s_max) == (45.0, NOON_S, 0.0)


def test_a_long_history_is_taken_in_steps(journal: Journal, ledger: Ledger) -> None:
    account = UsageAccount(journal, ledger)
    poll_hours(journal, range(1))

    steps = 0
    while account.step([RACK_1], now_s=NOON_S + 100 * 86_400):
        steps += 1

    assert steps == 4  # of thirty days at most
    assert known(account).to_s == NOON_S + 100 * 86_400 - HOUR_S


def test_many_batteries_are_taken_in_steps(journal: Journal, ledger: Ledger) -> None:
    account = UsageAccount(journal, ledger)
    racks = [f"rack-{n}" for n in range(1, 26)]
    for rack in racks:
        poll_hours(journal, range(1), asset_id=rack)
    metered = [Metered(rack, None, 60.0) for rack in racks]

    steps = [account.step(metered, now_s=NOON_S + 3 * HOUR_S) for _ in range(3)]

    assert steps == [20, 5, 0]
    assert known(account).heat is None


def test_a_battery_without_history_has_no_account(journal: Journal, ledger: Ledger) -> None:
    account = UsageAccount(journal, ledger)

    assert account.step([RACK_1], now_s=NOON_S) == 0
    assert account.of("rack-1") is None


def test_an_account_that_cannot_be_read_is_said_so(journal: Journal, ledger: Ledger) -> None:
    with ledger.transaction(NOON_S) as tx:
        tx.put_meta("usage/rack-1", '{"asset_id": 7}')

    with pytest.raises(StoreDamaged, match="usage of rack-1"):
        UsageAccount(journal, ledger).of("rack-1")
