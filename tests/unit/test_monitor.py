"""One cycle: what becomes of snapshots when all is well, and when a store cannot write."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from batteryd.domain.alarm import Alarm, AlarmEvent, Change, Condition
from batteryd.domain.own_alarm import OWN_ASSET_ID
from batteryd.domain.snapshot import failed_snapshot
from batteryd.domain.warranty import WarrantyStatus
from batteryd.monitor import Monitor, Watching
from batteryd.notify.routing import parse_notify
from batteryd.rules.engine import Engine
from batteryd.rules.lifecycle import acknowledge, shelve
from batteryd.store.disk import DiskReserve
from batteryd.store.journal import Journal
from batteryd.store.journal_file import open_journal_file
from batteryd.store.ledger import Ledger
from tests.builders import NOON_S, make_battery, make_inventory, make_layout, make_snapshot
from tests.listed import listed
from tests.rulebooks import trusting_rulebook

NOTIFY = """
[channel.pager]
kind = "log"
[[route]]
channels = ["pager"]
"""
HOT = {"s1/m02/t1:temperature_c": 52.0}


class Disk:
    """A disk whose free space the test decides."""

    def __init__(self) -> None:
        self.free_bytes = 10**9

    def free(self, _folder: Path) -> int:
        return self.free_bytes


class House:
    """A monitor on real stores, which can be closed and opened again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.disk = Disk()
        self.told: list[tuple[Alarm, AlarmEvent]] = []
        self.open()

    def open(self) -> None:
        inventory = make_inventory(make_battery())
        routing = parse_notify(tomllib.loads(NOTIFY), file="notify.toml")
        rulebook = trusting_rulebook()
        self.ledger = Ledger(self.folder / "ledger.db")
        reserve = DiskReserve(self.folder, size_bytes=1000, free=self.disk.free)
        self.journal = Journal(open_journal_file(self.folder / "journal.db"), reserve=reserve)
        self.monitor = Monitor(
            Watching(inventory, rulebook, routing),
            engine=Engine(rulebook, inventory.assets.values()),
            journal=self.journal,
            ledger=self.ledger,
            listener=lambda alarm, event: self.told.append((alarm, event)),
        )

    def close(self) -> None:
        self.journal.file.close()
        self.ledger.close()

    def alarm(self, rule: str) -> Alarm | None:
        return next((a for a in self.ledger.alarms(open_only=False) if a.key.rule == rule), None)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


def test_a_hot_module_becomes_an_alarm_an_event_and_a_message_at_once(house: House) -> None:
    house.monitor.step([make_snapshot(values=HOT)], now_s=NOON_S)

    alarm = house.alarm("module_temperature")
    assert alarm is not None
    assert alarm.condition is Condition.UNACKNOWLEDGED
    (message,) = house.ledger.notifications()
    assert message.dedup_key == str(alarm.key)
    assert message.body["room"] == "Room 5B"
    assert message.body["value"] == 52.0
    assert message.body["data_age_s"] == 0.0
    assert [s["name"] for s in listed(message.body["services"])] == [
        "mobile identity",
        "staff canteen",
    ]
    assert house.ledger.verify() is None


def test_a_failed_poll_is_journalled_like_any_other(house: House) -> None:
    failed = failed_snapshot("rack-1", make_layout(), at_s=NOON_S, failure="timeout: no answer")

    house.monitor.step([make_snapshot(at_s=NOON_S - 10), failed], now_s=NOON_S)

    stored = list(house.journal.read("rack-1", NOON_S - 60, NOON_S + 60))
    assert [s.is_failed for s in stored] == [False, True]
    assert house.monitor.latest["rack-1"].is_failed
    assert not house.monitor.last_good["rack-1"].is_failed


def test_a_restart_neither_raises_an_alarm_twice_nor_forgets_its_end(house: House) -> None:
    house.monitor.step([make_snapshot(values=HOT)], now_s=NOON_S)
    house.close()

    house.open()
    house.monitor.restore(now_s=NOON_S + 5)
    house.monitor.step([make_snapshot(values=HOT, at_s=NOON_S + 10)], now_s=NOON_S + 10)
    for later_s in range(20, 120, 10):
        at_s = NOON_S + later_s
        house.monitor.step([make_snapshot(at_s=at_s)], now_s=at_s)

    rules = [e for e in house.ledger.events() if e.key.rule == "module_temperature"]
    assert [e.action for e in rules] == ["returned", "raised"]
    told = [n for n in house.ledger.notifications() if n.body["rule"] == "module_temperature"]
    assert [n.body["change"] for n in told] == ["returned", "raised"]


def test_a_full_disk_stops_the_journal_loudly_and_alarms_go_on(house: House) -> None:
    house.disk.free_bytes = 10

    house.monitor.step([make_snapshot(values=HOT)], now_s=NOON_S)
    house.monitor.step([make_snapshot(values=HOT, at_s=NOON_S + 10)], now_s=NOON_S + 10)

    assert house.journal.last_row() == 0
    assert house.monitor.counters.not_stored == 2
    assert house.alarm("module_temperature") is not None
    own = house.alarm("journal_not_storing")
    assert own is not None
    assert own.key.asset_id == OWN_ASSET_ID
    assert len(house.ledger.events(own.key)) == 1
    assert "cannot store readings" in house.monitor.trouble[0]


