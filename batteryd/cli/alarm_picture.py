"""The last hours of what an alarm is about against its peers, drawn in characters.

Rows are steps of the value, columns stretches of time; a character stands for the mean of what was
read in its stretch, and where nothing was read it is blank. The band of the peers lies below
everything else, then limits, then what was read, so that nothing hides the line in question.
"""

import shutil
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from batteryd.cli.frame import instant
from batteryd.rules.words import duration

if TYPE_CHECKING:
    from batteryd.cli.work_common import Desk
    from batteryd.domain.alarm import Alarm
    from batteryd.web.chart import Chart, ChartSpan

WIDTH = 48  # numbers a line, for programs
HEIGHT = 12  # rows
COLUMNS_MIN, COLUMNS_MAX = 40, 100
_BAND, _LIMIT, _MARK = "░", "╌", "│"
_LINES = "●○─+"
_EDGES = "^_"  # of the band: not drawn themselves
_SILENT_S = 6 * 3600.0  # a daemon that read nothing for so long is not running

Numbers = npt.NDArray[np.float64]


class _Row(NamedTuple):
    """One line of the picture, in equal stretches of time; NaN where nothing is known."""

    name: str
    values: Numbers
    sign: str


def picture_in(at: "Desk", alarm: "Alarm") -> "ChartSpan | None":
    """Return the picture of an alarm; None where there is no journal, or nothing to draw.

    It ends now, or with what was read last where no daemon has read anything for hours, or where
    the daemon lives in another time (a demo).

    Raises:
        StoreError: the journal cannot be read.
    """
    from contextlib import closing

    from batteryd.app.peers import picture_of
    from batteryd.store.disk import DiskReserve
    from batteryd.store.journal import Journal
    from batteryd.store.journal_file import open_journal_file
    from batteryd.store.trend import Trend

    state_dir = at.configuration.settings.daemon.state_dir
    path, asset = state_dir / "journal.db", at.inventory.assets.get(alarm.key.asset_id)
    if asset is None or not path.exists():
        return None
    with closing(open_journal_file(path)) as file:
        journal = Journal(file, reserve=DiskReserve(state_dir, size_bytes=0))
        newest = journal.latest().get(asset.asset_id)
        if newest is None:
            return None
        is_live = 0 <= at.now_s - newest.observed_at_s <= _SILENT_S
        now_s = at.now_s if is_live else newest.observed_at_s
        return picture_of(Trend(journal), alarm, asset, newest.layout, now_s=now_s)


def picture_lines(span: "ChartSpan", *, columns: int | None = None) -> Iterator[str]:
    """Yield the picture, as wide as the terminal: title, drawing with its axes, and the key."""
    (chart,) = span.charts
    columns = columns or shutil.get_terminal_size().columns
    width = min(COLUMNS_MAX, max(COLUMNS_MIN, columns - 10))
    yield f"{chart.title}, {chart.unit}"
    rows = tuple(_rows(chart, span, width))
    known = np.concatenate([row.values[~np.isnan(row.values)] for row in rows])
    if not any(not np.isnan(row.values).all() for row in rows if row.sign != _LIMIT):
        yield "  nothing was read"
        return
    low, high = float(known.min()), float(known.max())
    high = max(high, low + 10.0**-chart.digits)
    yield from _drawn(chart, span, rows, low=low, high=high)
    yield from _key(chart, rows, columns=columns)


def picture_as_json(span: "ChartSpan | None") -> dict[str, object] | None:
    """Return what the picture shows as plain JSON values."""
    if span is None:
        return None
    (chart,) = span.charts
    return {
        "title": chart.title,
        "unit": chart.unit,
        "from": instant(span.from_s),
        "to": instant(span.to_s),
        "marks": [{"at": instant(mark.at_s), "name": mark.name} for mark in chart.marks],
        "lines": {
            row.name: [None if np.isnan(v) else round(float(v), chart.digits) for v in row.values]
            for row in _rows(chart, span, WIDTH)
        },
    }


def _drawn(
    chart: "Chart", span: "ChartSpan", rows: Sequence[_Row], *, low: float, high: float
) -> Iterator[str]:
    """Yield the drawing with its axes."""
    width = len(rows[0].values)
    for number, line in enumerate(_painted(chart, span, rows, low=low, high=high)):
        level = high - (high - low) * number / (HEIGHT - 1)
        label = f"{level:.{chart.digits}f}" if number % 2 == 0 or number == HEIGHT - 1 else ""
        yield f"{label:>8}┤{''.join(line)}".rstrip()
    yield f"{'':>8}└{'─' * width}"
    yield f"{'':>9}{_time_axis(span, width)}"


