"""A room whose cooling fails: what its racks read, the ledger, the messages, and the permit."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from batteryd.domain.alarm import Alarm, Condition
from batteryd.domain.clearance import HoldCode
from batteryd.domain.inventory import Inventory
from batteryd.domain.snapshot import Layout, Snapshot, parse_column
from batteryd.domain.work import WorkOrder, WorkState
from batteryd.monitor import Monitor, Watching
from batteryd.notify.routing import parse_notify
from batteryd.permits.clearing import Checked, check, start
from batteryd.permits.facts import Sight
from batteryd.permits.paper import attest
from batteryd.rules.engine import Engine
from batteryd.store.ledger import Ledger
from batteryd.store.records import WORK_ORDERS
from tests.builders import NOON_S
from tests.journals import open_journal
from tests.rulebooks import shipped_rulebook
from tests.work_site import ISOLATED, NOTIFY, all_said, make_order, read_inventory

POLL_S = 30.0
FAILS_S, REPAIRED_S = 600.0, 3600.0
LATER_S = {"R3": 0.0, "R1": 60.0, "R2": 120.0}  # R3 stands where the air warms first
SENSORS = [f"s1/m{module:02d}/t1:temperature_c" for module in range(1, 5)]
AIR = "-:ambient_temperature_c"
LAYOUT = Layout.of(parse_column(name) for name in (*(f"-:{q}" for q in ISOLATED), AIR, *SENSORS))


def air_c(after_s: float) -> float:
    """Return the air of a room that warms by a third of a kelvin a minute, and is repaired."""
    risen_k = min(9.0, 20.0 * max(0.0, after_s - FAILS_S) / 3600.0)
    return 22.0 + max(0.0, risen_k - 30.0 * max(0.0, after_s - REPAIRED_S) / 3600.0)


def read(asset_id: str, *, at_s: float) -> Snapshot:
    """Return what an isolated rack reads in this room; it is heavy and follows hours later."""
    air = air_c(at_s - NOON_S - LATER_S[asset_id])
    values = np.array([*ISOLATED.values(), air, *(23.6 + 0.1 * n for n in range(4))])
    return Snapshot(asset_id, at_s, LAYOUT, values, np.zeros(len(values), dtype=np.uint8))


class House:
    """A monitor on real stores; R1 and R2 are to be moved, and R3 stands beside them."""

    def __init__(self, folder: Path, inventory: Inventory) -> None:
        self.folder, self.inventory = folder, inventory
        self.at_s = NOON_S
        self.open_stores()

    def open_stores(self) -> None:
        rulebook = shipped_rulebook()
        self.ledger = Ledger(self.folder / "ledger.db")
        self.journal = open_journal(self.folder / "journal.db")
        self.engine = Engine(rulebook, self.inventory.assets.values(), tick_gap_s=2 * POLL_S)
        self.monitor = Monitor(
            Watching(
                self.inventory, rulebook, parse_notify(tomllib.loads(NOTIFY), file="notify.toml")
            ),
            engine=self.engine,
            journal=self.journal,
            ledger=self.ledger,
        )

    def close_stores(self) -> None:
        self.journal.file.close()
        self.ledger.close()

    def restart(self) -> None:
        learned = {name: self.engine.learned(name) for name in LATER_S}
        self.close_stores()
        self.open_stores()
        for name, known in learned.items():
            self.engine.learn_from(name, known)
        self.monitor.restore(now_s=self.at_s)

    def until(self, minute: float) -> None:
        while self.at_s < NOON_S + 60 * minute:
            self.at_s += POLL_S
            self.monitor.step([read(n, at_s=self.at_s) for n in LATER_S], now_s=self.at_s)

    def begin_work(self) -> None:
        with self.ledger.transaction(self.at_s) as tx:
            tx.records.put(WORK_ORDERS, "WO-1", make_order(), actor="P", action="opened")
            for attestation in all_said(at_s=self.at_s):
                attest(tx, attestation)
        assert self.check() == set()
        with self.ledger.transaction(self.at_s) as tx:
            start(tx, self.orders(), sight=self.sight, now_s=self.at_s, by="Kim Minsu")

    def orders(self) -> WorkOrder:
        order = self.ledger.records.one(WORK_ORDERS, "WO-1")
        assert order is not None
        return order

    @property
    def sight(self) -> Sight:
        return Sight(self.inventory, {n: read(n, at_s=self.at_s) for n in LATER_S})

    def check(self) -> set[HoldCode]:
        """Return what holds the work."""
        with self.ledger.transaction(self.at_s) as tx:
            checked = check(tx, self.orders(), sight=self.sight, now_s=self.at_s, actor="Park")
        assert isinstance(checked, Checked)
        return {hold.code for hold in checked.clearance.holds}

    def alarms(self) -> dict[str, Alarm]:
        found = self.ledger.alarms(open_only=False)
        return {str(a.key): a for a in found if a.key.rule != "clearance_revoked"}

    def told(self, rule: str) -> list[object]:
        """Return what one channel was told of a rule, the oldest first."""
        sent = [n for n in self.ledger.notifications() if n.body["rule"] == rule]
        return [n.body["change"] for n in sent if n.channel == "log"][::-1]


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    return read_inventory(tmp_path_factory.mktemp("site"))


@pytest.fixture
def house(tmp_path: Path, inventory: Inventory) -> Iterator[House]:
    made = House(tmp_path, inventory)
    yield made
    made.close_stores()


ROOM = "daejeon/R3/s1/room_warming"


@pytest.mark.parametrize("restarts", [(), (28,), (35, 50, 62)])
def test_a_failing_room_is_one_alarm_and_two_messages_also_over_restarts(
    house: House, restarts: tuple[int, ...]
) -> None:
    for minute in restarts:
        house.until(minute)
        house.restart()
    house.until(130)

    (alarm,) = house.alarms().values()
    assert str(alarm.key) == ROOM
    assert alarm.condition is Condition.RETURNED_UNACKNOWLEDGED
    assert house.told("room_warming") == ["raised", "returned"]
    assert house.told("ambient_high") == []
    found = alarm.evidence["found"]
    assert isinstance(found, list)
    said = [(entry["asset_id"], entry["rule"]) for entry in found]
    assert sorted(said) == sorted(
        (name, rule) for name in LATER_S for rule in ("ambient_high", "room_warming")
    )
    assert house.ledger.verify() is None


def test_the_first_that_any_rack_of_the_room_says_takes_the_go_back(house: House) -> None:
    house.until(5)
    house.begin_work()

    house.until(40)

    order = house.orders()
    assert order.state is WorkState.REVOKED
    (because,) = order.revoked_because
    assert because.startswith("PW-06")
    assert "thermal alarm at R3" in because
    assert order.revoked_at_s == house.alarms()[ROOM].raised_at_s
    assert house.told("clearance_revoked") == ["raised"]


def test_there_is_no_go_after_a_restart_nor_in_the_day_after_its_end(house: House) -> None:
    house.until(5)
    house.begin_work()
    house.until(40)
    house.restart()
    at_40 = house.check()
    house.until(130)

    assert not house.alarms()[ROOM].is_active
    assert HoldCode.ALARM_IN_ROOM in at_40
    assert HoldCode.ALARM_IN_ROOM in house.check()
