"""Trends as charts: which lines stand in a chart, and where their points lie in it.

A line is broken where nothing was read: a straight stroke over a gap would be a reading that nobody
made. A band shows between which values many lie. The vertical axis is rounded to steps that people
count in, the horizontal one to hours or days of the site.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil, floor, inf, log10
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from batteryd.domain.snapshot import Indices

Numbers = npt.NDArray[np.float64]

WIDTH, HEIGHT = 320.0, 132.0
WIDE = 640.0  # of the picture of an alarm
_LEFT, _RIGHT, _TOP, _BOTTOM = 38.0, 4.0, 8.0, 18.0
_LABEL = 28.0  # how wide an hour is written
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
    is_limit: bool = False  # nothing that was read: where a rule turns

    def known(self) -> "ChartLine":
        """Return the points that have a value."""
        is_known = ~np.isnan(self.value)
        return replace(self, at_s=self.at_s[is_known], value=self.value[is_known])


@dataclass(frozen=True, slots=True, eq=False)
class ChartBand:
    """From the lowest to the highest of many values; neither is NaN."""

    at_s: Numbers
    low: Numbers
    high: Numbers
    name: str = "peers"


@dataclass(frozen=True, slots=True)
class ChartMark:
    """An instant at which something was said: an alarm was raised, say."""

    at_s: float
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """Lines of one unit over the same time."""

    title: str
    unit: str
    lines: tuple[ChartLine, ...]
    digits: int = 0
    missing: str = ""  # what could not be read, in words
    band: ChartBand | None = None
    marks: tuple[ChartMark, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ChartSpan:
    """Charts over one span of time."""

    title: str  # "last 24 hours"
    from_s: float
    to_s: float
    charts: tuple[Chart, ...]
    about: str = ""  # the key of the alarm that it is the picture of


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
    is_limit: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """A chart, laid out. Without strokes nothing was read."""

    strokes: tuple[Stroke, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    band: str = ""  # the data of an SVG path; "" for none
    marks: tuple[Tick, ...] = ()
    zone: str = ""  # of the time axis: "KST"
    width: float = WIDTH
    height: float = HEIGHT
    left: float = _LEFT
    top: float = _TOP
    right: float = WIDTH - _RIGHT
    bottom: float = HEIGHT - _BOTTOM


def plot(chart: Chart, span: ChartSpan, *, time_zone: str, width: float = WIDTH) -> Plot:
    """Lay a chart out."""
    zone = ZoneInfo(time_zone)
    # At the very left a label would run into the name of the zone, at the right out of the chart.
    from_x, to_x = _LEFT + _LABEL / 2, width - _LABEL / 2
    x_ticks = tuple(t for t in _time_ticks(span, zone, width) if from_x < t.at < to_x)
    lines = [line.known() for line in chart.lines]
    lines = [line for line in lines if line.value.size]
    told = datetime.fromtimestamp(span.to_s, zone).strftime("%Z")
    right = width - _RIGHT
    if not any(not line.is_limit for line in lines):
        return Plot((), x_ticks, (), zone=told, width=width, right=right)
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
            Stroke(
                line.name,
                _path(line, _Scale(span, low, high, width)),
                float(line.value[-1]),
                line.is_limit,
            )
            for line in lines
        ),
        x_ticks=x_ticks,
        y_ticks=tuple(Tick(_y(level, low, high), f"{level:.{digits}f}") for level in levels),
        band="" if band is None else _outline(band, _Scale(span, low, high, width)),
        marks=tuple(
            Tick(_x(mark.at_s, span, width), mark.name)
            for mark in chart.marks
            if span.from_s <= mark.at_s <= span.to_s
        ),
        zone=told,
        width=width,
        right=right,
    )


class _Scale(NamedTuple):
    """Where an instant and a value lie in the drawing."""

    span: ChartSpan
    low: float
    high: float
    width: float

    def at(self, at_s: float, value: float) -> str:
        return f"{_x(at_s, self.span, self.width):.1f} {_y(value, self.low, self.high):.1f}"


def _step(low: float, high: float, *, finest: float) -> float:
    """Return 1, 2 or 5 times a power of ten, so that a few of them cover the range."""
    width = max((high - low) / _STEPS, finest)
    power = 10.0 ** floor(log10(width))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= width * (1 - 1e-9))


def _path(line: ChartLine, scale: _Scale) -> str:
    parts: list[str] = []
    for run in _runs(line):
        points = [
            scale.at(at_s, value)
            for at_s, value in zip(line.at_s[run], line.value[run], strict=True)
        ]
        # A single point has no length; a round cap on a tiny stroke shows it.
        parts.append(f"M{'L'.join(points)}" if len(points) > 1 else f"M{points[0]}h.01")
    return "".join(parts)


def _outline(band: ChartBand, scale: _Scale) -> str:
    """Return the way along the lower edge and back along the upper one, for each run."""
    parts: list[str] = []
    for run in _runs(band):
        at_s = band.at_s[run]
        edges = (
            *zip(at_s, band.low[run], strict=True),
            *zip(at_s[::-1], band.high[run][::-1], strict=True),
        )
        parts.append(f"M{'L'.join(scale.at(at_s, value) for at_s, value in edges)}Z")
    return "".join(parts)


def _runs(drawn: ChartLine | ChartBand) -> Sequence[Indices]:
    """Return the places of points that follow one another without a gap."""
    between_s = np.diff(drawn.at_s)
    places = np.arange(len(drawn.at_s))
    if not between_s.size:
        return [places]
    return np.split(places, np.flatnonzero(between_s > _GAP * np.median(between_s)) + 1)


def _x(at_s: float, span: ChartSpan, width: float) -> float:
    part = (at_s - span.from_s) / (span.to_s - span.from_s)
    return _LEFT + min(1.0, max(0.0, part)) * (width - _LEFT - _RIGHT)


def _y(value: float, low: float, high: float) -> float:
    return HEIGHT - _BOTTOM - (value - low) / (high - low) * (HEIGHT - _TOP - _BOTTOM)


def _time_ticks(span: ChartSpan, zone: ZoneInfo, width: float) -> Iterator[Tick]:
    """Yield the full steps of local time that suit the length of the span."""
    length_s = span.to_s - span.from_s
    step, form = next((step, form) for longest_s, step, form in _TIMES if length_s <= longest_s)
    at = datetime.fromtimestamp(span.from_s, zone).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    while at.timestamp() < span.to_s:
        if at.timestamp() > span.from_s:
            yield Tick(_x(at.timestamp(), span, width), at.strftime(form))
        at += step
