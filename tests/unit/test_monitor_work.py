"""Work under watch: what takes a GO back, who hears of it, and what a restart remembers."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from batteryd.domain.alarm import Alarm, AlarmEvent, Condition, Priority
from batteryd.domain.clearance import Decision
from batteryd.domain.inventory import Inventory
from batteryd.domain.notification import Notification
from batteryd.domain.warranty import WarrantyTerms
from batteryd.domain.work import AttestationKind, WorkOrder, WorkState
from batteryd.monitor import Monitor, Watching
from batteryd.notify.routing import parse_notify
from batteryd.permits.clearing import Checked, check, start
from batteryd.permits.closing import abandon
from batteryd.permits.facts import Sight
from batteryd.permits.lifecycle import change
from batteryd.permits.paper import attest
from batteryd.rules.engine import Engine
from batteryd.store.journal import Journal
from batteryd.store.ledger import Ledger
from batteryd.store.records import CLEARANCES, WORK_ORDERS
from tests.builders import NOON_S
from tests.journals import open_journal
from tests.rulebooks import shipped_rulebook
from tests.work_site import NOTIFY, PEOPLE, all_said, make_order, racks, read_inventory, said

CLOSED = {"contactor_closed": 1.0, "breaker_closed": 1.0}
STEP_S = 10.0


class House:
    """A monitor on real stores, and a desk at which people work on the same ledger."""

    def __init__(self, folder: Path, inventory: Inventory) -> None:
        self.folder = folder
        self.inventory = inventory
        self.at_s = NOON_S
        self.told: list[tuple[Alarm, AlarmEvent]] = []
        self.open_stores()

    def open_stores(self) -> None:
        rulebook = shipped_rulebook()
        routing = parse_notify(tomllib.loads(NOTIFY), file="notify.toml")
        self.ledger = Ledger(self.folder / "ledger.db")
        self.journal: Journal = open_journal(self.folder / "journal.db")
        self.monitor = Monitor(
            Watching(self.inventory, rulebook, routing),
            engine=Engine(rulebook, self.inventory.assets.values()),
            journal=self.journal,
            ledger=self.ledger,
            listener=lambda alarm, event: self.told.append((alarm, event)),
        )

    def restart(self, *, after_s: float) -> None:
        self.close_stores()
        self.at_s += after_s
        self.open_stores()
        self.monitor.restore(now_s=self.at_s)

    def close_stores(self) -> None:
        self.journal.file.close()
        self.ledger.close()

    def step(self, **changed: Mapping[str, float | None]) -> None:
        """Ten seconds pass, and every rack is read."""
        self.at_s += STEP_S
        self.monitor.step(list(racks(at_s=self.at_s, **changed).values()), now_s=self.at_s)

    def wait(self, seconds: float) -> None:
        """Time passes, and nothing is read."""
        self.at_s += seconds
        self.monitor.step([], now_s=self.at_s)

    def open_order(self, **changes: object) -> None:
        with self.ledger.transaction(self.at_s) as tx:
            tx.records.put(WORK_ORDERS, "WO-1", make_order(**changes), actor="P", action="opened")
            for attestation in all_said(at_s=self.at_s):
                attest(tx, attestation)

    def check(self, **changed: Mapping[str, float | None]) -> Decision:
        sight = Sight(self.inventory, racks(at_s=self.at_s, **changed))
        with self.ledger.transaction(self.at_s) as tx:
            checked = check(tx, self.order, sight=sight, now_s=self.at_s, actor="Park")
        assert isinstance(checked, Checked)
        return checked.clearance.decision

    def start(self) -> None:
        sight = Sight(self.inventory, racks(at_s=self.at_s))
        with self.ledger.transaction(self.at_s) as tx:
            start(tx, self.order, sight=sight, now_s=self.at_s, by="Kim Minsu")

    def put(self, order: WorkOrder) -> None:
        with self.ledger.transaction(self.at_s) as tx:
            tx.records.put(WORK_ORDERS, "WO-1", order, actor="Park", action="changed")

    @property
    def order(self) -> WorkOrder:
        order = self.ledger.records.one(WORK_ORDERS, "WO-1")
        assert order is not None
        return order

    def alarm(self, rule: str = "clearance_revoked") -> Alarm | None:
        found = self.ledger.alarms(open_only=False)
        return next((a for a in found if a.key.rule == rule), None)

    def messages(self, rule: str = "clearance_revoked") -> list[Notification]:
        return [n for n in self.ledger.notifications() if n.body["rule"] == rule][::-1]


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    return read_inventory(tmp_path_factory.mktemp("site"))


@pytest.fixture
def house(tmp_path: Path, inventory: Inventory) -> Iterator[House]:
    made = House(tmp_path, inventory)
    made.step()
    yield made
    made.close_stores()


@pytest.fixture
def at_work(house: House) -> House:
    house.open_order()
    assert house.check() is Decision.GO
    house.start()
    house.step()
    assert house.order.state is WorkState.STARTED
    return house


def test_an_order_that_cannot_be_checked_loses_its_go_and_the_others_are_watched_on(
    at_work: House,
) -> None:
    # An instant that no calendar has, as an older version could have written it.
    at_work.put(replace(at_work.order, ends_at_s=1e15))

    at_work.step(R1={"s1/m01/t1:temperature_c": 24.0})

    assert at_work.order.state is WorkState.REVOKED
    (because,) = at_work.order.revoked_because
    assert "WO-1 cannot be checked" in because
    alarm = at_work.alarm()
    assert alarm is not None
    assert alarm.priority is Priority.CRITICAL


def test_a_watch_that_breaks_is_an_alarm_and_the_rules_go_on(at_work: House) -> None:
    whole = at_work.monitor.watching
    at_work.monitor.watching = replace(whole, inventory=replace(at_work.inventory, rooms={}))
    at_work.step()
    broken = at_work.alarm("cannot_watch_work_orders")

    at_work.monitor.watching = whole
    at_work.step()
    mended = at_work.alarm("cannot_watch_work_orders")

    assert broken is not None
    assert broken.is_active
    assert broken.priority is Priority.CRITICAL
    assert mended is not None
    assert not mended.is_active


def test_a_rack_that_closes_during_work_pages_everyone_on_the_permit(at_work: House) -> None:
    at_work.step(R3=CLOSED)

    assert at_work.order.state is WorkState.REVOKED
    assert at_work.order.revoked_at_s == at_work.at_s
    alarm = at_work.alarm()
    assert alarm is not None
    assert (alarm.priority, alarm.key.asset_id) == (Priority.CRITICAL, "WO-1")
    assert "PW-04: R3 is not proven isolated: its contactor is closed" in alarm.why
    assert "PW-09: R3 has changed since the GO" in alarm.why
    assert alarm.action.startswith("Stop work on Rack 1 (R1), Rack 2 (R2). Leave 5F 전산실")
    by_channel = {message.channel: message.body for message in at_work.messages()}
    assert set(by_channel) == {"log", "kim_phone"}
    assert by_channel["kim_phone"]["people"] == list(PEOPLE)
    assert by_channel["kim_phone"]["work_order_id"] == "WO-1"
    assert by_channel["log"]["room"] == "5F 전산실"
    assert by_channel["log"]["services"] == [
        {"name": "mobile identity", "grade": 1},
        {"name": "staff canteen", "grade": 4},
    ]


def test_order_decision_and_alarm_are_revoked_in_one_transaction(at_work: House) -> None:
    before = len(at_work.ledger.audit())

    at_work.step(R3=CLOSED)

    entries = at_work.ledger.audit()[before:]
    assert [entry.subject for entry in entries] == [
        "/clearance/WO-1",
        "/work-order/WO-1",
        "daejeon/WO-1/-/clearance_revoked",
    ]
    assert len({entry.at for entry in entries}) == 1
    assert at_work.ledger.verify() is None


def test_a_go_that_still_stands_writes_nothing(at_work: House) -> None:
    before = len(at_work.ledger.audit())

    for _ in range(20):
        at_work.step()

    assert len(at_work.ledger.audit()) == before


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"soc_pct": 21.0}, "PW-09"),
        ({"module_temperature_c_max": 27.5}, "PW-09"),
        ({"breaker_closed": None}, "PW-05"),
        ({"current_a": -4.0}, "PW-04"),
        ({"soc_pct": 40.0}, "PW-03"),
    ],
)
def test_anything_that_gets_worse_or_unknown_takes_the_go_back(
    at_work: House, changed: dict[str, float | None], code: str
) -> None:
    at_work.step(R2=changed)

    assert at_work.order.state is WorkState.REVOKED
    assert any(reason.startswith(code) for reason in at_work.order.revoked_because)


def test_silence_takes_the_go_back(at_work: House) -> None:
    at_work.wait(60)
    before = at_work.order
    at_work.wait(1)

    assert before.state is WorkState.STARTED
    assert at_work.order.state is WorkState.REVOKED
    assert all(reason.startswith("PW-05") for reason in at_work.order.revoked_because)


def heat(house: House, degrees: float) -> None:
    house.step(R3={"module_temperature_c_max": degrees})


@pytest.fixture
def beside(tmp_path: Path, inventory: Inventory) -> Iterator[House]:
    """Yield a site where R3 is in the room and on another bus: only an alarm speaks of it."""
    r3 = replace(inventory.batteries["R3"], dc_bus_id="DC-6")
    buses = {**inventory.dc_buses, "DC-6": replace(inventory.dc_buses["DC-5"], dc_bus_id="DC-6")}
    batteries = {**inventory.batteries, "R3": r3}
    made = House(tmp_path, replace(inventory, batteries=batteries, dc_buses=buses))
    made.step()
    made.open_order()
    assert made.check() is Decision.GO
    yield made
    made.close_stores()


@pytest.mark.parametrize("heating", [(24.0, 31.0, 38.0), (24.0, 24.0, 51.0), (24.0, 24.0, 99.0)])
def test_at_work_an_alarm_in_the_room_takes_the_go_back_in_the_step_of_its_first_reading(
    beside: House, heating: tuple[float, ...]
) -> None:
    beside.start()
    *within, beyond = heating
    for degrees in within:
        heat(beside, degrees)
    before = beside.order

    heat(beside, beyond)

    assert before.state is WorkState.STARTED
    alarm = beside.alarm("module_temperature")
    assert alarm is not None
    assert alarm.value == beyond
    assert beside.order.state is WorkState.REVOKED
    (because,) = beside.order.revoked_because
    assert because.startswith("PW-06")


@pytest.mark.parametrize("heating", [(31.0, 38.0, 44.0, 52.0), (51.0,) * 3, (99.0,) * 3])
def test_a_go_that_nobody_uses_yet_is_taken_back_in_the_step_that_raises_the_alarm(
    beside: House, heating: tuple[float, ...]
) -> None:
    *before, believed = heating
    for degrees in before:
        heat(beside, degrees)
        assert beside.alarm("module_temperature") is None
        assert beside.order.state is WorkState.CLEARED

    heat(beside, believed)

    assert beside.alarm("module_temperature") is not None
    assert beside.order.state is WorkState.REVOKED
    (because,) = beside.order.revoked_because
    assert because.startswith("PW-06")


def test_a_ghost_in_the_room_takes_no_go_back_while_nobody_is_there(beside: House) -> None:
    for degrees in (24.0, 99.0, 99.0, 24.0):
        heat(beside, degrees)

    assert beside.alarm("module_temperature") is None
    assert beside.order.state is WorkState.CLEARED


def test_work_that_begins_while_a_reading_is_in_doubt_loses_its_go_as_it_begins(
    beside: House,
) -> None:
    heat(beside, 51.0)
    before = beside.order

    beside.start()
    beside.wait(0.5)  # the next cycle

    assert before.state is WorkState.CLEARED
    assert beside.alarm("module_temperature") is not None
    assert beside.order.state is WorkState.REVOKED


def test_batteries_that_a_go_was_given_on_need_no_alarm_to_take_it_back(house: House) -> None:
    house.open_order()
    house.check()

    heat(house, 51.0)

    assert house.alarm("module_temperature") is None
    assert house.order.state is WorkState.REVOKED
    assert house.order.revoked_because[0].startswith("PW-09 R3 has changed since the GO")


def test_a_go_that_runs_out_unused_is_no_emergency(house: House) -> None:
    house.open_order(ends_at_s=NOON_S + 60)
    house.check()
    for _ in range(6):
        house.step()

    alarm = house.alarm()
    assert house.order.state is WorkState.REVOKED
    assert alarm is not None
    assert alarm.priority is Priority.MEDIUM
    assert alarm.action.startswith("Do not start work on Rack 1 (R1), Rack 2 (R2)")


def test_a_go_that_runs_out_over_people_is_one(house: House) -> None:
    house.open_order(ends_at_s=NOON_S + 60)
    house.check()
    house.start()
    for _ in range(6):
        house.step()

    alarm = house.alarm()
    assert alarm is not None
    assert alarm.priority is Priority.CRITICAL
    assert "the planned work ended" in alarm.why


def test_a_new_go_ends_the_alarm_and_everyone_hears_of_it(at_work: House) -> None:
    at_work.step(R3=CLOSED)
    at_work.step()

    assert at_work.check() is Decision.GO
    at_work.step()

    alarm = at_work.alarm()
    assert alarm is not None
    assert alarm.condition is Condition.RETURNED_UNACKNOWLEDGED
    changes = [m.body["change"] for m in at_work.messages() if m.channel == "kim_phone"]
    assert changes == ["raised", "returned"]
    assert at_work.order.state is WorkState.CLEARED


def test_a_go_that_is_lost_again_raises_the_alarm_again(at_work: House) -> None:
    at_work.step(R3=CLOSED)
    at_work.step()
    at_work.check()

    at_work.step(R3=CLOSED)

    alarm = at_work.alarm()
    assert alarm is not None
    assert alarm.is_active
    assert at_work.order.state is WorkState.REVOKED


def test_what_a_command_revokes_pages_people_too(at_work: House) -> None:
    assert at_work.check(R1=CLOSED) is Decision.HOLD
    assert at_work.alarm() is None

    at_work.step()

    alarm = at_work.alarm()
    assert alarm is not None
    assert alarm.priority is Priority.CRITICAL
    assert "PW-04: R1 is not proven isolated" in alarm.why
    assert len(at_work.ledger.records.history(CLEARANCES, "WO-1")) == 3


def test_a_restart_neither_forgets_a_revocation_nor_repeats_it(at_work: House) -> None:
    at_work.step(R3=CLOSED)

    at_work.restart(after_s=5)
    at_work.step(R3=CLOSED)

    alarm = at_work.alarm()
    assert alarm is not None
    assert alarm.is_active
    assert len(at_work.messages()) == 2  # one a channel


def test_a_short_restart_takes_no_go_back_and_a_long_one_does(at_work: House) -> None:
    at_work.restart(after_s=30)
    at_work.wait(1)
    after_a_short_one = at_work.order
    at_work.restart(after_s=40)
    at_work.wait(1)

    assert after_a_short_one.state is WorkState.STARTED
    assert at_work.order.state is WorkState.REVOKED


def test_a_revocation_waits_for_a_ledger_that_cannot_write(at_work: House) -> None:
    at_work.ledger.close()
    at_work.step(R3=CLOSED)
    assert "nobody is told" in at_work.monitor.trouble[0]

    fresh = Ledger(at_work.folder / "ledger.db")
    at_work.monitor._ledger = at_work.monitor._permits._ledger = at_work.ledger = fresh
    at_work.step()  # R3 is open again, which does not undo what was seen

    assert at_work.order.state is WorkState.REVOKED
    assert at_work.alarm() is not None


def test_the_batteries_around_work_are_known_until_it_is_closed(at_work: House) -> None:
    assert at_work.monitor.orders_started == {"R1", "R2", "R3"}

    at_work.step(R3=CLOSED)
    at_work.step(R3=CLOSED)
    assert at_work.order.state is WorkState.REVOKED
    assert at_work.monitor.orders_started == {"R1", "R2", "R3"}

    at_work.put(replace(at_work.order, state=WorkState.CLOSED))
    at_work.step()
    assert at_work.monitor.orders_started == frozenset()
    alarm = at_work.alarm()
    assert alarm is not None
    assert not alarm.is_active


def test_work_planned_beyond_the_warranty_is_told_until_it_is_called_off(house: House) -> None:
    house.open_order(batteries=("R1", "R9"))
    house.step()
    house.step()

    alarm = house.alarm("work_out_of_warranty")
    assert alarm is not None
    assert alarm.priority is Priority.MEDIUM
    assert alarm.why.endswith("no warranty covers Rack 9 (R9) (over, last day 2024-08-14).")
    (message,) = house.messages("work_out_of_warranty")  # planners hear of it, not Kim's phone
    assert message.channel == "log"

    with house.ledger.transaction(house.at_s) as tx:
        abandon(tx, house.order, now_s=house.at_s, by="Park")
    house.step()
    alarm = house.alarm("work_out_of_warranty")
    assert alarm is not None
    assert not alarm.is_active


def test_an_extended_warranty_ends_the_alarm_about_the_work(house: House) -> None:
    house.open_order(batteries=("R1", "R9"))
    house.step()

    battery = house.inventory.batteries["R9"]
    longer = replace(battery, warranty=WarrantyTerms(ends_on=date(2026, 12, 31)))
    extended = replace(house.inventory, batteries={**house.inventory.batteries, "R9": longer})
    watching = replace(house.monitor.watching, inventory=extended)
    house.monitor.reload(watching, now_s=house.at_s)
    house.step()

    alarm = house.alarm("work_out_of_warranty")
    assert alarm is not None
    assert not alarm.is_active
    assert alarm.why == "What the warranty covers has changed."


def test_a_changed_plan_is_told_anew_with_what_it_names_now(house: House) -> None:
    house.open_order(batteries=("R1", "R9"))
    house.step()

    house.put(change(house.order, plan=make_order(batteries=("R9", "R7")), now_s=NOON_S).order)
    house.step()

    told = [m.body for m in house.messages("work_out_of_warranty") if m.channel == "log"]
    assert [body["change"] for body in told] == ["raised", "returned", "raised"]
    assert "R7 (unknown: not in the inventory)" in str(told[-1]["why"])


def test_racks_may_be_closed_again_once_everybody_has_left(at_work: House) -> None:
    with at_work.ledger.transaction(at_work.at_s) as tx:
        attest(tx, said(AttestationKind.WORK_ENDED, at_s=at_work.at_s))

    at_work.step(R1=CLOSED, R2=CLOSED, R3=CLOSED)

    assert at_work.order.state is WorkState.STARTED
    assert at_work.alarm() is None
    assert at_work.monitor.orders_started == {"R1", "R2", "R3"}  # until it is closed


def test_what_people_said_later_counts_at_the_next_step(house: House) -> None:
    house.open_order()
    house.check()
    house.step()
    bad = said(AttestationKind.ABSENCE_OF_VOLTAGE, at_s=house.at_s, battery="R2", value=402.0)
    with house.ledger.transaction(house.at_s) as tx:
        attest(tx, bad)

    house.step()

    assert house.order.state is WorkState.REVOKED
    assert any("wrote down 402.0 V" in reason for reason in house.order.revoked_because)


def test_everyone_who_listens_hears_of_a_revocation(at_work: House) -> None:
    at_work.step(R3=CLOSED)

    assert at_work.told[-1][1].key.rule == "clearance_revoked"
