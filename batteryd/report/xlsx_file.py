"""A warranty report as a workbook, for people who sort and filter.

Three sheets: the counts, the batteries, and what the report was made from. Days and numbers are
written as such, and every text as a text: a serial number such as `=1+1` or `@home` is never run as
a formula. The workbook's own date is the as-of day, so that equal reports are equal files.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import BinaryIO

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from batteryd.errors import ReportError
from batteryd.report.cells import Cell, Row, cell_text
from batteryd.report.json_file import header_as_json, summary_as_json
from batteryd.report.warranty import WarrantyReport

ROWS_MAX = 1_048_575  # what the format can hold below a header

_TEXT_LENGTH_MAX = 32_767 // 2  # a character outside the basic plane counts twice
_FIRST_DAY = date(1900, 3, 1)  # spreadsheets know a 29 February 1900
_WIDTH_MIN, _WIDTH_MAX = 8, 48
_WIDTH_ROWS = 1000  # rows that are looked at for the width of a column


def write_xlsx(report: WarrantyReport, out: BinaryIO) -> None:
    """Write the workbook.

    Raises:
        ReportError: there are more batteries than a sheet has rows.
    """
    if len(report.rows) > ROWS_MAX:
        raise ReportError(f"{len(report.rows)} batteries: a sheet holds {ROWS_MAX}; take csv")
    # Rows go to the disk one by one; nothing keeps five million cells in memory.
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        as_of = report.header.provenance.as_of
        book.set_properties({
            "title": f"{report.header.title} as of {as_of}",
            "created": datetime.combine(as_of, time(), UTC).replace(tzinfo=None),
        })  # fmt: skip
        bold = book.add_format({"bold": True})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        summary, batteries, about = map(book.add_worksheet, ("Summary", "Batteries", "About"))
        _write_facts(summary, _summary_lines(report), bold=bold)
        _write_table(batteries, report, bold=bold, day=day)
        _write_facts(about, flattened(header_as_json(report.header)), bold=bold)


def flattened(value: Mapping[str, object], *, under: tuple[str, ...] = ()) -> Iterator[Row]:
    """Yield a line for each value in nested tables: the keys that lead to it, and the value."""
    for key, inner in value.items():
        path = (*under, key)
        if isinstance(inner, Mapping):
            yield from flattened(inner, under=path)
        elif isinstance(inner, list):
            yield (*path, tuple(map(str, inner)))
        else:
            yield (*path, inner if isinstance(inner, str | int | None) else str(inner))


def _summary_lines(report: WarrantyReport) -> Iterator[Row]:
    yield (report.header.title,)
    yield ("as of", report.header.provenance.as_of.isoformat())
    yield ("batteries", len(report.rows))
    yield from flattened(summary_as_json(report.summary))


def _write_facts(sheet: Worksheet, lines: Iterable[Row], *, bold: Format) -> None:
    sheet.set_column(0, 2, 28)
    for at, line in enumerate(lines):
        for column, cell in enumerate(line):
            _write(sheet, at, column, cell, style=bold if column == 0 else None)


def _write_table(sheet: Worksheet, report: WarrantyReport, *, bold: Format, day: Format) -> None:
    for index, width in enumerate(_widths(report)):
        sheet.set_column(index, index, width)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, len(report.rows), len(report.columns) - 1)
    for index, column in enumerate(report.columns):
        sheet.write_string(0, index, column.name, bold)
    for at, row in enumerate(report.rows, start=1):
        for index, cell in enumerate(row):
            _write(sheet, at, index, cell, style=day if isinstance(cell, date) else None)


def _write(sheet: Worksheet, at: int, index: int, cell: Cell, *, style: Format | None) -> None:
    match cell:
        case None | "" | ():
            return
        case int() | float():
            sheet.write_number(at, index, cell, style)
        case date() if cell >= _FIRST_DAY:
            sheet.write_datetime(at, index, cell, style)
        case _:
            text = cell_text(cell)
            whole = text if len(text) <= _TEXT_LENGTH_MAX else f"{text[: _TEXT_LENGTH_MAX - 1]}…"
            sheet.write_string(at, index, whole, style)


def _widths(report: WarrantyReport) -> Iterator[int]:
    for index, column in enumerate(report.columns):
        looked_at = islice(report.rows, _WIDTH_ROWS)
        longest = max((len(cell_text(row[index])) for row in looked_at), default=0)
        yield min(max(longest, len(column.name) + 2, _WIDTH_MIN), _WIDTH_MAX)
