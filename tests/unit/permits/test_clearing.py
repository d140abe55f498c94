"""GO clears, HOLD revokes: what a check writes, and what the standing GO is compared with."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from batteryd.clearance.facts import Grant
from batteryd.domain.clearance import Decision
from batteryd.domain.inventory import Inventory
from batteryd.domain.snapshot import Snapshot
from batteryd.domain.work import AttestationKind, WorkKind, WorkOrder, WorkState
from batteryd.permits.clearing import Checked, check, start, withdraw
from batteryd.permits.dossier import GRANTS
from batteryd.permits.facts import Sight
from batteryd.permits.lifecycle import Reason
from batteryd.permits.paper import attest
from batteryd.store.ledger import Ledger
from batteryd.store.records import CLEARANCES, WORK_ORDERS
from tests.builders import NOON_S
from tests.work_site import all_said, make_order, racks, read_inventory, said

GO_VALID_S = 7200.0  # the planned end comes before the eight hours that a GO may last


class Office:
    """A ledger with one order, and the racks that a check sees."""

    def __init__(self, folder: Path, inventory: Inventory) -> None:
        self.ledger = Ledger(folder / "ledger.db")
        self.inventory = inventory

    def open(self, order: WorkOrder, *, is_ready: bool = True) -> None:
        with self.ledger.transaction(NOON_S) as tx:
            tx.records.put(WORK_ORDERS, "WO-1", order, actor="Park", action="opened")
            for attestation in all_said() if is_ready else ():
                attest(tx, attestation)

    def check(self, read: dict[str, Snapshot] | None = None, *, at_s: float = NOON_S) -> Checked:
        sight = self.sight(read, at_s=at_s)
        with self.ledger.transaction(at_s) as tx:
            checked = check(tx, self.order, sight=sight, now_s=at_s, actor="Park")
        assert isinstance(checked, Checked)
        return checked

    def start(
        self, read: dict[str, Snapshot] | None = None, *, at_s: float = NOON_S
    ) -> Checked | Reason:
        sight = self.sight(read, at_s=at_s)
        with self.ledger.transaction(at_s) as tx:
            return start(tx, self.order, sight=sight, now_s=at_s, by="Kim Minsu")

    def sight(self, read: dict[str, Snapshot] | None, *, at_s: float) -> Sight:
        return Sight(self.inventory, racks(at_s=at_s) if read is None else read)

    @property
    def order(self) -> WorkOrder:
        order = self.ledger.records.one(WORK_ORDERS, "WO-1")
        assert order is not None
        return order

    @property
    def grant(self) -> Grant:
        grant = self.ledger.records.one(GRANTS, "WO-1")
        assert grant is not None
        return grant


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    return read_inventory(tmp_path_factory.mktemp("site"))


@pytest.fixture
def office(tmp_path: Path, inventory: Inventory) -> Iterator[Office]:
    made = Office(tmp_path, inventory)
    yield made
    made.ledger.close()


def test_a_go_clears_the_order_and_remembers_what_was_read(office: Office) -> None:
    office.open(make_order())

    checked = office.check()

    assert checked.clearance.decision is Decision.GO, checked.clearance.holds
    assert office.order == checked.order
    assert office.order.state is WorkState.CLEARED
    assert office.order.cleared_until_s == NOON_S + GO_VALID_S
    assert office.grant.readings["R3"].contactor_closed is False
    assert office.ledger.records.one(CLEARANCES, "WO-1") == checked.clearance


def test_a_hold_leaves_a_planned_order_as_it_was(office: Office) -> None:
    office.open(make_order(), is_ready=False)

    checked = office.check()

    assert [code.value for code in checked.clearance.codes] == ["PW-07", "PW-08"]
    assert office.order == make_order()
    assert office.ledger.records.one(GRANTS, "WO-1") is None


def test_a_hold_takes_back_the_go_that_stands_and_says_why(office: Office) -> None:
    office.open(make_order())
    office.check()

    checked = office.check(racks(at_s=NOON_S + 60, R3={"contactor_closed": 1.0}), at_s=NOON_S + 60)

    assert office.order.state is WorkState.REVOKED
    assert [code.value for code in checked.clearance.codes] == ["PW-04", "PW-09"]
    assert any("R3" in reason for reason in office.order.revoked_because)


def test_a_go_long_before_the_work_clears_nothing(office: Office) -> None:
    week_s = 7 * 86_400.0
    office.open(make_order(starts_at_s=NOON_S + week_s, ends_at_s=NOON_S + week_s + 7200))

    checked = office.check()

    assert checked.clearance.decision is Decision.GO
    assert office.order.state is WorkState.PLANNED
    assert len(office.ledger.records.history(CLEARANCES, "WO-1")) == 1


def test_a_renewed_go_lasts_longer_and_is_still_compared_with_the_first(office: Office) -> None:
    office.open(make_order(ends_at_s=NOON_S + 86_400.0))
    office.check()
    warmer = {name: {"module_temperature_c_max": 26.0} for name in ("R1", "R2", "R3")}

    office.check(racks(at_s=NOON_S + 3600, **warmer), at_s=NOON_S + 3600)
    renewed = office.order
    warmer = {name: {"module_temperature_c_max": 27.5} for name in ("R1", "R2", "R3")}
    third = office.check(racks(at_s=NOON_S + 7200, **warmer), at_s=NOON_S + 7200)

    assert renewed.state is WorkState.CLEARED
    assert renewed.cleared_until_s == NOON_S + 3600 + 8 * 3600
    assert third.order.state is WorkState.REVOKED  # 3.5 K in two hours, 1.5 K in the second
    assert [code.value for code in third.clearance.codes] == ["PW-09"]


def test_work_starts_only_while_the_check_of_that_moment_says_go(office: Office) -> None:
    office.open(make_order())
    assert office.start() is Reason.NO_GO_STANDS
    office.check()

    refused = office.start(racks(at_s=NOON_S + 10, R2={"breaker_closed": 1.0}), at_s=NOON_S + 10)

    assert isinstance(refused, Checked)
    assert refused.order.state is WorkState.REVOKED
    office.check(at_s=NOON_S + 20)
    started = office.start(at_s=NOON_S + 30)
    assert isinstance(started, Checked)
    assert office.order.state is WorkState.STARTED
    assert (office.order.started_by, office.order.started_at_s) == ("Kim Minsu", NOON_S + 30)


def test_work_that_has_ended_is_not_cleared_again(office: Office) -> None:
    office.open(make_order())
    office.check()
    office.start(at_s=NOON_S + 10)
    with office.ledger.transaction(NOON_S + 20) as tx:
        attest(tx, said(AttestationKind.WORK_ENDED, at_s=NOON_S + 20))
        sight = office.sight(None, at_s=NOON_S + 30)
        again = check(tx, office.order, sight=sight, now_s=NOON_S + 30, actor="Park")
        closed = replace(office.order, state=WorkState.CLOSED)
        of_closed = check(tx, closed, sight=sight, now_s=NOON_S + 30, actor="Park")

    assert again is Reason.WORK_HAS_ENDED
    assert of_closed is Reason.IS_CLOSED
    assert office.order.state is WorkState.STARTED


def test_a_go_is_withdrawn_once_and_only_while_it_stands(office: Office) -> None:
    office.open(make_order())
    hold = replace(office.check().clearance, decision=Decision.HOLD, as_of_s=NOON_S + 5)

    with office.ledger.transaction(NOON_S + 5) as tx:
        first = withdraw(tx, hold, actor="batteryd")
        second = withdraw(tx, hold, actor="batteryd")
        of_nothing = withdraw(tx, replace(hold, work_order_id="WO-8"), actor="batteryd")

    assert first == office.order
    assert first is not None
    assert first.state is WorkState.REVOKED
    assert second is None
    assert of_nothing is None
    assert len(office.ledger.records.history(CLEARANCES, "WO-1")) == 2


def test_neighbours_that_stay_in_service_may_be_charged_during_a_test(office: Office) -> None:
    office.open(make_order(kind=WorkKind.TEST, batteries=("R1",)))
    office.check()

    charged = office.check(racks(at_s=NOON_S + 60, R3={"soc_pct": 60.0}), at_s=NOON_S + 60)

    assert list(office.grant.readings) == ["R1"]
    assert charged.order.state is WorkState.CLEARED


def test_every_move_is_in_the_audit_chain_with_its_person(office: Office) -> None:
    office.open(make_order())
    office.check()
    office.start(at_s=NOON_S + 10)

    history = office.ledger.records.history(WORK_ORDERS, "WO-1")

    assert [(r.actor, r.action) for r in history] == [
        ("Park", "opened"),
        ("Park", "cleared"),
        ("Kim Minsu", "started"),
    ]
    assert office.ledger.verify() is None