def test_the_journal_goes_on_by_itself_when_there_is_room_again(house: House) -> None:
    house.disk.free_bytes = 10
    house.monitor.step([make_snapshot()], now_s=NOON_S)

    house.disk.free_bytes = 10**9
    house.monitor.step([make_snapshot(at_s=NOON_S + 10)], now_s=NOON_S + 10)

    assert house.journal.last_row() == 1
    assert house.monitor.trouble == ()
    own = house.alarm("journal_not_storing")
    assert own is not None
    assert own.condition is Condition.RETURNED_UNACKNOWLEDGED


def test_a_daemon_that_starts_on_a_full_disk_tells_its_end_too(house: House) -> None:
    house.disk.free_bytes = 10
    house.monitor.step([make_snapshot()], now_s=NOON_S)
    house.close()

    house.disk.free_bytes = 10**9
    house.open()
    house.monitor.restore(now_s=NOON_S + 5)
    house.monitor.step([make_snapshot(at_s=NOON_S + 10)], now_s=NOON_S + 10)

    own = house.alarm("journal_not_storing")
    assert own is not None
    assert not own.is_active


def test_events_wait_in_order_for_a_ledger_that_cannot_write(house: House) -> None:
    house.ledger.close()
    house.monitor.step([make_snapshot(values=HOT)], now_s=NOON_S)
    assert "nobody is told" in house.monitor.trouble[0]

    house.monitor._ledger = house.ledger = Ledger(house.folder / "ledger.db")
    house.monitor.step([], now_s=NOON_S + 1)

    alarm = house.alarm("module_temperature")
    assert alarm is not None
    assert alarm.raised_at_s == NOON_S
    assert house.monitor.trouble == ()
    assert house.told[0][1].change is Change.RAISED


def test_warranties_are_judged_by_the_calendar_of_the_site(house: House) -> None:
    # 20 August 2024 begins in Seoul at 15:00 UTC on the 19th, the last covered day.
    last_second_s = 1_724_079_599.0

    house.monitor.assess_warranties(now_s=last_second_s)
    covered = house.monitor.assessments["rack-1"]
    house.monitor.assess_warranties(now_s=last_second_s + 1)
    over = house.monitor.assessments["rack-1"]

    assert (covered.status, covered.days_left) == (WarrantyStatus.EXPIRING, 0)
    assert (over.status, over.days_left) == (WarrantyStatus.EXPIRED, -1)
    assert house.alarm("warranty") is not None


def test_a_shelved_alarm_is_told_when_its_shelf_time_is_over(house: House) -> None:
    house.monitor.step([make_snapshot(values=HOT)], now_s=NOON_S)
    alarm = house.alarm("module_temperature")
    assert alarm is not None
    shelved = shelve(alarm, until_s=NOON_S + 60, now_s=NOON_S)
    with house.ledger.transaction(NOON_S) as tx:
        tx.record(shelved.alarm, action="shelved", reason="x", actor="kim", at_s=NOON_S)

    house.monitor.end_shelf_times(now_s=NOON_S + 30)
    assert len(house.ledger.notifications()) == 1
    house.monitor.end_shelf_times(now_s=NOON_S + 61)

    assert len(house.ledger.notifications()) == 2


def test_what_leaves_the_inventory_ends_its_alarms_and_is_forgotten(house: House) -> None:
    house.monitor.step([make_snapshot(values=HOT)], now_s=NOON_S)
    old = house.monitor.watching
    inventory = make_inventory(make_battery("rack-2"))

    house.monitor.reload(Watching(inventory, old.rulebook, old.routing), now_s=NOON_S + 1)

    alarm = house.alarm("module_temperature")
    assert alarm is not None
    assert not alarm.is_active
    assert "rack-1" not in house.monitor.latest
    assert house.ledger.notifications()[0].body["room"] == "Room 5B"


def test_acknowledging_beside_the_daemon_is_seen_by_it(house: House) -> None:
    house.monitor.step([make_snapshot(values=HOT)], now_s=NOON_S)
    other = Ledger(house.folder / "ledger.db")
    with other.transaction(NOON_S + 1) as tx:
        (alarm,) = [a for a in tx.alarms() if a.key.rule == "module_temperature"]
        done = acknowledge(alarm, by="kim", now_s=NOON_S + 1)
        tx.record(done.alarm, action="acknowledged", reason="x", actor="kim", at_s=NOON_S + 1)
    other.close()

    for later_s in range(10, 120, 10):
        at_s = NOON_S + later_s
        house.monitor.step([make_snapshot(at_s=at_s)], now_s=at_s)

    alarm_now = house.alarm("module_temperature")
    assert alarm_now is not None
    assert alarm_now.condition is Condition.NORMAL