def _painted(
    chart: "Chart", span: "ChartSpan", rows: Sequence[_Row], *, low: float, high: float
) -> npt.NDArray[np.str_]:
    """Return the characters: the band first, then marks, then limits, then what was read."""
    width = len(rows[0].values)
    cells = np.full((HEIGHT, width), " ")
    for top, bottom in _edges(rows):
        for column in (~np.isnan(top)).nonzero()[0]:
            first, last = (_row_at(edge[column], low, high) for edge in (top, bottom))
            cells[first : last + 1, column] = _BAND
    for mark in chart.marks:
        if span.from_s <= mark.at_s <= span.to_s:
            cells[:, _column_at(mark.at_s, span, width)] = _MARK
    lines = [row for row in rows if row.sign not in _EDGES]
    for row in sorted(lines, key=lambda r: r.sign != _LIMIT):
        for column in (~np.isnan(row.values)).nonzero()[0]:
            cells[_row_at(row.values[column], low, high), column] = row.sign
    return cells


def _edges(rows: Sequence[_Row]) -> Iterator[tuple[Numbers, Numbers]]:
    edges = [row.values for row in rows if row.sign in _EDGES]
    if edges:
        yield edges[0], edges[1]


def _time_axis(span: "ChartSpan", width: int) -> str:
    first, last = instant(span.from_s), instant(span.to_s)
    step = f"a character is {duration((span.to_s - span.from_s) / width)}"
    middle = step if width >= len(first) + len(step) + len(last) + 4 else ""
    return f"{first}{middle:^{width - len(first) - len(last)}}{last}"


def _key(chart: "Chart", rows: Sequence[_Row], *, columns: int) -> Iterator[str]:
    """Yield what each sign stands for, as many on a line as fit."""
    parts = [
        f"{row.sign} {row.name} {_range(row.values, chart.digits)}"
        for row in rows
        if row.sign not in _EDGES and not np.isnan(row.values).all()
    ]
    if chart.band is not None and chart.band.at_s.size:
        low, high = float(chart.band.low.min()), float(chart.band.high.max())
        parts.append(f"{_BAND} {chart.band.name} {low:.{chart.digits}f} to {high:.{chart.digits}f}")
    parts += [f"{_MARK} {mark.name} {instant(mark.at_s)}" for mark in chart.marks]
    line = ""
    for part in parts:
        if line and len(line) + len(part) + 5 > columns:
            yield line
            line = ""
        line = f"{line}   {part}" if line else f"  {part}"
    yield line


def _rows(chart: "Chart", span: "ChartSpan", width: int) -> Iterator[_Row]:
    signs = iter(_LINES)
    for line in chart.lines:
        sign = _LIMIT if line.is_limit else next(signs, _LINES[-1])
        yield _Row(line.name, _means(line.at_s, line.value, span, width), sign)
    if chart.band is not None:
        band = chart.band
        yield _Row("highest peer", _means(band.at_s, band.high, span, width), _EDGES[0])
        yield _Row("lowest peer", _means(band.at_s, band.low, span, width), _EDGES[1])


def _means(at_s: Numbers, values: Numbers, span: "ChartSpan", width: int) -> Numbers:
    is_known = ~np.isnan(values)
    part = (at_s[is_known] - span.from_s) / (span.to_s - span.from_s)
    place = np.clip((part * width).astype(int), 0, width - 1)
    count = np.bincount(place, minlength=width)
    total = np.bincount(place, values[is_known], minlength=width)
    means = np.full(width, np.nan)
    np.divide(total, count, out=means, where=count > 0)
    return means


def _row_at(value: float, low: float, high: float) -> int:
    return round((high - value) / (high - low) * (HEIGHT - 1))


def _column_at(at_s: float, span: "ChartSpan", width: int) -> int:
    part = (at_s - span.from_s) / (span.to_s - span.from_s)
    return min(width - 1, int(part * width))


def _range(values: Numbers, digits: int) -> str:
    known = values[~np.isnan(values)]
    low, high = f"{known.min():.{digits}f}", f"{known.max():.{digits}f}"
    return low if low == high else f"{low} to {high}, last {known[-1]:.{digits}f}"
