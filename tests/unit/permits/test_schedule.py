"""A calendar that is imported again and again: what is new, changed, cancelled, and left."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from batteryd.domain.work import WorkKind, WorkOrder, WorkState
from batteryd.permits.lifecycle import Reason
from batteryd.permits.schedule import Action, Difference, apply, differences
from batteryd.store.ledger import Ledger
from batteryd.store.records import WORK_ORDERS
from tests.builders import NOON_S
from tests.work_site import make_order

PLAN = make_order(work_order_id="", source="move-1", title="part 1", opened_by="", opened_at_s=0.0)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path / "ledger.db")
    yield made
    made.close()


def imported(
    ledger: Ledger, *plans: WorkOrder, cancelled: bool = False, now_s: float = NOON_S
) -> tuple[Difference, ...]:
    with ledger.transaction(now_s) as tx:
        found = differences(
            [(plan, cancelled) for plan in plans], tx.records.current(WORK_ORDERS), now_s=now_s
        )
        for difference in found:
            if difference.refused is None:
                apply(tx, difference, by="Choi", now_s=now_s)
    return found


def order(ledger: Ledger, order_id: str = "WO-1") -> WorkOrder:
    found = ledger.records.one(WORK_ORDERS, order_id)
    assert found is not None
    return found


def put(ledger: Ledger, changed: WorkOrder) -> None:
    with ledger.transaction(NOON_S) as tx:
        tx.records.put(WORK_ORDERS, changed.work_order_id, changed, actor="Park", action="changed")


def test_a_new_event_opens_an_order_and_the_second_import_changes_nothing(ledger: Ledger) -> None:
    (opened,) = imported(ledger, PLAN)

    assert opened.action is Action.OPEN
    assert (order(ledger).source, order(ledger).opened_by) == ("move-1", "Choi")
    assert imported(ledger, PLAN) == ()


def test_a_moved_event_changes_the_order_and_ends_its_go(ledger: Ledger) -> None:
    imported(ledger, PLAN)
    cleared = replace(order(ledger), state=WorkState.CLEARED, cleared_until_s=NOON_S + 60)
    put(ledger, replace(cleared, contractor="Example Electric"))
    later = replace(PLAN, ends_at_s=PLAN.ends_at_s + 60, people=("Kim Minsu",))

    (changed,) = imported(ledger, later)

    assert (changed.action, changed.fields) == (Action.CHANGE, ("ends_at", "people"))
    assert order(ledger).state is WorkState.PLANNED
    assert order(ledger).people == ("Kim Minsu",)
    assert order(ledger).contractor == "Example Electric"  # no calendar says that
    comment = ledger.records.history(WORK_ORDERS, "WO-1")[-1].comment
    assert comment == "as the calendar says: ends_at, people"


def test_an_event_that_names_more_batteries_makes_it_other_work(ledger: Ledger) -> None:
    imported(ledger, PLAN)

    imported(ledger, replace(PLAN, batteries=(*PLAN.batteries, "R9")), now_s=NOON_S + 60)

    assert order(ledger).changed_at_s == NOON_S + 60


def test_a_cancelled_event_closes_its_order_and_opens_none(ledger: Ledger) -> None:
    imported(ledger, PLAN)

    (cancelled,) = imported(ledger, PLAN, cancelled=True)

    assert cancelled.action is Action.CANCEL
    assert order(ledger).state is WorkState.CLOSED
    assert imported(ledger, PLAN, cancelled=True) == ()
    assert imported(ledger, replace(PLAN, source="move-2"), cancelled=True) == ()


@pytest.mark.parametrize("cancelled", [True, False])
def test_work_that_has_begun_is_neither_changed_nor_cancelled_by_a_calendar(
    ledger: Ledger, cancelled: bool
) -> None:
    imported(ledger, PLAN)
    begun = replace(order(ledger), state=WorkState.STARTED, started_at_s=NOON_S)
    put(ledger, begun)

    (refused,) = imported(ledger, replace(PLAN, kind=WorkKind.TEST), cancelled=cancelled)

    assert refused.refused is Reason.WORK_HAS_BEGUN
    assert order(ledger) == begun


def test_what_people_closed_stays_closed_until_its_event_is_moved(ledger: Ledger) -> None:
    imported(ledger, PLAN)
    put(ledger, replace(order(ledger), state=WorkState.CLOSED))
    assert imported(ledger, PLAN) == ()

    imported(ledger, replace(PLAN, ends_at_s=PLAN.ends_at_s + 86_400))

    assert order(ledger).state is WorkState.CLOSED
    assert order(ledger, "WO-2").state is WorkState.PLANNED


def test_what_has_ended_is_no_plan(ledger: Ledger) -> None:
    assert imported(ledger, PLAN, now_s=PLAN.ends_at_s) == ()
    assert len(imported(ledger, PLAN, now_s=PLAN.ends_at_s - 1)) == 1


def test_an_order_that_a_person_typed_belongs_to_no_event(ledger: Ledger) -> None:
    put(ledger, make_order())

    (opened,) = imported(ledger, PLAN)

    assert opened.action is Action.OPEN
    assert order(ledger, "WO-2").source == "move-1"
