"""Two people who take a risk on themselves, and when that lifts a hold."""

from datetime import date

import pytest

from batteryd.clearance.acceptance import acceptance_of, refusals, why_not
from batteryd.clearance.decide import decide
from batteryd.clearance.wording import UNKNOWN_S
from batteryd.domain.clearance import Decision, HoldCode
from tests.clearances import (
    AS_OF_S,
    HOUR_S,
    holding,
    make_acceptance,
    make_facts,
    make_finding,
    make_order,
    make_rack,
    the_hold,
)

EXPIRED_RACK = make_rack(warranty_last_day=date(2024, 8, 19))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"by": ("Choi Yu-na", "Jung Ha-eun", "Park Ji-ho")}, ""),
        ({"expires_at_s": AS_OF_S + 1}, ""),
        ({"at_s": AS_OF_S}, ""),
        ({"expires_at_s": AS_OF_S}, "it expired at 2025-09-26T10:31:44Z"),
        ({"expires_at_s": AS_OF_S - 1}, "it expired at 2025-09-26T10:31:43Z"),
        ({"expires_at_s": UNKNOWN_S}, "it expired at an unknown time"),
        ({"at_s": AS_OF_S + 1}, "it is of 2025-09-26T10:31:45Z, in the future"),
        ({"reason": "  "}, "it gives no reason"),
        ({"by": ()}, "two different people have to sign, here: nobody"),
        ({"by": ("Choi Yu-na",)}, "two different people have to sign, here: Choi Yu-na"),
        (
            {"by": ("Choi Yu-na", " CHOI  yu-na ")},
            "two different people have to sign, here: Choi Yu-na,  CHOI  yu-na ",
        ),
        ({"by": ("Choi Yu-na", " ")}, "two different people have to sign, here: Choi Yu-na,  "),
        ({"code": "PW-04"}, "PW-04 cannot be accepted"),
        (
            {"reason": "", "expires_at_s": AS_OF_S},
            "it gives no reason; it expired at 2025-09-26T10:31:44Z",
        ),
    ],
)
def test_what_an_acceptance_needs(changes: dict[str, object], why: str) -> None:
    code = str(changes.pop("code", "PW-01"))

    assert why_not(make_acceptance(code, **changes), facts=make_facts()) == why


@pytest.mark.parametrize(
    ("signed_at_s", "why"),
    [
        (AS_OF_S - HOUR_S, "it is of 2025-09-26T09:31:44Z, before this became other work"),
        (AS_OF_S - 60, "it is of 2025-09-26T10:30:44Z, before this became other work"),
        (AS_OF_S - 59, ""),
    ],
)
def test_a_risk_that_was_taken_for_other_work_is_not_taken_for_this(
    signed_at_s: float, why: str
) -> None:
    facts = make_facts(order=make_order(changed_at_s=AS_OF_S - 60))

    assert why_not(make_acceptance(at_s=signed_at_s), facts=facts) == why


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (("F-1", "F-2"), ""),
        (("F-2",), "nobody who signed it knew of F-1"),
        ((), "nobody who signed it knew of F-1, F-2"),
        (None, ""),  # of a case, or of before batteryd wrote it down
    ],
)
def test_who_takes_the_risk_of_findings_takes_that_of_those_they_knew(
    known: tuple[str, ...] | None, why: str
) -> None:
    closed = make_finding(finding_id="F-3", closed_on=date(2025, 9, 1))
    elsewhere = make_finding(finding_id="F-4", asset_id="rack-2")
    both = (make_finding(finding_id="F-1"), make_finding(finding_id="F-2"))
    facts = make_facts(findings=(*both, closed, elsewhere))

    assert why_not(make_acceptance("PW-02", findings=known), facts=facts) == why


def test_an_accepted_warranty_gives_a_go_that_ends_with_the_acceptance() -> None:
    soon = make_acceptance(expires_at_s=AS_OF_S + HOUR_S)
    facts = make_facts(EXPIRED_RACK, acceptances=(soon,))

    clearance = decide(facts)

    assert clearance.decision is Decision.GO
    assert clearance.accepted == (HoldCode.LIFE_OVER,)
    assert clearance.valid_until_s == AS_OF_S + HOUR_S
    (remark,) = clearance.warnings
    assert remark.text.endswith(
        "accepted by Choi Yu-na and Jung Ha-eun until 2025-09-26T11:31:44Z:"
        " new batteries arrive in January"
    )


def test_of_several_acceptances_the_longest_counts() -> None:
    long, short = make_acceptance(), make_acceptance(expires_at_s=AS_OF_S + 60)

    assert acceptance_of(HoldCode.LIFE_OVER, facts=make_facts(acceptances=(short, long))) == long


def test_both_codes_can_be_accepted_each_for_itself() -> None:
    facts = make_facts(EXPIRED_RACK, findings=(make_finding(),), acceptances=(make_acceptance(),))
    both = (make_acceptance(), make_acceptance("PW-02"))

    assert holding(facts) == ["PW-02"]
    assert holding(make_facts(EXPIRED_RACK, findings=(make_finding(),), acceptances=both)) == []


def test_an_acceptance_of_what_does_not_hold_is_not_counted_as_used() -> None:
    clearance = decide(make_facts(acceptances=(make_acceptance(expires_at_s=AS_OF_S + 60),)))

    assert clearance.accepted == ()
    assert clearance.valid_until_s == AS_OF_S + 3 * HOUR_S


def test_an_acceptance_for_other_work_is_none() -> None:
    elsewhere = make_acceptance(work_order_id="WO-OTHER")

    facts = make_facts(EXPIRED_RACK, acceptances=(elsewhere,))

    assert holding(facts) == ["PW-01"]
    assert refusals(HoldCode.LIFE_OVER, facts=facts) == ()


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("PW-03", {"soc_pct": 80.0, "voltage_v": 402.9}),
        ("PW-04", {"contactor_closed": True}),
        ("PW-05", {"observed_at_s": None}),
        ("PW-06", {"room_id": None}),
    ],
)
def test_charge_isolation_silence_and_alarms_are_no_opinions(
    code: str, changes: dict[str, object]
) -> None:
    facts = make_facts(make_rack(**changes), acceptances=(make_acceptance(code),))

    assert holding(facts) == [code]
    hold = the_hold(HoldCode(code), facts)
    assert hold.evidence["risk_acceptance"] == [f"{code} cannot be accepted"]


def test_a_hold_says_why_its_acceptance_does_not_lift_it() -> None:
    facts = make_facts(EXPIRED_RACK, acceptances=(make_acceptance(reason=""),))

    hold = the_hold(HoldCode.LIFE_OVER, facts)

    assert hold.evidence["risk_acceptance"] == ["it gives no reason"]
    assert hold.evidence["warranty_last_day"] == "2024-08-19"
