"""What a picture is drawn from: the columns of a rack over one span of time, all in step.

Of many columns, some evenly chosen ones stand for all. The middle of a rack is the median of what
is drawn of it, and the band reaches from the lowest to the highest.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from batteryd.domain.component import WHOLE_BATTERY, Component
from batteryd.domain.inventory import Asset
from batteryd.domain.snapshot import Column, Layout
from batteryd.store.trend import Trend, TrendLine
from batteryd.web.chart import ChartBand

POINTS_MAX = 1_450  # that are read of a column: the minutes of a day
POINTS_DRAWN = 500
COLUMNS_MAX = 32  # of peers, and of a component's own

Numbers = npt.NDArray[np.float64]


class Span(NamedTuple):
    """From when to when, seconds since 1970."""

    from_s: float
    to_s: float


class Compared:
    """The columns of one asset, over one span."""

    def __init__(self, trend: Trend, asset: Asset, layout: Layout, span: Span) -> None:
        self.asset, self.layout, self.span = asset, layout, span
        self._trend = trend

    def columns(self, quantity: str, *, string: int | None = None) -> list[Column]:
        """Return the columns of a quantity inside modules, of one string."""
        found = [self.layout.columns[i] for i in self.layout.indices(quantity)]
        return [c for c in found if c.component.module is not None and c.component.string == string]

    def of_rack(self, quantity: str, string: int | None) -> list[Column]:
        """Return where a rack, or else the whole battery, has a quantity: one column, or none."""
        places = (Column(Component(string=string), quantity), Column(WHOLE_BATTERY, quantity))
        return [column for column in places if column in self.layout.index][:1]

    def in_step(self, *groups: Sequence[Column]) -> tuple[Numbers, ...]:
        """Return every instant once, then each group: a row a column, NaN where nothing was read.

        Raises:
            StoreError: the journal cannot be read.
        """
        lines = self._read([_some(group) for group in groups])
        times = [line.at_s for group in lines for line in group]
        at_s = np.unique(np.concatenate(times)) if times else np.empty(0)
        rows = [_rows(group, at_s) for group in lines]
        count = -(-len(at_s) // POINTS_DRAWN)
        return at_s[:: max(1, count)], *(_folded(group, count) for group in rows)

    def _read(self, groups: Sequence[Sequence[Column]]) -> list[tuple[TrendLine, ...]]:
        """Return the lines of each group, all as of one moment."""
        columns, span = list(chain.from_iterable(groups)), self.span
        lines = iter(
            self._trend.lines(
                self.asset.asset_id, columns, span.from_s, span.to_s, points_max=POINTS_MAX
            )
        )
        return [tuple(islice(lines, len(group))) for group in groups]


def middle(rows: Numbers) -> Numbers:
    """Return the median of all rows at each instant; NaN where no row has a value."""
    known = ~np.isnan(rows).all(axis=0)
    found = np.full(rows.shape[1], np.nan)
    if len(rows):
        found[known] = np.nanmedian(rows[:, known], axis=0)
    return found


def band(at_s: Numbers, rows: Numbers, *, name: str = "peers") -> ChartBand:
    """Return from where to where the rows reach."""
    known = ~np.isnan(rows).all(axis=0) if len(rows) else np.zeros(len(at_s), dtype=bool)
    return ChartBand(at_s[known], _least(rows[:, known]), _most(rows[:, known]), name)


def spread(rows: Numbers) -> Numbers:
    """Return by how much the rows differ at each instant."""
    return _most(rows) - _least(rows)


def _least(rows: Numbers) -> Numbers:
    return np.fmin.reduce(rows, axis=0) if len(rows) else np.full(rows.shape[1], np.nan)


def _most(rows: Numbers) -> Numbers:
    return np.fmax.reduce(rows, axis=0) if len(rows) else np.full(rows.shape[1], np.nan)


def _rows(lines: Iterable[TrendLine], at_s: Numbers) -> Numbers:
    lines = tuple(lines)
    found = np.full((len(lines), len(at_s)), np.nan)
    for row, line in zip(found, lines, strict=True):
        row[np.searchsorted(at_s, line.at_s)] = line.mean
    return found


def _folded(rows: Numbers, count: int) -> Numbers:
    """Return the means of so many instants each; the last may be of fewer."""
    if count <= 1:
        return rows
    missing = -rows.shape[1] % count
    padded = np.pad(rows, ((0, 0), (0, missing)), constant_values=np.nan)
    parts = padded.reshape(len(rows), -1, count)
    known = ~np.isnan(parts)
    means = np.full(parts.shape[:2], np.nan)
    np.divide(np.nansum(parts, axis=2), known.sum(axis=2), out=means, where=known.any(axis=2))
    return means


def _some(columns: Sequence[Column]) -> Sequence[Column]:
    """Return at most `COLUMNS_MAX` of them, evenly chosen."""
    if len(columns) <= COLUMNS_MAX:
        return columns
    return [columns[i] for i in np.linspace(0, len(columns) - 1, COLUMNS_MAX).round().astype(int)]
