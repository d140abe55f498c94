"""Turns lines of a wide CSV into numbers, a block of lines at a time.

A line is its time and a cell a column. numpy's own parser reads a block of them in a third of the
time that a list of Python floats takes, which is what a replay of millions of polls waits for. It
takes all of a block or nothing: where a cell is no number, or a line is torn, the block is read
cell by cell, and what is wrong costs its cell only.
"""

import csv
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from batteryd.domain.quality import Quality
from batteryd.domain.quantity import QUANTITIES
from batteryd.domain.snapshot import Layout, Qualities, Values

BLOCK_LINES = 256
EMPTY = "nan"  # what an empty cell is read as


class Row(NamedTuple):
    """One line. `values` is None where there is nothing but the time."""

    time: str
    values: Values | None
    quality: Qualities | None = None


class LineReader:
    """Reads the lines of one layout."""

    def __init__(self, layout: Layout) -> None:
        self._count = len(layout)
        quantities = [QUANTITIES[column.quantity] for column in layout.columns]
        self._lowest = np.array([q.plausible_min for q in quantities])
        self._highest = np.array([q.plausible_max for q in quantities])

    def rows(self, lines: Sequence[str]) -> Iterator[Row]:
        """Yield a row for each line."""
        parts = [_unquoted(line).partition(",") for line in lines]
        filled = [cells for _, _, cells in parts if cells.strip(",")]
        values = self._values(filled)
        read = zip(values, self._judged(values, filled), strict=True)
        for time, _, cells in parts:
            yield Row(time, *next(read)) if cells.strip(",") else Row(time, None)

    def _values(self, lines: Sequence[str]) -> Values:
        if lines:
            try:
                values = np.loadtxt(
                    [_with_all_cells(line) for line in lines],
                    delimiter=",",
                    comments=None,
                    ndmin=2,
                )
            except ValueError:
                pass
            else:
                if values.shape == (len(lines), self._count):
                    return values
        return np.array([self._numbers(line) for line in lines]).reshape(-1, self._count)

    def _numbers(self, line: str) -> list[float]:
        # A line that breaks off, or has cells that the header does not name, keeps what fits.
        numbers = [_number(cell) for cell in line.split(",")[: self._count]]
        return numbers + [math.nan] * (self._count - len(numbers))

    def _judged(self, values: Values, lines: Sequence[str]) -> Qualities:
        """Return how good each value is; one that is not plausible becomes NaN."""
        quality = np.zeros(values.shape, dtype=np.uint8)
        is_flawed = ~((values >= self._lowest) & (values <= self._highest))
        for row in np.flatnonzero(is_flawed.any(axis=1)).tolist():
            cells = lines[row].split(",")
            for i in np.flatnonzero(is_flawed[row]).tolist():
                quality[row, i] = _flaw(values[row, i], cells[i] if i < len(cells) else "")
        values[is_flawed] = np.nan
        return quality


def _unquoted(line: str) -> str:
    """Return the line without its end and quotes. A comma inside of quotes separates nothing."""
    if '"' not in line:
        return line.rstrip("\r\n")
    return ",".join(cell.replace(",", ";") for row in csv.reader([line]) for cell in row)


def _with_all_cells(line: str) -> str:
    if ",," in line or line[0] == "," or line[-1] == ",":
        return ",".join([cell or EMPTY for cell in line.split(",")])
    return line


def _flaw(value: float, cell: str) -> Quality:
    if not math.isnan(value):
        return Quality.IMPLAUSIBLE
    return Quality.UNDECODABLE if cell.strip() else Quality.MISSING


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan
