"""The canonical form of a warranty report: CSV that every reader reads, and always the same bytes.

UTF-8 without a mark, a line feed at the end of each line, quotes where RFC 4180 asks for them and
nowhere else, the names of the columns first and nothing but the table below. What stands above the
table on paper is in the manifest beside the file.

Cells are exact: a text that begins with "=" stays as it is. Whoever opens the file in a spreadsheet
takes the XLSX instead, in which no text is ever a formula.
"""

import csv
import io
from typing import BinaryIO

from batteryd.report.cells import CellKind, Row, cell_text
from batteryd.report.warranty import WarrantyReport


def write_csv(report: WarrantyReport, out: BinaryIO) -> None:
    """Write the table."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=False)
    # The csv module quotes a lone carriage return only if line ends have one, so they do for it.
    writer = csv.writer(_LineFeeds(text), lineterminator="\r\n")
    writer.writerow(column.name for column in report.columns)
    lists = [n for n, column in enumerate(report.columns) if column.kind is CellKind.LIST]
    for row in report.rows:
        writer.writerow(_flat(row, lists))
    text.detach()


class _LineFeeds:
    """Takes lines that end with CR LF and passes them on with LF."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text

    def write(self, line: str) -> None:
        self._text.write(line[:-2])
        self._text.write("\n")


def _flat(row: Row, lists: list[int]) -> list[object]:
    """Return the row with its lists as text; the csv module writes the rest as `cell_text` does."""
    cells: list[object] = list(row)
    for index in lists:
        cells[index] = cell_text(row[index])
    return cells
