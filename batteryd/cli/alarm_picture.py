"""The last hours of what an alarm is about against its peers, drawn in a line of characters.

All lines share one scale, so that what is high stands high. Each character is a stretch of time and
stands for the mean of what was read in it; where nothing was read it is blank.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from batteryd.cli.frame import instant
from batteryd.rules.words import duration

if TYPE_CHECKING:
    from batteryd.cli.work_common import Desk
    from batteryd.domain.alarm import Alarm
    from batteryd.web.chart import Chart, ChartSpan

WIDTH = 48  # characters
_LEVELS = "▁▂▃▄▅▆▇█"

Numbers = npt.NDArray[np.float64]


class _Row(NamedTuple):
    """One line of the picture, in `WIDTH` stretches of time; NaN where nothing is known."""

    name: str
    values: Numbers


def picture_in(at: "Desk", alarm: "Alarm") -> "ChartSpan | None":
    """Return the picture of an alarm; None where there is no journal, or nothing to compare.

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
        return picture_of(Trend(journal), alarm, asset, newest.layout, now_s=at.now_s)


def picture_lines(span: "ChartSpan") -> Iterator[str]:
    """Yield the picture: its title, its time, and a line for each thing that is compared."""
    for chart in span.charts:
        step = duration((span.to_s - span.from_s) / WIDTH)
        yield f"{chart.title}, {chart.unit}"
        yield f"  {instant(span.from_s)} to {instant(span.to_s)}, a character is {step}"
        rows = tuple(_rows(chart, span))
        known = np.concatenate([row.values[~np.isnan(row.values)] for row in rows])
        if not known.size:
            yield "  nothing was read"
            continue
        low, high = float(known.min()), float(known.max())
        width = max(len(row.name) for row in rows)
        for name, values in rows:
            drawn = "".join(_character(value, low, high) for value in values)
            yield f"  {name:<{width}}  {drawn}  {_range(values, chart.digits)}"


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
        "lines": {
            row.name: [None if np.isnan(v) else round(float(v), chart.digits) for v in row.values]
            for row in _rows(chart, span)
        },
    }


def _rows(chart: "Chart", span: "ChartSpan") -> Iterator[_Row]:
    lines = [(line.name, line.at_s, line.value) for line in chart.lines]
    if chart.band is not None:
        lines.append(("highest peer", chart.band.at_s, chart.band.high))
        lines.append(("lowest peer", chart.band.at_s, chart.band.low))
    for name, at_s, values in lines:
        yield _Row(name, _means(at_s, values, span))


def _means(at_s: Numbers, values: Numbers, span: "ChartSpan") -> Numbers:
    is_known = ~np.isnan(values)
    part = (at_s[is_known] - span.from_s) / (span.to_s - span.from_s)
    place = np.clip((part * WIDTH).astype(int), 0, WIDTH - 1)
    count = np.bincount(place, minlength=WIDTH)
    total = np.bincount(place, values[is_known], minlength=WIDTH)
    means = np.full(WIDTH, np.nan)
    np.divide(total, count, out=means, where=count > 0)
    return means


def _character(value: float, low: float, high: float) -> str:
    if np.isnan(value):
        return " "
    part = (value - low) / (high - low) if high > low else 0.0
    return _LEVELS[min(len(_LEVELS) - 1, int(part * len(_LEVELS)))]


def _range(values: Numbers, digits: int) -> str:
    known = values[~np.isnan(values)]
    if not known.size:
        return "nothing was read"
    low, high, last = known.min(), known.max(), known[-1]
    return f"{low:.{digits}f} to {high:.{digits}f}, last {last:.{digits}f}"
