"""Rows, their order, the counts above them, and the population."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from batteryd.domain.inventory import Service
from batteryd.domain.warranty import WarrantyBasis
from batteryd.report.cells import Cell, cell_text, number
from batteryd.report.data_quality import FLAGS
from batteryd.report.warranty import WarrantyReport, build_warranty_report
from batteryd.report.warranty_columns import COLUMNS, REGISTER_COLUMNS
from batteryd.settings.register_csv import COLUMNS as REGISTER
from tests.warranty_reports import AS_OF, MADE, PROVENANCE, make_case, make_finding, make_report

MANUAL = Path(__file__).parents[3] / "docs" / "reports.md"


def cells(report: WarrantyReport, asset_id: str = "rack-1") -> dict[str, Cell]:
    rows = (dict(zip((c.name for c in COLUMNS), row, strict=True)) for row in report.rows)
    return next(row for row in rows if row["asset_id"] == asset_id)


def flags(**changes: Any) -> set[str]:
    found = cells(make_report(make_case(**changes)))["data_quality"]
    assert isinstance(found, tuple)
    return set(found)


def test_the_columns_begin_with_those_of_the_register() -> None:
    assert tuple(column.name for column in REGISTER_COLUMNS) == REGISTER
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)


@pytest.mark.parametrize("word", [*(c.name for c in COLUMNS), *FLAGS])
def test_every_column_and_every_flag_stands_in_the_manual(word: str) -> None:
    assert f"| `{word}` |" in MANUAL.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("as_of", "status", "days_left"),
    [
        (date(2014, 8, 19), "unknown", 3653),  # the day before the cover begins
        (date(2014, 8, 20), "in_warranty", 3652),
        (date(2023, 8, 19), "in_warranty", 366),
        (date(2023, 8, 20), "expiring", 365),
        (date(2024, 8, 19), "expiring", 0),
        (date(2024, 8, 20), "expired", -1),
        (date(2025, 9, 26), "expired", -403),
    ],
)
def test_a_row_says_how_the_warranty_stands_on_its_day(
    as_of: date, status: str, days_left: int
) -> None:
    row = cells(make_report(make_case(as_of=as_of)))

    assert (row["status"], row["days_left"]) == (status, days_left)
    assert row["warranty_last_day"] == date(2024, 8, 19)


def test_rows_stand_in_the_order_of_site_room_and_id_by_codepoint() -> None:
    places = [
        ("b", "x", "1"),
        ("a", "나", "1"),
        ("a", "가", "2"),
        ("a", "가", "10"),
        ("Z", "x", "1"),
    ]
    report = make_report(*(make_case(asset, site=site, room=room) for site, room, asset in places))

    assert [(row[1], row[2], row[0]) for row in report.rows] == [
        ("Z", "x", "1"), ("a", "가", "10"), ("a", "가", "2"), ("a", "나", "1"), ("b", "x", "1"),
    ]  # fmt: skip


def test_findings_services_and_who_entered_stand_in_the_row() -> None:
    case = make_case(
        findings=(make_finding("F-1"), make_finding("F-2")),
        services=(Service("mobile identity", 1), Service("staff canteen", 4)),
        entered_by="kim",
        approved_by="lee",
        register_seq=41,
        recorded_at_s=1_400_000_000.5,
    )

    row = cells(make_report(case))

    assert (row["findings_open"], row["findings"]) == (2, ("F-1", "F-2"))
    assert row["services"] == ("1 mobile identity", "4 staff canteen")
    assert (row["entered_by"], row["approved_by"], row["register_seq"]) == ("kim", "lee", 41)
    assert row["register_recorded_at"] == "2014-05-13T16:53:20.500000Z"


def test_what_nobody_could_look_up_is_empty_and_not_zero() -> None:
    looked, not_looked = make_case(findings=()), make_case("rack-2", findings=None)

    report = make_report(looked, not_looked)

    assert cells(report)["findings_open"] == 0
    assert cells(report, "rack-2")["findings_open"] is None


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"basis": None}, "no_basis"),
        ({"months": None}, "no_term"),
        ({"basis": WarrantyBasis.DELIVERED}, "no_start_date"),
        ({"as_of": date(2014, 8, 19)}, "dates_after_as_of"),
        ({"service_life_years": None}, "no_service_life"),
        ({"document": None}, "no_document"),
        ({"document": "c.pdf", "document_sha256": None}, "no_document_hash"),
        ({"extension_months": 12}, "no_extension_document"),
        ({"serial_number": None}, "no_serial_number"),
        ({"entered_by": "kim"}, "not_approved"),
        ({"conflicts": ("device says 2015-01-01",)}, "conflict"),
        ({"source": None}, "not_polled"),
        ({"is_observed": False}, "never_observed"),
    ],
)
def test_what_is_missing_in_the_evidence_is_flagged(changes: dict[str, object], flag: str) -> None:
    complete: dict[str, Any] = {
        "document": "c.pdf",
        "document_sha256": "ab" * 32,
        "service_life_years": 10.0,
        "is_observed": True,
    }

    assert flags(**complete) == set()
    assert flags(**complete | changes) == {flag}


def test_every_flag_is_tested() -> None:
    (marker,) = (
        mark
        for mark in test_what_is_missing_in_the_evidence_is_flagged.pytestmark  # type: ignore[attr-defined]  # set by pytest
    )

    assert {flag for _, flag in marker.args[1]} == set(FLAGS)


def test_a_last_day_that_the_contract_names_needs_neither_basis_nor_term() -> None:
    found = flags(basis=None, months=None, ends_on=date(2026, 3, 31))

    assert not found & {"no_basis", "no_term", "no_start_date"}


def test_the_counts_are_those_of_the_rows() -> None:
    summary = make_report().summary

    assert summary.by_status == {"in_warranty": 1, "expiring": 1, "expired": 2, "unknown": 1}
    assert summary.by_site == {"daejeon": summary.by_status}
    assert summary.expiring_by_month == {"2026-03": 1}
    assert summary.by_flag["no_document"] == 3
    assert summary.by_flag["conflict"] == 1


def test_a_report_of_nothing_counts_nothing() -> None:
    report = build_warranty_report((), provenance=PROVENANCE, made=MADE)

    assert set(report.summary.by_status.values()) == {0}
    assert report.rows == ()


def test_the_population_is_reconciled_with_what_is_polled() -> None:
    report = build_warranty_report(
        (make_case("rack-1"), make_case("rack-2")),
        provenance=PROVENANCE,
        made=MADE,
        polled={"rack-1": "a battery", "ups-1": "a UPS", "rack-9": "a battery"},
        excluded={"rack-9": "counts from 2026-01-01"},
    )

    population = report.header.population
    assert (population.in_register, population.polled, population.both) == (3, 3, 2)
    assert population.register_only == 1
    assert population.polled_only == {"ups-1": "a UPS"}
    assert population.excluded == {"rack-9": "counts from 2026-01-01"}


def test_where_nobody_knows_what_is_polled_the_population_says_so() -> None:
    population = make_report().header.population

    assert population.in_register == 5
    assert (population.polled, population.both, population.register_only) == (None, None, None)


@pytest.mark.parametrize(
    ("value", "text"),
    [(120.0, "120"), (6.4, "6.4"), (120, "120"), (0.1 + 0.2, "0.30000000000000004"), (None, "")],
)
def test_a_number_has_one_spelling(value: float | None, text: str) -> None:
    assert cell_text(number(value)) == text


def test_as_of_is_the_day_of_the_assessment() -> None:
    assert make_case().as_of == AS_OF
