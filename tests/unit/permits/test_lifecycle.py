"""The table of a work order's life: every step from every state, and what each leaves behind."""

from collections.abc import Callable

import pytest

from batteryd.domain.work import WorkKind, WorkOrder, WorkState
from batteryd.permits import lifecycle
from batteryd.permits.lifecycle import REFUSALS, TABLE, Reason, Transition
from tests.builders import NOON_S
from tests.work_site import make_order

S = WorkState
STEPS: dict[str, Callable[[WorkOrder], Transition]] = {
    "go": lambda order: lifecycle.clear(order, until_s=NOON_S + 3600, now_s=NOON_S),
    "start": lambda order: lifecycle.start(order, by="Kim Minsu", now_s=NOON_S),
    "revoke": lambda order: lifecycle.revoke(order, because=("PW-04 R2 is closed",), now_s=NOON_S),
    "close": lambda order: lifecycle.close(order, by="Kim Minsu", now_s=NOON_S),
    "abandon": lambda order: lifecycle.abandon(order, by="Park", now_s=NOON_S),
    "change": lambda order: lifecycle.change(
        order, plan=make_order(kind=WorkKind.TEST), now_s=NOON_S
    ),
}


def order_in(state: WorkState, *, has_begun: bool) -> WorkOrder:
    return make_order(
        state=state,
        cleared_until_s=NOON_S + 1800,
        started_at_s=NOON_S - 600 if has_begun else None,
        started_by="Lee Jiwon" if has_begun else "",
    )


@pytest.mark.parametrize(
    ("state", "has_begun", "step", "leads_to"),
    [
        (S.PLANNED, False, "go", S.CLEARED),
        (S.PLANNED, False, "start", Reason.NO_GO_STANDS),
        (S.PLANNED, False, "revoke", Reason.NO_GO_STANDS),
        (S.PLANNED, False, "close", Reason.NEVER_STARTED),
        (S.PLANNED, False, "abandon", S.CLOSED),
        (S.PLANNED, False, "change", S.PLANNED),
        (S.CLEARED, False, "go", S.CLEARED),
        (S.CLEARED, False, "start", S.STARTED),
        (S.CLEARED, False, "revoke", S.REVOKED),
        (S.CLEARED, False, "close", Reason.NEVER_STARTED),
        (S.CLEARED, False, "abandon", S.CLOSED),
        (S.CLEARED, False, "change", S.PLANNED),
        (S.CLEARED, True, "start", S.STARTED),
        (S.CLEARED, True, "close", S.CLOSED),
        (S.CLEARED, True, "abandon", Reason.WORK_HAS_BEGUN),
        (S.CLEARED, True, "change", Reason.WORK_HAS_BEGUN),
        (S.STARTED, True, "go", S.STARTED),
        (S.STARTED, True, "start", Reason.ALREADY_STARTED),
        (S.STARTED, True, "revoke", S.REVOKED),
        (S.STARTED, True, "close", S.CLOSED),
        (S.STARTED, True, "abandon", Reason.WORK_HAS_BEGUN),
        (S.STARTED, True, "change", Reason.WORK_HAS_BEGUN),
        (S.REVOKED, False, "go", S.CLEARED),
        (S.REVOKED, False, "start", Reason.NO_GO_STANDS),
        (S.REVOKED, False, "revoke", Reason.NO_GO_STANDS),
        (S.REVOKED, False, "close", Reason.NEVER_STARTED),
        (S.REVOKED, False, "abandon", S.CLOSED),
        (S.REVOKED, False, "change", S.PLANNED),
        (S.REVOKED, True, "go", S.CLEARED),
        (S.REVOKED, True, "close", S.CLOSED),
        (S.REVOKED, True, "abandon", Reason.WORK_HAS_BEGUN),
        (S.REVOKED, True, "change", Reason.WORK_HAS_BEGUN),
        *((S.CLOSED, begun, step, Reason.IS_CLOSED) for begun in (True, False) for step in STEPS),
    ],
)
def test_every_step_leads_somewhere_or_says_why_not(
    state: WorkState, has_begun: bool, step: str, leads_to: WorkState | Reason
) -> None:
    before = order_in(state, has_begun=has_begun)

    after, reason = STEPS[step](before)

    if isinstance(leads_to, Reason):
        assert (after, reason) == (before, leads_to)
        assert reason in REFUSALS
    else:
        assert after.state is leads_to
        assert reason not in REFUSALS


def test_the_table_has_a_row_for_every_state_and_step() -> None:
    assert len(TABLE) == len(WorkState) * len(STEPS)


def test_a_go_that_has_run_out_starts_nothing() -> None:
    order = order_in(S.CLEARED, has_begun=False)

    at_the_end = lifecycle.start(order, by="Kim Minsu", now_s=NOON_S + 1800)
    just_before = lifecycle.start(order, by="Kim Minsu", now_s=NOON_S + 1799)

    assert at_the_end.reason is Reason.GO_HAS_RUN_OUT
    assert just_before.order.state is S.STARTED


def test_work_that_goes_on_after_a_revocation_began_when_it_first_began() -> None:
    revoked = lifecycle.revoke(order_in(S.STARTED, has_begun=True), because=("x",), now_s=NOON_S)
    cleared = lifecycle.clear(revoked.order, until_s=NOON_S + 3600, now_s=NOON_S + 60)

    again = lifecycle.start(cleared.order, by="Kim Minsu", now_s=NOON_S + 120)

    assert (again.order.started_at_s, again.order.started_by) == (NOON_S - 600, "Lee Jiwon")
    assert cleared.order.revoked_because == ()


@pytest.mark.parametrize(
    ("plan", "changed_at_s"),
    [
        ({"kind": WorkKind.TEST}, NOON_S),
        ({"batteries": ("R1", "R2", "R3")}, NOON_S),
        ({"batteries": ("R2", "R1")}, None),
        ({"people": ("Kim Minsu",), "ends_at_s": NOON_S + 7200, "title": "part 2"}, None),
    ],
)
def test_another_kind_or_other_batteries_are_other_work(
    plan: dict[str, object], changed_at_s: float | None
) -> None:
    order = order_in(S.PLANNED, has_begun=False)

    after = lifecycle.change(order, plan=make_order(**plan), now_s=NOON_S).order

    assert after.changed_at_s == changed_at_s


def test_a_change_of_the_plan_ends_the_go_and_keeps_who_opened_it() -> None:
    order = order_in(S.CLEARED, has_begun=False)

    after = lifecycle.change(
        order, plan=make_order(kind=WorkKind.TEST, batteries=("R2",)), now_s=NOON_S
    ).order

    assert (after.kind, after.batteries, after.state) == (WorkKind.TEST, ("R2",), S.PLANNED)
    assert after.cleared_until_s is None
    assert after.opened_by == "Park"
