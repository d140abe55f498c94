"""GO or HOLD, until when, and what is shown beside it."""

from datetime import date

import pytest

from batteryd.clearance.decide import decide
from batteryd.clearance.facts import ClearanceLimits
from batteryd.domain.clearance import Decision, HoldCode, ImpactedService
from batteryd.domain.work import AttestationKind, WorkKind
from tests.clearances import (
    AS_OF_S,
    ATTESTED,
    HOUR_S,
    make_attestation,
    make_facts,
    make_finding,
    make_order,
    make_rack,
    make_service,
)


def test_a_go_has_no_reason_to_hold_and_an_end() -> None:
    clearance = decide(make_facts())

    assert clearance.decision is Decision.GO
    assert (clearance.work_order_id, clearance.as_of_s) == ("WO-5B-3", AS_OF_S)
    assert (clearance.holds, clearance.warnings, clearance.accepted) == ((), (), ())
    assert clearance.impact == (ImpactedService("mobile identity", 1, "UPS ups-1"),)


@pytest.mark.parametrize(
    ("ends_in_h", "go_valid_h", "lasts_h"), [(3, 8, 3), (12, 8, 8), (12, 0.5, 0.5)]
)
def test_a_go_ends_with_the_work_or_after_its_longest_time(
    ends_in_h: float, go_valid_h: float, lasts_h: float
) -> None:
    facts = make_facts(
        order=make_order(ends_at_s=AS_OF_S + ends_in_h * HOUR_S),
        limits=ClearanceLimits(go_valid_s=go_valid_h * HOUR_S),
    )

    assert decide(facts).valid_until_s == AS_OF_S + lasts_h * HOUR_S


def test_a_hold_names_every_reason_by_code_and_then_by_battery() -> None:
    old = {"warranty_last_day": date(2024, 8, 19)}
    facts = make_facts(
        make_rack("rack-2", contactor_closed=True, **old),
        make_rack("rack-1", **old),
        order=make_order(batteries=("rack-1", "rack-2")),
    )

    clearance = decide(facts)

    assert clearance.valid_until_s is None
    assert [(hold.code.value, hold.subject) for hold in clearance.holds] == [
        ("PW-01", "rack-1"),
        ("PW-01", "rack-2"),
        ("PW-04", "rack-2"),
    ]


def test_an_inspection_is_warned_of_what_would_hold_a_relocation() -> None:
    facts = make_facts(
        make_rack(warranty_last_day=None),
        order=make_order(kind=WorkKind.INSPECT),
        findings=(make_finding(),),
    )

    clearance = decide(facts)

    assert clearance.decision is Decision.GO
    assert [w.code for w in clearance.warnings] == [HoldCode.LIFE_OVER, HoldCode.FINDING_OPEN]


def test_remarks_stand_beside_a_go() -> None:
    facts = make_facts(
        make_rack(observed_at_s=AS_OF_S - HOUR_S),
        services=(make_service(grade=4, owner_notified_at_s=None),),
        attestations=(*ATTESTED, make_attestation(AttestationKind.ABSENCE_OF_VOLTAGE)),
    )

    clearance = decide(facts)

    assert clearance.decision is Decision.GO
    assert [w.code for w in clearance.warnings] == [
        HoldCode.NOT_OBSERVED,
        HoldCode.OWNER_NOT_NOTIFIED,
    ]


def test_an_inspection_is_not_told_of_owners_who_need_not_know() -> None:
    facts = make_facts(
        order=make_order(kind=WorkKind.INSPECT),
        services=(make_service(grade=4, owner_notified_at_s=None),),
    )

    assert decide(facts).warnings == ()


def test_the_same_facts_give_the_same_answer() -> None:
    facts = make_facts(make_rack(contactor_closed=True, soc_pct=None))

    assert decide(facts) == decide(facts)
