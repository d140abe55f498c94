"""Reads a recording: a wide CSV (gzip where the name ends in .gz), one poll a line.

The first column is `time` (ISO 8601, UTC where no zone is given, or seconds since 1970), the others
are `component:quantity`, such as `s1/m03/t1:temperature_c`. An empty cell is a missing value, one
that is no number or not plausible a bad one; neither costs the rest of its line. A line with
nothing but the time is a failed poll. A header or a time that cannot be read is a mistake: whatever
followed it would be guessed.
"""

import csv
import gzip
import itertools
import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from batteryd.domain.quantity import QUANTITIES
from batteryd.domain.snapshot import Layout, Snapshot, failed_snapshot, parse_column
from batteryd.errors import ConfigError, Mistake
from batteryd.mistakes import unknown_text
from batteryd.replay.lines import BLOCK_LINES, LineReader, Row

TIME = "time"
MISTAKES_MAX = 20  # times that cannot be read: more say nothing that these do not
FAILED = "the recording has no values for this poll"


class Recording:
    """A file with its layout; `snapshots` reads it line by line."""

    def __init__(self, path: Path) -> None:
        """Read the header.

        Raises:
            ConfigError: with everything that is wrong in it.
        """
        self._path = path
        with _lines_of(path) as lines:
            self.layout = _layout_of(next(csv.reader(lines), []), file=str(path))

    def snapshots(self, asset_id: str) -> Iterator[Snapshot]:
        """Yield one snapshot a line, in the order of the file.

        Raises:
            ConfigError: times that cannot be read (the first of them, where there are very many),
                or a file that breaks off.
        """
        with _lines_of(self._path) as lines:
            next(lines)
            rows = self._rows(lines)
            for number, row in rows:
                at_s = _seconds(row.time)
                if at_s is None:
                    mistaken = itertools.chain([(number, row)], rows)
                    found = itertools.islice(self._mistaken(mistaken), MISTAKES_MAX)
                    raise ConfigError(tuple(found))
                yield self._snapshot(asset_id, at_s, row)

    def _rows(self, lines: Iterator[str]) -> Iterator[tuple[int, Row]]:
        """Yield what stands in each line, with its number; empty lines are nothing."""
        reader = LineReader(self.layout)
        numbers = itertools.count(2)
        while block := list(itertools.islice(lines, BLOCK_LINES)):
            for row in reader.rows(block):
                number = next(numbers)
                if row.time or row.values is not None:
                    yield number, row

    def _mistaken(self, rows: Iterable[tuple[int, Row]]) -> Iterator[Mistake]:
        """Yield a mistake for each time that cannot be read."""
        allowed = "a time as 2025-09-26T11:16:44Z or in seconds since 1970"
        for number, row in rows:
            if _seconds(row.time) is None:
                yield Mistake(str(self._path), f"line {number}", row.time, allowed)

    def _snapshot(self, asset_id: str, at_s: float, row: Row) -> Snapshot:
        if row.values is None or row.quality is None:
            return failed_snapshot(asset_id, self.layout, at_s=at_s, failure=FAILED)
        return Snapshot(asset_id, at_s, self.layout, row.values, row.quality)


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
        others = "the others are component:quantity, with commas between"
        allowed = f"a header whose first column is {TIME}; {others}"
        raise ConfigError.one(file, "column 1", header[0] if header else "", allowed)
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
def _lines_of(path: Path) -> Iterator[Iterator[str]]:
    try:
        with _opened(path) as file:
            yield file
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        because = getattr(error, "strerror", None) or error
        raise ConfigError.one(path, "", "", f"a CSV file that can be read ({because})") from None


def _opened(path: Path) -> TextIO:
    # Bytes that are no UTF-8 cost their cell, not the file; a byte order mark costs nothing.
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
    return path.open(encoding="utf-8-sig", errors="replace", newline="")
