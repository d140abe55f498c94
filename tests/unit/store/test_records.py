from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.domain.alarm import AlarmKey
from batteryd.domain.clearance import Clearance, Decision, Hold, HoldCode, ImpactedService
from batteryd.domain.component import WHOLE_BATTERY
from batteryd.domain.work import (
    Attestation,
    AttestationKind,
    Finding,
    RiskAcceptance,
    WorkOrder,
    WorkState,
)
from batteryd.errors import StoreError
from batteryd.store.canonical import canonical_json
from batteryd.store.ledger import Ledger
from batteryd.store.records import (
    ACCEPTANCES,
    ATTESTATIONS,
    CLEARANCES,
    FINDINGS,
    WORK_ORDERS,
    RecordKind,
)
from tests.audited import MOVE
from tests.builders import NOON_S, make_alarm

OPEN_FINDING = Finding("F-1", "rack-1", date(2024, 6, 27), "inspector", "spread grows on charge")
HELD = Clearance(
    work_order_id="WO-7",
    decision=Decision.HOLD,
    as_of_s=NOON_S,
    holds=(Hold(HoldCode.CHARGE_TOO_HIGH, "rack-1", "90 %", {"soc_pct": 90.1, "age_s": None}),),
    warnings=(),
    accepted=(HoldCode.LIFE_OVER,),
    impact=(ImpactedService("mobile identity", 1, "UPS ups-1"),),
    valid_until_s=None,
)
BRIEFED = Attestation("WO-7", AttestationKind.BRIEFING, "Kim", NOON_S, people=("Kim", "Lee"))
ACCEPTED = RiskAcceptance("WO-7", "PW-01", ("Kim", "Lee"), NOON_S + 3600, "last move", NOON_S)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


def put(ledger: Ledger, order: WorkOrder, *, now_s: float = NOON_S, action: str = "opened") -> int:
    with ledger.transaction(now_s) as tx:
        return tx.records.put(WORK_ORDERS, order.work_order_id, order, actor="Kim", action=action)


@pytest.mark.parametrize(
    ("kind", "record_id", "value"),
    [
        (WORK_ORDERS, "WO-7", MOVE),
        (ATTESTATIONS, "WO-7/1", BRIEFED),
        (ACCEPTANCES, "WO-7/1", ACCEPTED),
        (FINDINGS, "F-1", OPEN_FINDING),
        (CLEARANCES, "WO-7", HELD),
    ],
)
def test_every_kind_of_record_reads_back_as_it_was_written(
    ledger: Ledger, kind: RecordKind[object], record_id: str, value: object
) -> None:
    with ledger.transaction(NOON_S) as tx:
        tx.records.put(kind, record_id, value, actor="Kim", action="recorded")

    assert ledger.records.one(kind, record_id) == value
    assert ledger.records.current(kind) == {record_id: value}


def test_the_newest_revision_counts_and_the_others_are_its_history(ledger: Ledger) -> None:
    cleared = replace(MOVE, state=WorkState.CLEARED, cleared_at_s=NOON_S + 60)
    first = put(ledger, MOVE)
    with ledger.transaction(NOON_S + 60) as tx:
        second = tx.records.put(
            WORK_ORDERS, "WO-7", cleared, actor="batteryd", action="cleared", comment="all fine"
        )

    opened, later = ledger.records.history(WORK_ORDERS, "WO-7")
    assert ledger.records.one(WORK_ORDERS, "WO-7") == cleared
    assert (opened.seq, opened.value, opened.action) == (first, MOVE, "opened")
    assert (later.seq, later.value, later.action) == (second, cleared, "cleared")
    assert (later.actor, later.comment, later.at_s) == ("batteryd", "all fine", NOON_S + 60)


def test_what_was_known_at_an_instant_is_what_had_been_recorded_by_then(ledger: Ledger) -> None:
    renamed = replace(MOVE, title="third move")
    put(ledger, MOVE, now_s=NOON_S)
    put(ledger, renamed, now_s=NOON_S + 0.25)
    records = ledger.records

    assert records.one(WORK_ORDERS, "WO-7", known_at_s=NOON_S - 0.001) is None
    assert records.one(WORK_ORDERS, "WO-7", known_at_s=NOON_S) == MOVE
    assert records.current(WORK_ORDERS, known_at_s=NOON_S + 0.249) == {"WO-7": MOVE}
    assert records.current(WORK_ORDERS, known_at_s=NOON_S + 0.25) == {"WO-7": renamed}
    assert [r.value for r in records.revisions(WORK_ORDERS, known_at_s=NOON_S)] == [MOVE]


def test_records_of_one_work_order_are_found_by_the_beginning_of_their_ids(ledger: Ledger) -> None:
    with ledger.transaction(NOON_S) as tx:
        for record_id in ("WO-7/1", "WO-70/1", "WO-7/2", "WO-6/1"):
            tx.records.put(ATTESTATIONS, record_id, BRIEFED, actor="Kim", action="attested")

    assert list(ledger.records.current(ATTESTATIONS, prefix="WO-7/")) == ["WO-7/1", "WO-7/2"]
    assert [r.record_id for r in ledger.records.revisions(ATTESTATIONS, prefix="WO-7/")] == [
        "WO-7/1",
        "WO-7/2",
    ]


