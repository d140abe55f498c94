"""How one quantity of a battery went, as a table and as a picture.

The picture shows at each instant the span from the lowest to the highest value of all components,
and their mean: what a spread or a rise looks like over years. It is drawn from the same numbers
that the table has, in at most `COLUMNS_MAX` steps, and a gap in the data stays a gap.
"""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

COLUMNS_MAX = 600

_FACE = "Noto Sans KR"
_WIDTH, _HEIGHT = 680.0, 150.0
_LEFT, _RIGHT, _TOP, _BASE = 44.0, 672.0, 10.0, 126.0
_GAP_FACTOR = 4.0  # periods without a value after which the line is not drawn on
_DATES_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Series:
    """One component over time; arrays of equal length, by time, NaN where nothing good was read."""

    component: str  # "s1/m03", or "-"
    at_s: Numbers  # where a period begins
    minimum: Numbers
    mean: Numbers
    maximum: Numbers


@dataclass(frozen=True, slots=True)
class TrendTable:
    """One quantity, all its components."""

    quantity: str
    unit: str
    series: tuple[Series, ...]
    missing: str = ""  # what could not be read, in words
    is_flag: bool = False  # 0 or 1

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not any(np.isfinite(series.mean).any() for series in self.series)


def trend_csv(table: TrendTable) -> bytes:
    """Return the table: time (UTC), component, and the lowest, mean and highest of each period."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("time", "component", "minimum", "mean", "maximum"))
    for series in table.series:
        columns = (series.at_s, series.minimum, series.mean, series.maximum)
        for at_s, *values in zip(*(column.tolist() for column in columns), strict=True):
            at = datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds")
            writer.writerow((at.replace("+00:00", "Z"), series.component, *map(_cell, values)))
    return text.getvalue().encode()


def trend_svg(table: TrendTable, *, zone: str) -> bytes:
    """Return the picture as SVG, 680 by 150 units; `table` is not empty."""
    at_s, low, mean, high = _folded(table.series)
    bottom, top = _bounds(low, high, is_flag=table.is_flag)
    x = _scaled(at_s, at_s[0], at_s[-1], _LEFT, _RIGHT)
    lines = [_scaled(values, bottom, top, _BASE, _TOP) for values in (low, mean, high)]
    drawn = (
        *_frame(bottom, top, table.unit),
        *_dates(at_s[0], at_s[-1], zone),
        *(_piece(x[run], *(line[run] for line in lines)) for run in _runs(at_s)),
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}"'
        f' width="{_WIDTH:g}" height="{_HEIGHT:g}" font-family="{_FACE}" font-size="9">'
        f"{''.join(drawn)}</svg>"
    ).encode()


def _cell(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6g}"


def _folded(series: Sequence[Series]) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Return all components in one, in at most `COLUMNS_MAX` steps: time, low, mean, high."""
    at_s, low, mean, high = (
        np.concatenate([getattr(one, name) for one in series])
        for name in ("at_s", "minimum", "mean", "maximum")
    )
    known = np.isfinite(mean)
    at_s, low, mean, high = at_s[known], low[known], mean[known], high[known]
    step_s = max((at_s.max() - at_s.min()) / (COLUMNS_MAX - 1), 1e-3)
    place = ((at_s - at_s.min()) // step_s).astype(np.int64)
    order = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    counts = np.diff(starts, append=len(order))
    return (
        np.minimum.reduceat(at_s[order], starts),
        np.minimum.reduceat(low[order], starts),
        np.add.reduceat(mean[order], starts) / counts,
        np.maximum.reduceat(high[order], starts),
    )


def _bounds(low: Numbers, high: Numbers, *, is_flag: bool) -> tuple[float, float]:
    """Return the ends of the scale: a little more than what was read, of flags 0 and 1."""
    bottom, top = float(low.min()), float(high.max())
    if is_flag:
        return 0.0, 1.0
    margin = (top - bottom) * 0.05 or max(abs(top) * 0.05, 0.5)
    return bottom - margin, top + margin


def _scaled(values: Numbers, low: float, high: float, start: float, end: float) -> Numbers:
    width = high - low or 1.0
    return start + (values - low) / width * (end - start)


def _runs(at_s: Numbers) -> Iterator[slice]:
    """Yield the stretches without a gap."""
    steps_s = np.diff(at_s)
    usual_s = float(np.median(steps_s)) if len(steps_s) else 0.0
    breaks = np.flatnonzero(steps_s > usual_s * _GAP_FACTOR) + 1
    edges = [0, *breaks.tolist(), len(at_s)]
    for first, end in pairwise(edges):
        yield slice(first, end)


def _piece(x: Numbers, low: Numbers, mean: Numbers, high: Numbers) -> str:
    if len(x) == 1:  # a lone reading between two gaps is a dot, not nothing
        return f'<circle cx="{x[0]:.1f}" cy="{mean[0]:.1f}" r="1.2" fill="#1a1a1a"/>'
    band = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, high, strict=True))
    back = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x[::-1], low[::-1], strict=True))
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, mean, strict=True))
    return (
        f'<polygon points="{band} {back}" fill="#c9c9c9"/>'
        f'<polyline points="{line}" fill="none" stroke="#1a1a1a" stroke-width="0.9"/>'
    )


def _frame(bottom: float, top: float, unit: str) -> Iterator[str]:
    for share in (0.0, 0.5, 1.0):
        y = _BASE + (_TOP - _BASE) * share
        value = f"{bottom + (top - bottom) * share:.4g} {unit}".strip()
        yield f'<path d="M{_LEFT:g} {y:g}H{_RIGHT:g}" stroke="#cccccc" stroke-width="0.5"/>'
        yield f'<text x="{_LEFT - 4:g}" y="{y + 3:g}" text-anchor="end">{value}</text>'


def _dates(first_s: float, last_s: float, zone: str) -> Iterator[str]:
    form = "%Y-%m-%d" if last_s - first_s > 3 * 86_400 else "%m-%d %H:%M"
    for number in range(_DATES_SHOWN):
        share = number / (_DATES_SHOWN - 1)
        at = datetime.fromtimestamp(first_s + (last_s - first_s) * share, ZoneInfo(zone))
        anchor = ("start", "middle", "end")[(number > 0) + (number == _DATES_SHOWN - 1)]
        x = _LEFT + (_RIGHT - _LEFT) * share
        yield f'<text x="{x:.1f}" y="{_BASE + 13:g}" text-anchor="{anchor}">{at:{form}}</text>'
