"""Numbers, instants and evidence as people read them."""

from datetime import date

import pytest

from batteryd.domain.clearance import HoldCode
from batteryd.domain.conditions import ConditionStanding, ContractCondition
from batteryd.domain.warranty import WarrantyAssessment, WarrantyStatus
from batteryd.web.words import (
    age,
    check_name,
    condition_name,
    evidence,
    number,
    path,
    share,
    standing,
    warranty,
)
from tests.builders import NOON_S


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "never read"),
        (4, "4 s"),
        (119, "119 s"),
        (600, "10 min"),
        (9000, "2 h"),
        (2e5, "2 d"),
    ],
)
def test_ages_are_written_in_one_unit(seconds: float | None, text: str) -> None:
    assert age(seconds) == text


def test_unknown_numbers_are_called_unknown_and_zero_has_no_sign() -> None:
    assert number(None, "V") == "unknown"
    assert number(-0.04, "A", 1) == "0.0 A"


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (0.0, "0.0 %"),
        (0.0004, "less than 0.1 %"),
        (0.05, "5.0 %"),
        (0.9991, "more than 99.9 %"),
        (1.0, "100.0 %"),
    ],
)
def test_almost_all_is_not_all(part: float, text: str) -> None:
    assert share(part) == text


@pytest.mark.parametrize(
    ("status", "last_day", "days_left", "text"),
    [
        (WarrantyStatus.IN_WARRANTY, date(2029, 8, 19), 1200, "in warranty to 2029-08-19"),
        (WarrantyStatus.EXPIRING, date(2026, 1, 1), 37, "warranty ends in 37 d"),
        (WarrantyStatus.EXPIRED, date(2024, 8, 19), -463, "out of warranty since 2024-08-20"),
        (WarrantyStatus.UNKNOWN, None, None, "warranty unknown"),
        # Its cover has not begun yet.
        (WarrantyStatus.UNKNOWN, date(2036, 1, 1), 3689, "warranty unknown"),
    ],
)
def test_every_warranty_status_has_its_words(
    status: WarrantyStatus, last_day: date | None, days_left: int | None, text: str
) -> None:
    assessment = WarrantyAssessment("r", date(2025, 11, 25), status, last_day, days_left, "")

    assert warranty(assessment) == text
    assert warranty(None) == "warranty unknown"


@pytest.mark.parametrize(
    ("name", "value", "row"),
    [
        ("soc_pct_max", 30, ("soc max", "30 %")),
        ("cell_voltage_v", 3.950521, ("cell voltage", "3.95052 V")),
        ("contactor_closed", True, ("contactor closed", "yes")),
        ("contactor_closed", None, ("contactor closed", "unknown")),
        ("cell_count", 192, ("cell count", "192")),
        ("stale_after_s", 60.0, ("stale after", "60 s")),
        ("opened_on", "2024-06-27", ("opened on", "2024-06-27")),
        ("missing", ("briefing", "tools"), ("missing", "briefing; tools")),
        ("attested", (), ("attested", "none")),
        ("finding", {"text": "6 K", "closed_on": None}, ("finding", "text 6 K, closed on unknown")),
        (
            "observed_at",
            "2025-11-25T11:59:49Z",
            ("observed at", "2025-11-25 20:59:49 KST, 11 s ago"),
        ),
        ("valid_until", "2025-11-25T14:00:00Z", ("valid until", "2025-11-25 23:00:00 KST")),
    ],
)
def test_evidence_is_written_for_people(name: str, value: object, row: tuple[str, str]) -> None:
    assert evidence({name: value}, NOON_S, "Asia/Seoul") == (row,)


def test_every_code_standing_and_condition_has_words() -> None:
    assert len({check_name(code) for code in HoldCode}) == len(HoldCode)
    assert len({standing(of) for of in ConditionStanding}) == len(ConditionStanding)
    assert len({condition_name(of) for of in ContractCondition}) == len(ContractCondition)
    assert not any("kept" in standing(of) for of in ConditionStanding)


def test_an_id_is_one_segment_of_an_address() -> None:
    assert path('a/b "c"?#랙') == "a%2Fb%20%22c%22%3F%23%EB%9E%99"
