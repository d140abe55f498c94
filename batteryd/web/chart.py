"""Trends as charts: which lines stand in a chart, and where their points lie in it.

A line is broken where nothing was read: a straight stroke over a gap would be a reading that nobody
made. A band shows between which values many lie. The vertical axis is rounded to steps that people
count in, the horizontal one to hours or days of the site.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor, inf, log10
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from batteryd.domain.snapshot import Indices

Numbers = npt.NDArray[np.float64]

WIDTH, HEIGHT = 320.0, 132.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 38.0, 4.0, 8.0, 18.0
_STEPS = 4  # at most so many on the vertical axis
# The longest span in seconds, the step of its marks, and how they are written.
_TIMES = (
    (9 * 3600, timedelta(hours=1), "%H:%M"),
    (2 * 86_400, timedelta(hours=6), "%H:%M"),
    (inf, timedelta(days=7), "%d %b"),
)
_GAP = 2.5  # periods without a point that break a line


@dataclass(frozen=True, slots=True, eq=False)
class ChartLine:
    """One line by time. `at_s` is when each period begins; a value may be NaN."""

    name: str
    at_s: Numbers
    value: Numbers

    def known(self) -> "ChartLine":
        """Return the points that have a value."""
        is_known = ~np.isnan(self.value)
        return ChartLine(self.name, self.at_s[is_known], self.value[is_known])


@dataclass(frozen=True, slots=True, eq=False)
class ChartBand:
    """From the lowest to the highest of many values; neither is NaN."""

    at_s: Numbers
    low: Numbers
    high: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """Lines of one unit over the same time."""

    title: str
    unit: str
    lines: tuple[ChartLine, ...]
    digits: int = 0
    missing: str = ""  # what could not be read, in words
    band: ChartBand | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ChartSpan:
    """Charts over one span of time."""

    title: str  # "last 24 hours"
    from_s: float
    to_s: float
    charts: tuple[Chart, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis, in the drawing's own units."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line of a chart: the data of an SVG path, and what it is called."""

    name: str
    path: str
    last: float


@dataclass(frozen=True, slots=True)
class Plot:
    """A chart, laid out. Without strokes nothing was read."""

    strokes: tuple[Stroke, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    band: str = ""  # the data of an SVG path; "" for none
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    bottom: float = HEIGHT - _BOTTOM


def plot(chart: Chart, span: ChartSpan, *, time_zone: str) -> Plot:
    """Lay a chart out."""
    x_ticks = tuple(_time_ticks(span, ZoneInfo(time_zone)))
    lines = [line.known() for line in chart.lines]
    lines = [line for line in lines if line.value.size]
    if not lines:
        return Plot((), x_ticks, ())
    band = chart.band if chart.band is not None and chart.band.at_s.size else None
    around = () if band is None else (band.low, band.high)
    values = np.concatenate([*(line.value for line in lines), *around])
    step = _step(float(values.min()), float(values.max()), finest=10.0**-chart.digits)
    low = floor(float(values.min()) / step) * step
    high = max(low + step, ceil(float(values.max()) / step) * step)
    digits = max(0, -floor(log10(step) + 1e-9))
    levels = [low + n * step for n in range(round((high - low) / step) + 1)]
    return Plot(
        strokes=tuple(
            Stroke(line.name, _path(line, span, low, high), float(line.value[-1])) for line in lines
        ),
        x_ticks=x_ticks,
        y_ticks=tuple(Tick(_y(level, low, high), f"{level:.{digits}f}") for level in levels),
        band="" if band is None else _outline(band, span, low, high),
    )


def _step(low: float, high: float, *, finest: float) -> float:
    """Return 1, 2 or 5 times a power of ten, so that a few of them cover the range."""
    width = max((high - low) / _STEPS, finest)
    power = 10.0 ** floor(log10(width))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= width * (1 - 1e-9))


def _path(line: ChartLine, span: ChartSpan, low: float, high: float) -> str:
    parts: list[str] = []
    for run in _runs(line):
        points = [
            f"{_x(at_s, span):.1f} {_y(value, low, high):.1f}"
            for at_s, value in zip(line.at_s[run], line.value[run], strict=True)
        ]
        # A single point has no length; a round cap on a tiny stroke shows it.
        parts.append(f"M{'L'.join(points)}" if len(points) > 1 else f"M{points[0]}h.01")
    return "".join(parts)


def _outline(band: ChartBand, span: ChartSpan, low: float, high: float) -> str:
    """Return the way along the lower edge and back along the upper one, for each run."""
    parts: list[str] = []
    for run in _runs(band):
        at_s = band.at_s[run]
        edges = (
            *zip(at_s, band.low[run], strict=True),
            *zip(at_s[::-1], band.high[run][::-1], strict=True),
        )
        points = (f"{_x(t, span):.1f} {_y(value, low, high):.1f}" for t, value in edges)
        parts.append(f"M{'L'.join(points)}Z")
    return "".join(parts)


def _runs(drawn: ChartLine | ChartBand) -> Sequence[Indices]:
    """Return the places of points that follow one another without a gap."""
    between_s = np.diff(drawn.at_s)
    places = np.arange(len(drawn.at_s))
    if not between_s.size:
        return [places]
    return np.split(places, np.flatnonzero(between_s > _GAP * np.median(between_s)) + 1)


def _x(at_s: float, span: ChartSpan) -> float:
    part = (at_s - span.from_s) / (span.to_s - span.from_s)
    return _LEFT + min(1.0, max(0.0, part)) * (WIDTH - _LEFT - _RIGHT)


def _y(value: float, low: float, high: float) -> float:
    return HEIGHT - _BOTTOM - (value - low) / (high - low) * (HEIGHT - _TOP - _BOTTOM)


def _time_ticks(span: ChartSpan, zone: ZoneInfo) -> Iterator[Tick]:
    """Yield the full steps of local time that suit the length of the span."""
    length_s = span.to_s - span.from_s
    step, form = next((step, form) for longest_s, step, form in _TIMES if length_s <= longest_s)
    at = datetime.fromtimestamp(span.from_s, zone).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    while at.timestamp() < span.to_s:
        if at.timestamp() > span.from_s:
            yield Tick(_x(at.timestamp(), span), at.strftime(form))
        at += step
