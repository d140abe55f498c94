"""JSON says what the CSV says, with numbers, lists and nulls as such."""

import csv
import io
import json
from typing import Any

from batteryd.report.csv_file import write_csv
from batteryd.report.json_file import write_json
from batteryd.report.warranty import WarrantyReport
from tests.warranty_reports import make_report


def read(report: WarrantyReport) -> dict[str, Any]:
    out = io.BytesIO()
    write_json(report, out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def as_csv(value: object) -> str:
    if isinstance(value, list):
        return " | ".join(value)
    return "" if value is None else str(value)


def test_every_cell_is_that_of_the_csv() -> None:
    report, out = make_report(), io.BytesIO()
    write_csv(report, out)

    rows = read(report)["rows"]

    table = csv.DictReader(io.StringIO(out.getvalue().decode(), newline=""))
    assert [{name: as_csv(cell) for name, cell in row.items()} for row in rows] == list(table)


def test_numbers_lists_and_what_nobody_knows_are_told_apart() -> None:
    first, second, *_ = read(make_report())["rows"]

    assert (first["days_left"], first["capacity_ah"]) == (-403, 120)
    assert (first["findings"], first["conditions"]) == (["F-1"], [])
    assert (second["findings"], second["findings_open"]) == (None, None)


def test_header_summary_and_columns_stand_before_the_rows() -> None:
    found = read(make_report())

    assert list(found) == ["header", "summary", "columns", "rows"]
    assert found["header"]["as_of"] == "2025-09-26"
    assert found["header"]["sources"] == {"register.csv": "3f" * 32}
    assert found["header"]["population"]["in_register"] == len(found["rows"])
    assert found["summary"]["by_status"]["expired"] == 2
    assert found["columns"][0] == {"name": "asset_id", "kind": "text"}


def test_nothing_of_the_making_is_in_it() -> None:
    out = io.BytesIO()
    write_json(make_report(), out)

    assert b"made" not in out.getvalue()
    assert b"kim" not in out.getvalue()


def test_a_report_of_nothing_is_json_too() -> None:
    report = make_report()
    empty = WarrantyReport(report.header, report.summary, report.columns, (), report.made)

    assert read(empty)["rows"] == []
