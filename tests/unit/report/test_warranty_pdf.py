"""The warranty report on paper says what the CSV says, and says what it leaves out."""

import hashlib
import io
from datetime import date, timedelta
from typing import Any

import pytest

from batteryd.domain.warranty import WarrantyStatus
from batteryd.report.csv_file import write_csv
from batteryd.report.warranty import WarrantyReport, build_warranty_report
from batteryd.report.warranty_paper import (
    NEXT_SHOWN,
    ROWS_MAX,
    Line,
    lines_of,
    listed_of,
    warranty_page,
)
from batteryd.report.warranty_pdf import warranty_pdf
from tests.papers import text_of
from tests.warranty_reports import MADE, PROVENANCE, make_case, make_report, small_room


def page_of(report: WarrantyReport) -> dict[str, Any]:
    return warranty_page(report, lines_of(report), csv_sha256="ab" * 32)


def line(number: int = 1, **changes: Any) -> Line:
    plain = Line(
        asset_id=f"rack-{number}",
        site="대전",
        room="5층",
        rack="1 번 랙",
        make="Example Cells LR-17",
        serial_number="EC-1",
        start="installed 2020-01-01",
        term="120 months",
        status=WarrantyStatus.IN_WARRANTY,
        last_day=date(2029, 12, 31),
        days_left=1557,
        reason="",
        findings_open=0,
        remarks=(),
    )
    return plain._replace(**changes)


def test_the_first_page_counts_every_standing() -> None:
    page = page_of(make_report())

    assert {tile["name"]: tile["count"] for tile in page["tiles"]} == {
        "expired": "2",
        "expiring": "1",
        "in warranty": "1",
        "unknown": "1",
    }


def test_every_battery_of_a_short_register_is_printed_with_its_names() -> None:
    text = text_of(warranty_pdf(make_report()))

    for case in small_room():
        assert case.battery.asset_id in text
    assert "installed 2014-08-20" in text
    assert "to 2026-03-31" in text
    assert '=HYPERLINK("x")' in text
    assert "2 conflicts" in text


def test_paper_names_the_file_that_it_is_a_view_of() -> None:
    report, csv = make_report(), io.BytesIO()
    write_csv(report, csv)

    text = text_of(warranty_pdf(report)).replace(" ", "")

    assert hashlib.sha256(csv.getvalue()).hexdigest() in text
    assert "batterydreportverifyFILE" in text


def test_what_nobody_looked_up_is_not_printed_as_zero() -> None:
    page = page_of(
        make_report(make_case("rack-1", findings=None), make_case("rack-2", findings=()))
    )

    findings = [row["findings"] for room in page["rooms"] for row in room["rows"]]
    assert findings == ["–", "0"]


def test_the_next_to_end_are_those_still_covered_the_nearest_first() -> None:
    days = [date(2025, 9, 25), date(2025, 9, 26), date(2026, 1, 1)]
    days += [date(2027, 1, 1) + timedelta(days=n) for n in range(NEXT_SHOWN)]
    cases = [make_case(f"rack-{n:02d}", ends_on=day) for n, day in enumerate(days)]

    shown = page_of(make_report(*reversed(cases)))["next"]

    assert len(shown) == NEXT_SHOWN
    assert [row[:3] for row in shown[:2]] == [
        ["2025-09-26", "0", "rack-01"],
        ["2026-01-01", "97", "rack-02"],
    ]


def test_the_population_is_reconciled_with_names_and_reasons() -> None:
    report = build_warranty_report(
        small_room(),
        provenance=PROVENANCE,
        made=MADE,
        polled={"rack-1": "battery", "rack-99": "battery"},
        excluded={"rack-old": "retired on 2024-01-03"},
    )

    text = text_of(warranty_pdf(report))

    assert "In the register: 6. Polled: 2. Both: 1. Only in the register: 5." in text
    assert "rack-99 (battery)" in text
    assert "rack-old (retired on 2024-01-03)" in text


def test_a_register_at_the_bound_is_listed_whole() -> None:
    lines = [line(number) for number in range(ROWS_MAX)]

    assert listed_of(lines) == (lines, "")


@pytest.mark.parametrize(
    "notable",
    [
        line(0, status=WarrantyStatus.EXPIRED),
        line(0, status=WarrantyStatus.EXPIRING),
        line(0, status=WarrantyStatus.UNKNOWN),
        line(0, findings_open=1),
        line(0, remarks=("no_document",)),
    ],
)
def test_beyond_the_bound_all_that_is_not_plainly_in_warranty_is_still_listed(
    notable: Line,
) -> None:
    listed, said = listed_of([notable, *(line(number) for number in range(1, ROWS_MAX + 1))])

    assert list(listed) == [notable]
    assert f"the {ROWS_MAX:,} that are in warranty" in said
    assert "The CSV has them all." in said


def test_what_is_cut_off_is_said() -> None:
    lines = [line(number, status=WarrantyStatus.EXPIRED) for number in range(ROWS_MAX + 7)]

    listed, said = listed_of(lines)

    assert len(listed) == ROWS_MAX
    assert f"the first {ROWS_MAX:,} are listed" in said


def test_a_start_that_nobody_knows_is_printed_as_a_word() -> None:
    page = page_of(make_report(make_case("rack-4", basis=None, months=None)))

    row = page["rooms"][0]["rows"][0]
    assert (row["start"], row["term"], row["last_day"], row["days_left"]) == ("unknown",) * 4


def test_an_extension_stands_with_the_term() -> None:
    page = page_of(make_report(make_case("rack-1", extension_months=24)))

    assert page["rooms"][0]["rows"][0]["term"] == "120 + 24 months"


def test_an_empty_register_makes_a_report_too() -> None:
    empty = build_warranty_report((), provenance=PROVENANCE, made=MADE)

    assert "Warranty of 0 batteries" in text_of(warranty_pdf(empty))
