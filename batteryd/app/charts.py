"""The charts of a battery's page, put together from the trends of single columns.

A battery's temperature is many columns. Where the device has sensors, the chart shows the highest
of them and their mean; where it has too many, or none, what its BMS sums up itself. The spread of
the cells is the highest cell minus the lowest, of means: over an hour in which the charge changes,
the highest of the one and the lowest of the other were never there together. All columns of a chart
are read as of one moment: a poll that comes in meanwhile is in all of them or in none.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from batteryd.domain.component import WHOLE_BATTERY
from batteryd.domain.snapshot import Column, Layout
from batteryd.store.trend import Trend, TrendLine
from batteryd.web.chart import Chart, ChartLine, ChartSpan

POINTS_MAX = 1_450  # of one line: the minutes of a day, the hours of a month
SENSORS_MAX = 64  # columns of one chart

_DAY_S = 86_400.0
_SPANS = (("Last 24 hours", _DAY_S), ("Last 30 days", 30 * _DAY_S))

_Read = Callable[[Sequence[Column]], tuple[TrendLine, ...]]  # as of one moment


def charts_of(
    trend: Trend, asset_id: str, layout: Layout, *, now_s: float
) -> tuple[ChartSpan, ...]:
    """Return the charts of a day and of a month that end now.

    Raises:
        StoreError: the journal cannot be read.
    """
    return tuple(
        _span(title, trend, asset_id, layout, from_s=now_s - length_s, to_s=now_s)
        for title, length_s in _SPANS
    )


def _span(
    title: str, trend: Trend, asset_id: str, layout: Layout, *, from_s: float, to_s: float
) -> ChartSpan:
    def read(columns: Sequence[Column]) -> tuple[TrendLine, ...]:
        return trend.lines(asset_id, columns, from_s, to_s, points_max=POINTS_MAX)

    charts = (
        _temperature(layout, read),
        _cell_spread(layout, read),
        _single("Current", "A", "current_a", layout, read, digits=1),
        _single("State of charge", "%", "soc_pct", layout, read),
    )
    return ChartSpan(title, from_s, to_s, charts)


def _temperature(layout: Layout, read: _Read) -> Chart:
    columns = [layout.columns[i] for i in layout.indices("temperature_c")]
    if not 0 < len(columns) <= SENSORS_MAX:
        columns = _whole(layout, "module_temperature_c_max")
    found = read(columns)
    at_s, place = _by_time(line.at_s for line in found)
    hottest = np.full(len(at_s), np.nan)
    total, count = np.zeros(len(at_s)), np.zeros(len(at_s))
    for line, here in zip(found, place, strict=True):
        known = ~np.isnan(line.mean)
        np.fmax.at(hottest, here, line.maximum)
        np.add.at(total, here[known], line.mean[known])
        np.add.at(count, here[known], 1.0)
    mean = np.divide(total, count, out=np.full(len(at_s), np.nan), where=count > 0)
    lines = [ChartLine("hottest", at_s, hottest)]
    if len(columns) > 1:
        lines.append(ChartLine("mean", at_s, mean))
    return Chart("Temperature", "°C", tuple(lines), digits=1, missing=_missing(found))


def _cell_spread(layout: Layout, read: _Read) -> Chart:
    columns = _whole(layout, "cell_voltage_v_max"), _whole(layout, "cell_voltage_v_min")
    if not all(columns):
        why = "the device does not report its highest and lowest cell"
        return Chart("Cell spread", "mV", (), missing=why)
    highest, lowest = read((columns[0][0], columns[1][0]))
    at_s, in_highest, in_lowest = np.intersect1d(highest.at_s, lowest.at_s, return_indices=True)
    spread_mv = (highest.mean[in_highest] - lowest.mean[in_lowest]) * 1000
    line = ChartLine("spread", at_s, spread_mv)
    return Chart("Cell spread", "mV", (line,), missing=_missing((highest, lowest)))


def _single(
    title: str, unit: str, quantity: str, layout: Layout, read: _Read, *, digits: int = 0
) -> Chart:
    columns = _whole(layout, quantity)
    if not columns:
        return Chart(title, unit, (), missing="the device does not report it")
    (found,) = read(columns[:1])
    line = ChartLine("mean", found.at_s, found.mean)
    return Chart(title, unit, (line,), digits=digits, missing=found.missing)


def _whole(layout: Layout, quantity: str) -> list[Column]:
    """Return the column of the whole battery, or else those of its strings, the first first."""
    columns = [layout.columns[i] for i in layout.indices(quantity)]
    columns.sort(key=lambda column: column.component.sort_key)
    whole = [column for column in columns if column.component == WHOLE_BATTERY]
    return whole or columns[:1]


def _by_time(times: Iterable[np.ndarray]) -> tuple[np.ndarray, Sequence[np.ndarray]]:
    """Return every instant once, in order, and where the instants of each line are among them."""
    lines = tuple(times)
    at_s = np.unique(np.concatenate(lines)) if lines else np.empty(0)
    return at_s, [np.searchsorted(at_s, line) for line in lines]


def _missing(lines: Iterable[TrendLine]) -> str:
    return next((line.missing for line in lines if line.missing), "")