def test_revisions_come_in_the_order_of_the_ledger_whatever_their_ids(ledger: Ledger) -> None:
    put(ledger, replace(MOVE, work_order_id="WO-9"))
    put(ledger, replace(MOVE, work_order_id="WO-10"))
    put(ledger, replace(MOVE, work_order_id="WO-9", title="again"))

    found = [r.record_id for r in ledger.records.revisions(WORK_ORDERS)]

    assert found == ["WO-9", "WO-10", "WO-9"]


def test_the_last_entry_about_a_kind_is_found_whatever_came_after(ledger: Ledger) -> None:
    assert ledger.records.newest_seq(WORK_ORDERS) == 0

    put(ledger, MOVE)
    seq = put(ledger, replace(MOVE, title="another"), action="changed")
    with ledger.transaction(NOON_S) as tx:
        tx.records.put(FINDINGS, "F-1", OPEN_FINDING, actor="inspector", action="opened")

    assert ledger.records.newest_seq(WORK_ORDERS) == seq


def test_a_transaction_reads_what_it_wrote_and_others_do_not_yet(ledger: Ledger) -> None:
    with ledger.transaction(NOON_S) as tx:
        tx.records.put(FINDINGS, "F-1", OPEN_FINDING, actor="Kim", action="opened")

        assert tx.records.one(FINDINGS, "F-1") == OPEN_FINDING
        assert ledger.records.one(FINDINGS, "F-1") is None


def test_a_revision_and_an_alarm_in_one_transaction_are_neighbours_in_one_chain(
    ledger: Ledger,
) -> None:
    with ledger.transaction(NOON_S) as tx:
        first = tx.records.put(FINDINGS, "F-1", OPEN_FINDING, actor="Kim", action="opened")
        second = tx.record(
            make_alarm(), action="raised", reason="first_time", actor="batteryd", at_s=NOON_S
        )
        third = tx.audit(actor="Kim", action="reloaded", subject="rules", detail={})

    assert (first, second, third) == (1, 2, 3)
    assert ledger.verify() is None


def test_no_alarm_is_taken_for_a_record_even_at_a_site_called_like_a_kind(ledger: Ledger) -> None:
    key = AlarmKey("finding", "F-1", WHOLE_BATTERY, "hot")

    with ledger.transaction(NOON_S) as tx:
        tx.record(make_alarm(key), action="raised", reason="x", actor="batteryd", at_s=NOON_S)

    assert ledger.records.current(FINDINGS) == {}
    assert list(ledger.records.revisions(FINDINGS)) == []


def test_no_other_entry_can_pose_as_a_record(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="subject of a record"), ledger.transaction(NOON_S) as tx:
        tx.audit(actor="Kim", action="opened", subject="/finding/F-1", detail={"value": {}})

    assert ledger.audit() == ()


@pytest.mark.parametrize("soc_pct", [float("nan"), float("inf")])
def test_a_value_that_would_read_back_as_another_is_refused(ledger: Ledger, soc_pct: float) -> None:
    spoilt = replace(HELD, valid_until_s=soc_pct)

    with pytest.raises(StoreError, match="clearance that"), ledger.transaction(NOON_S) as tx:
        tx.records.put(CLEARANCES, "WO-7", spoilt, actor="batteryd", action="decided")

    assert ledger.audit() == ()


@dataclass(frozen=True)
class NarrowFinding:
    """A finding as a version wrote it that knew less."""

    finding_id: str
    asset_id: str
    opened_on: date
    opened_by: str
    text: str


def test_a_field_that_came_later_reads_as_its_default(ledger: Ledger) -> None:
    old = NarrowFinding("F-1", "rack-1", OPEN_FINDING.opened_on, "inspector", OPEN_FINDING.text)
    with ledger.transaction(NOON_S) as tx:
        tx.records.put(
            RecordKind(FINDINGS.name, NarrowFinding), "F-1", old, actor="Kim", action="opened"
        )

    assert ledger.records.one(FINDINGS, "F-1") == OPEN_FINDING


def test_an_entry_that_is_no_such_record_is_named(ledger: Ledger) -> None:
    with ledger.transaction(NOON_S) as tx:
        tx.records.put(
            RecordKind(FINDINGS.name, WorkOrder), "F-1", MOVE, actor="Kim", action="opened"
        )

    with pytest.raises(StoreError, match="audit entry 1 is no finding"):
        ledger.records.one(FINDINGS, "F-1")


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite, st.floats(min_value=0.0, allow_infinity=False) | st.none(), st.text())
def test_floats_and_texts_survive_the_way_through_the_file(
    starts_at_s: float, cleared_at_s: float | None, title: str
) -> None:
    order = replace(MOVE, starts_at_s=starts_at_s, cleared_at_s=cleared_at_s, title=title)

    value = WORK_ORDERS.adapter.dump_python(order, mode="json")
    text = canonical_json({"comment": "", "value": value})

    assert WORK_ORDERS.reader.validate_json(text).value == order
