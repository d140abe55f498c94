"""The workbook, read back by another library."""

import csv
import io
from dataclasses import replace
from datetime import date, datetime

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from batteryd.errors import ReportError
from batteryd.report.csv_file import write_csv
from batteryd.report.warranty import WarrantyReport
from batteryd.report.warranty_columns import COLUMNS
from batteryd.report.xlsx_file import ROWS_MAX, write_xlsx
from tests.warranty_reports import make_case, make_report


def written(report: WarrantyReport) -> bytes:
    out = io.BytesIO()
    write_xlsx(report, out)
    return out.getvalue()


def read(report: WarrantyReport) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(written(report)))


def as_csv(value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    return "" if value is None else str(value)


def test_every_cell_is_that_of_the_csv() -> None:
    report, out = make_report(), io.BytesIO()
    write_csv(report, out)

    sheet = read(report)["Batteries"]

    table = list(csv.reader(io.StringIO(out.getvalue().decode(), newline="")))
    found = [[as_csv(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert found == [[cell.replace("\r", "_x000D_") for cell in row] for row in table]


def test_days_and_numbers_are_days_and_numbers() -> None:
    sheet = read(make_report())["Batteries"]

    names = [column.name for column in COLUMNS]
    last_day = sheet.cell(2, names.index("warranty_last_day") + 1)
    days_left = sheet.cell(2, names.index("days_left") + 1)
    assert (last_day.value, last_day.is_date) == (datetime(2024, 8, 19), True)  # noqa: DTZ001
    assert (days_left.value, days_left.data_type) == (-403, "n")


@pytest.mark.parametrize("text", ["=1+1", "+82 42", "-5", "@home", "{=1}", "http://x.example/"])
def test_no_text_is_ever_a_formula_or_a_link(text: str) -> None:
    sheet = read(make_report(make_case(serial_number=text)))["Batteries"]

    cell = sheet.cell(2, [column.name for column in COLUMNS].index("serial_number") + 1)
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


def test_a_day_that_spreadsheets_do_not_know_is_a_text() -> None:
    case = make_case()
    battery = replace(
        case.battery, dates=replace(case.battery.dates, delivered_on=date(1900, 2, 1))
    )
    sheet = read(make_report(replace(case, battery=battery)))["Batteries"]

    cell = sheet.cell(2, [column.name for column in COLUMNS].index("delivered_on") + 1)
    assert (cell.value, cell.data_type) == ("1900-02-01", "s")


def test_what_is_too_long_for_a_cell_is_shortened_visibly() -> None:
    sheet = read(make_report(make_case(conflicts=("랙" * 20_000,))))["Batteries"]

    cell = sheet.cell(2, [column.name for column in COLUMNS].index("conflicts") + 1)
    assert cell.value.endswith("랙…")


def test_the_table_is_frozen_filtered_and_wide_enough() -> None:
    sheet = read(make_report())["Batteries"]

    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == f"A1:{sheet.cell(1, len(COLUMNS)).column_letter}6"
    assert sheet.column_dimensions["A"].width > 8


def test_the_counts_come_first_and_what_it_was_made_from_last() -> None:
    book = read(make_report())

    summary = {row[:2]: row[2] for row in book["Summary"].iter_rows(values_only=True)}
    about = {row[:2]: row[2] for row in book["About"].iter_rows(values_only=True)}
    assert book.sheetnames == ["Summary", "Batteries", "About"]
    assert summary["by_status", "expired"] == 2
    assert about["sources", "register.csv"] == "3f" * 32
    assert ("as_of", "2025-09-26") in about


def test_equal_reports_are_equal_files() -> None:
    report = make_report()

    assert written(report) == written(report)
    assert read(report).properties.created == datetime(2025, 9, 26)  # noqa: DTZ001


def test_more_batteries_than_a_sheet_holds_are_refused() -> None:
    report = make_report()

    with pytest.raises(ReportError, match="take csv"):
        write_xlsx(replace(report, rows=report.rows[:1] * (ROWS_MAX + 1)), io.BytesIO())
