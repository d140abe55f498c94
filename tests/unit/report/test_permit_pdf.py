"""A permit is a permission only while every fact says so, and looks like what it is."""

from dataclasses import replace
from typing import Any

import pytest

from batteryd.domain.clearance import Clearance
from batteryd.domain.work import WorkOrder, WorkState
from batteryd.report.permit import Standing, standing_of
from batteryd.report.permit_pdf import permit_page, permit_pdf
from tests.papers import EVENING_S, GO, HOLD, HOUR_S, ORDER, permit_view, text_of

PLANNED = replace(ORDER, state=WorkState.PLANNED, cleared_at_s=None, cleared_until_s=None)
REVOKED = replace(
    ORDER,
    state=WorkState.REVOKED,
    revoked_at_s=EVENING_S - 5,
    revoked_because=("NIRS-5F-R2 was closed again",),
)


@pytest.mark.parametrize(
    ("order", "clearance", "now_s", "standing"),
    [
        (ORDER, GO, EVENING_S, Standing.CLEARED),
        (replace(ORDER, state=WorkState.STARTED), GO, EVENING_S, Standing.CLEARED),
        (ORDER, GO, EVENING_S + 8 * HOUR_S - 1, Standing.CLEARED),
        (ORDER, GO, EVENING_S + 8 * HOUR_S, Standing.EXPIRED),
        (ORDER, replace(GO, valid_until_s=EVENING_S - 1), EVENING_S, Standing.EXPIRED),
        (ORDER, replace(GO, valid_until_s=None), EVENING_S, Standing.EXPIRED),
        (replace(ORDER, cleared_until_s=None), GO, EVENING_S, Standing.EXPIRED),
        (ORDER, GO, EVENING_S - 31, Standing.FROM_THE_FUTURE),
        (PLANNED, GO, EVENING_S, Standing.NOT_GRANTED),
        (ORDER, HOLD, EVENING_S, Standing.HELD),
        (ORDER, replace(GO, holds=HOLD.holds), EVENING_S, Standing.HELD),
        (ORDER, None, EVENING_S, Standing.NEVER_CHECKED),
        (REVOKED, GO, EVENING_S, Standing.REVOKED),
        (replace(ORDER, state=WorkState.CLOSED), GO, EVENING_S, Standing.CLOSED),
        (ORDER, replace(GO, work_order_id="WO-8"), EVENING_S, Standing.OTHER_ORDER),
    ],
)
def test_a_permit_is_a_permission_only_while_the_go_on_record_stands(
    order: WorkOrder, clearance: Clearance | None, now_s: float, standing: Standing
) -> None:
    view = replace(permit_view(order, clearance), printed_at_s=now_s)

    assert standing_of(view) is standing


def test_a_go_that_the_checks_no_longer_confirm_is_no_permission() -> None:
    view = permit_view(at_print=HOLD)

    text = text_of(permit_pdf(view))

    assert standing_of(view) is Standing.CONTRADICTED
    assert "HOLD NOT CLEARED – DO NOT START" in text
    assert "the checks at the time of printing say HOLD. Reasons: PW-03 (1), PW-04 (1)." in text
    assert "SOC 90 % plus a margin" in text


def test_a_go_permit_says_since_when_and_until_when() -> None:
    text = text_of(permit_pdf(permit_view()))

    assert "GO CLEARED TO START" in text
    assert "GO decided 2025-09-26 19:25:30 KST, 30 s before this was printed." in text
    assert "Valid until 2025-09-27 03:26:00 KST." in text
    assert "NOT CLEARED" not in text


@pytest.mark.parametrize(
    ("order", "clearance", "why"),
    [
        (PLANNED, HOLD, "Why: the last decision is HOLD. Reasons: PW-03 (1), PW-04 (1)."),
        (REVOKED, GO, "19:25:55 KST: NIRS-5F-R2 was closed again."),
        (PLANNED, None, "Why: no decision is on record."),
    ],
)
def test_what_is_no_permission_says_so_on_every_page(
    order: WorkOrder, clearance: Clearance | None, why: str
) -> None:
    text = text_of(permit_pdf(permit_view(order, clearance)))

    assert "HOLD NOT CLEARED – DO NOT START" in text
    assert why in text
    assert "CLEARED TO START" not in text
    assert "signature, date and time" not in text
    assert "김민준, Jonas Weber Not to be signed: this is no permission." in text
    assert text.count("Work permit – NOT CLEARED") == text.count("Page ")


def test_no_permit_claims_to_be_more_than_decision_support() -> None:
    for clearance in (GO, HOLD, None):
        text = text_of(permit_pdf(permit_view(ORDER, clearance)))

        assert "decision support" in text
        assert "not an interlock and not a lock-out/tag-out" in text
        assert "safe" not in text.lower()


def test_a_reason_carries_its_evidence_and_how_old_that_was() -> None:
    page = permit_page(permit_view(PLANNED, HOLD))

    assert page["holds"] == [
        {
            "code": "PW-03",
            "subject": "NIRS-5F-R1",
            "text": "SOC 90 % plus a margin of 10 % is above 30 %",
            "evidence": "soc 90 %; observed 2025-09-26 19:25:18 KST, 12 s before",
        },
        {
            "code": "PW-04",
            "subject": "NIRS-5F-R2",
            "text": "contactor closed",
            "evidence": "contactor closed yes",
        },
    ]


def test_what_a_device_did_not_say_is_printed_as_unknown() -> None:
    page: dict[str, Any] = permit_page(permit_view())

    assert page["batteries"][1] == {
        "asset_id": "NIRS-5F-R9",
        "rack": "",
        "role": "on DC-5",
        "is_in_scope": False,
        "soc": "unknown",
        "voltage": "unknown",
        "current": "unknown",
        "contactor": "unknown",
        "breaker": "unknown",
        "temperature": "unknown",
        "age": "unknown",
    }


def test_every_check_is_listed_with_what_became_of_it() -> None:
    page: dict[str, Any] = permit_page(permit_view(PLANNED, HOLD))

    outcomes = {row["code"]: row["outcome"] for row in page["checks"]}
    assert outcomes["PW-01"] == "nothing found"
    assert outcomes["PW-03"] == "holds (1)"
    assert outcomes["PW-08"] == "not asked for this kind of work"


def test_services_stand_by_grade_and_an_unknown_grade_says_so() -> None:
    page = permit_page(permit_view())

    assert page["services"] == [
        {
            "grade": "grade 1",
            "services": ["모바일 신분증 (by UPS UPS-5)", "정부24 (by room 5f)"],
        },
        {"grade": "unknown", "services": ["old archive (by room 5f)"]},
    ]


def test_who_said_what_is_there_by_name() -> None:
    text = text_of(permit_pdf(permit_view()))

    assert "박지훈" in text
    assert "0.3 V" in text
    assert "최지우 and Anna Köhler" in text
    assert "http://127.0.0.1:8470/work/WO-7" in text
