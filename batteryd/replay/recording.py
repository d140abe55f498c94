"""Reads a recording: a wide CSV (gzip where the name ends in .gz), one poll a line.

The first column is `time` (ISO 8601, UTC where no zone is given, or seconds since 1970), the others
are `component:quantity`, such as `s1/m03/t1:temperature_c`. An empty cell is a missing value, one
that is no number or not plausible a bad one; neither costs the rest of its line. A line with
nothing but the time is a failed poll. A header or a time that cannot be read is a mistake: whatever
followed it would be guessed.
"""

import csv
import gzip
import math
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import numpy as np

from batteryd.domain.quality import Quality
from batteryd.domain.quantity import QUANTITIES
from batteryd.domain.snapshot import Layout, Snapshot, failed_snapshot, parse_column
from batteryd.errors import ConfigError, Mistake
from batteryd.mistakes import unknown_text

TIME = "time"
EMPTY = "nan"  # what an empty cell is read as
FAILED = "the recording has no values for this poll"


class Recording:
    """A file with its layout; `snapshots` reads it line by line."""

    def __init__(self, path: Path) -> None:
        """Read the header.

        Raises:
            ConfigError: with everything that is wrong in it.
        """
        self._path = path
        with _rows_of(path) as rows:
            self.layout = _layout_of(next(rows, []), file=str(path))

    def snapshots(self, asset_id: str) -> Iterator[Snapshot]:
        """Yield one snapshot a line, in the order of the file.

        Raises:
            ConfigError: a time that cannot be read, or a file that breaks off.
        """
        decode = _Decoder(self.layout)
        with _rows_of(self._path) as rows:
            next(rows)
            for number, row in enumerate(rows, 2):
                if not row:
                    continue
                at_s = _seconds(row[0])
                if at_s is None:
                    allowed = "a time as 2025-09-26T11:16:44Z or in seconds since 1970"
                    raise ConfigError.one(self._path, f"line {number}", row[0], allowed)
                yield decode.snapshot(asset_id, at_s, row[1:])


class _Decoder:
    """Turns the cells of a line into a snapshot."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        quantities = [QUANTITIES[column.quantity] for column in layout.columns]
        self._lowest = np.array([q.plausible_min for q in quantities])
        self._highest = np.array([q.plausible_max for q in quantities])

    def snapshot(self, asset_id: str, at_s: float, cells: Sequence[str]) -> Snapshot:
        if not any(cells):
            return failed_snapshot(asset_id, self._layout, at_s=at_s, failure=FAILED)
        try:
            values = np.array(list(map(float, cells)))
        except ValueError:  # an empty cell, mostly
            values = np.array([_number(cell or EMPTY) for cell in cells])
        if len(values) != len(self._layout):
            values = self._cut(values)
        quality = np.zeros(len(values), dtype=np.uint8)
        plausible = (values >= self._lowest) & (values <= self._highest)
        if not plausible.all():
            for i in (~plausible).nonzero()[0].tolist():
                quality[i] = _flaw(values[i], cells[i] if i < len(cells) else "")
                values[i] = np.nan
        return Snapshot(asset_id, at_s, self._layout, values, quality)

    def _cut(self, values: np.ndarray) -> np.ndarray:
        # A line that breaks off, or has cells that the header does not name.
        fitting = np.full(len(self._layout), np.nan)
        count = min(len(values), len(fitting))
        fitting[:count] = values[:count]
        return fitting


def _flaw(value: float, cell: str) -> Quality:
    if not math.isnan(value):
        return Quality.IMPLAUSIBLE
    return Quality.UNDECODABLE if cell.strip() else Quality.MISSING


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan


def _seconds(text: str) -> float | None:
    try:
        at_s = float(text)
    except ValueError:
        pass
    else:
        return at_s if math.isfinite(at_s) else None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _layout_of(header: Sequence[str], *, file: str) -> Layout:
    if not header or header[0].strip() != TIME:
        raise ConfigError.one(file, "column 1", header[0] if header else "", f"{TIME}")
    mistakes, columns = [], []
    for number, text in enumerate(header[1:], 2):
        try:
            column = parse_column(text.strip())
        except ValueError as error:
            mistakes.append(Mistake(file, f"column {number}", text, str(error)))
            continue
        if column.quantity not in QUANTITIES:
            allowed = unknown_text("quantity", column.quantity, known=QUANTITIES)
            mistakes.append(Mistake(file, f"column {number}", text, allowed))
        elif column in columns:
            mistakes.append(Mistake(file, f"column {number}", text, "every column once"))
        columns.append(column)
    if mistakes:
        raise ConfigError(tuple(mistakes))
    return Layout.of(columns)


@contextmanager
def _rows_of(path: Path) -> Iterator[Iterator[list[str]]]:
    try:
        with _opened(path) as file:
            yield csv.reader(file)
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        raise ConfigError.one(path, "", "", f"a CSV file that can be read ({error})") from None


def _opened(path: Path) -> TextIO:
    # Bytes that are no UTF-8 cost their cell, not the file; a byte order mark costs nothing.
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
    return path.open(encoding="utf-8-sig", errors="replace", newline="")
