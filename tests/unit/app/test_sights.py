"""What the pages show of a living system: everything asked anew, nothing written."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from batteryd.app.sights import Sights
from batteryd.domain.alarm import Alarm
from batteryd.domain.nameplate import Nameplate
from batteryd.domain.work import WorkState
from batteryd.health.limits import DEFAULT_LIMITS
from batteryd.monitor import Monitor, Watching
from batteryd.notify.routing import Routing
from batteryd.rules.engine import Engine
from batteryd.store.health import HEALTH_FILE, HealthStore
from batteryd.store.ledger import Ledger
from batteryd.store.records import CLEARANCES, FINDINGS, WORK_ORDERS
from batteryd.store.trend import Trend
from batteryd.store.usage_account import UsageAccount
from tests.builders import NOON_S, make_battery, make_inventory, make_snapshot
from tests.journals import open_journal
from tests.looks import make_clearance, make_finding, make_order
from tests.polling import ManualClock
from tests.rulebooks import shipped_rulebook
from tests.worn_racks import resistance_point


class CountedLedger(Ledger):
    """A ledger that counts how often the alarms of all times were read."""

    past_read_count = 0

    def alarms(self, *, open_only: bool = True) -> tuple[Alarm, ...]:
        self.past_read_count += not open_only
        return super().alarms(open_only=open_only)


class House:
    """A monitor on real stores that has read one rack once, and the sights of it."""

    def __init__(self, folder: Path) -> None:
        inventory, rulebook = make_inventory(make_battery()), shipped_rulebook()
        self.ledger = CountedLedger(folder / "ledger.db")
        self.journal = open_journal(folder / "journal.db")
        self.health_points = HealthStore.open(folder / HEALTH_FILE)
        monitor = Monitor(
            Watching(inventory, rulebook, Routing({}, ())),
            engine=Engine(rulebook, inventory.assets.values()),
            journal=self.journal,
            ledger=self.ledger,
        )
        monitor.step([make_snapshot(at_s=NOON_S - 5)], now_s=NOON_S)
        monitor.assess_warranties(now_s=NOON_S)
        self.sights = Sights(
            monitor=monitor,
            ledger=self.ledger,
            trend=Trend(self.journal),
            account=UsageAccount(self.journal, self.ledger),
            nameplates={"rack-1": Nameplate(firmware="2.04")},
            health_points=self.health_points,
            health_limits=DEFAULT_LIMITS,
            trouble=lambda: (),
            clock=ManualClock(at_s=NOON_S),
        )

    def put(self, **states: WorkState) -> None:
        with self.ledger.transaction(NOON_S) as tx:
            tx.records.put(FINDINGS, "F-1", make_finding(), actor="박지원", action="opened")
            for order_id, state in states.items():
                order = make_order(order_id.replace("_", "-"), state=state)
                tx.records.put(
                    WORK_ORDERS, order.work_order_id, order, actor="박지원", action="opened"
                )


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.journal.file.close()
    made.health_points.close()
    made.ledger.close()


def test_the_alarms_of_all_times_are_read_once_however_many_orders_are_open(house: House) -> None:
    house.put(WO_1=WorkState.PLANNED, WO_2=WorkState.STARTED, WO_3=WorkState.REVOKED)

    assert len(house.sights.overview().orders) == 3

    assert house.ledger.past_read_count == 1


def test_a_planned_order_is_checked_the_moment_somebody_looks(house: House) -> None:
    house.put(WO_1=WorkState.PLANNED)
    entries = len(house.ledger.audit())

    view = house.sights.work("WO-1")

    assert view is not None
    assert view.verdict.word == "HOLD"
    assert view.checked_age_s == 0.0
    assert view.clearance is not None
    assert {"PW-01", "PW-02", "PW-03", "PW-04"} <= set(view.clearance.codes)
    assert [step.action for step in view.history] == ["opened"]
    assert len(house.ledger.audit()) == entries


def test_work_that_is_over_keeps_its_last_decision(house: House) -> None:
    house.put(WO_1=WorkState.CLOSED)
    said = make_clearance(as_of_s=NOON_S - 3600)
    with house.ledger.transaction(NOON_S) as tx:
        tx.records.put(CLEARANCES, "WO-1", said, actor="batteryd", action="granted")

    view = house.sights.work("WO-1")

    assert view is not None
    assert (view.verdict.word, view.checked_age_s) == ("CLOSED", 3600.0)


def test_the_overview_has_open_work_and_open_findings(house: House) -> None:
    house.put(WO_1=WorkState.PLANNED, WO_2=WorkState.CLOSED)

    view = house.sights.overview()

    assert [line.order.work_order_id for line in view.orders] == ["WO-1"]
    assert view.findings_open == 1
    assert view.rooms[0].panels[0].cabinets[0].findings_open == 1


def test_a_battery_has_all_that_is_known_of_it(house: House) -> None:
    house.put(WO_1=WorkState.PLANNED)

    view = house.sights.battery("rack-1")

    assert view is not None
    assert view.cabinet is not None
    assert view.cabinet.age_s == 5.0
    assert view.nameplate.firmware == "2.04"
    assert view.findings_open == 1
    assert [line.order.work_order_id for line in view.orders] == ["WO-1"]
    assert view.warranty is not None
    assert view.warranty.days_left == -463
    assert [span.title for span in view.charts] == ["Last 24 hours", "Last 30 days"]


def test_what_is_not_there_is_none(house: House) -> None:
    assert house.sights.battery("rack-9") is None
    assert house.sights.work("WO-9") is None


def test_the_health_of_a_battery_is_what_discharges_have_shown(house: House) -> None:
    house.health_points.put("rack-1", [resistance_point(0.82, 1.31)])

    view = house.sights.battery("rack-1")

    assert view is not None
    assert view.health is not None
    assert "worst s1/m01/c02 1.31 mΩ" in view.health.lines[0].text


def test_a_page_is_shown_also_where_the_points_cannot_be_read(house: House, tmp_path: Path) -> None:
    house.health_points.close()
    (tmp_path / HEALTH_FILE).unlink()

    view = house.sights.battery("rack-1")

    assert view is not None
    assert view.health is None
