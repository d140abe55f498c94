"""The last hours of what an alarm is about, beside the same values of its peers.

A number says how far a module is from its peers; a picture says whether it left them an hour ago or
was never with them. What is drawn is the worst of the component's own values (the hottest sensor of
a module, its lowest cell), the median of the peers, and the band that they lie in. Peers are the
values of the same kind in the same rack. Of many, some evenly chosen ones stand for all.

The picture begins some time before the alarm was raised and ends soon after it returned, or now.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from batteryd.domain.alarm import Alarm
from batteryd.domain.component import Component
from batteryd.domain.inventory import Asset
from batteryd.domain.quantity import QUANTITIES
from batteryd.domain.snapshot import Column, Layout
from batteryd.rules.words import place
from batteryd.store.trend import Trend, TrendLine
from batteryd.web.chart import Chart, ChartBand, ChartLine, ChartSpan

HOURS_S, HOURS_S_MAX = 6 * 3600.0, 48 * 3600.0
BEFORE_S, AFTER_S = 2 * 3600.0, 3600.0  # what is shown around an alarm
POINTS_MAX = 400
COLUMNS_MAX = 32  # of peers, and of a component's own

_TEMPERATURE, _VOLTAGE = "temperature_c", "cell_voltage_v"
_DIGITS = {_TEMPERATURE: 1, _VOLTAGE: 3}

Numbers = npt.NDArray[np.float64]


class _Chosen(NamedTuple):
    """Which columns are drawn."""

    quantity: str
    own: Sequence[Column]
    peers: Sequence[Column]
    peer_count: int  # modules where the alarm is about a module, however many values each has


def picture_of(
    trend: Trend, alarm: Alarm, asset: Asset, layout: Layout, *, now_s: float
) -> ChartSpan | None:
    """Return the picture; None where the alarm is about nothing that has peers.

    Raises:
        StoreError: the journal cannot be read.
    """
    chosen = _chosen(alarm, layout)
    if chosen is None:
        return None
    from_s, to_s = _span_s(alarm, now_s=now_s)

    def read(columns: Iterable[Column]) -> list[TrendLine]:
        return [
            trend.query(asset.asset_id, column, from_s, to_s, points_max=POINTS_MAX)
            for column in _some(tuple(columns))
        ]

    at_s, own, peers = _in_step(read(chosen.own), read(chosen.peers))
    name = place(alarm.key.component, asset)
    quantity = chosen.quantity
    worst = np.fmax if quantity == _TEMPERATURE else np.fmin
    known = ~np.isnan(peers).all(axis=0)
    middle = np.full(len(at_s), np.nan)
    middle[known] = np.nanmedian(peers[:, known], axis=0)
    chart = Chart(
        title=f"{name} against its {chosen.peer_count} peers",
        unit=QUANTITIES[quantity].unit,
        lines=(
            ChartLine(name.removesuffix(f" of {asset.name}"), at_s, worst.reduce(own, axis=0)),
            ChartLine("peers", at_s, middle),
        ),
        digits=_DIGITS[quantity],
        band=ChartBand(
            at_s[known],
            np.fmin.reduce(peers[:, known], axis=0),
            np.fmax.reduce(peers[:, known], axis=0),
        ),
    )
    return ChartSpan("around the alarm", from_s, to_s, (chart,))


def pictures_of(
    trend: Trend,
    alarms: Iterable[Alarm],
    asset: Asset,
    layout: Layout,
    *,
    now_s: float,
    count_max: int,
) -> tuple[ChartSpan, ...]:
    """Return the pictures of the first alarms that have one; several about one place share it.

    Raises:
        StoreError: the journal cannot be read.
    """
    found: dict[Component, ChartSpan] = {}
    for alarm in alarms:
        component = alarm.key.component
        if len(found) == count_max:
            break
        if component not in found:
            picture = picture_of(trend, alarm, asset, layout, now_s=now_s)
            if picture is not None:
                found[component] = picture
    return tuple(found.values())


def _chosen(alarm: Alarm, layout: Layout) -> _Chosen | None:
    component = alarm.key.component
    if component.module is None:
        return None
    about_cells = component.cell is not None or alarm.quantity.startswith(_VOLTAGE)
    quantity = _VOLTAGE if about_cells else _TEMPERATURE
    columns = [layout.columns[i] for i in layout.indices(quantity)]
    rack = [c for c in columns if c.component.string == component.string]
    own = [c for c in rack if _is_in(c.component, component)]
    peers = [c for c in rack if not _is_in(c.component, component)]
    if not own or not peers:
        return None
    is_module = component == component.parent_module
    count = len({c.component.parent_module for c in peers}) if is_module else len(peers)
    return _Chosen(quantity, own, peers, count)


def _is_in(part: Component, whole: Component) -> bool:
    return (
        part.module == whole.module
        and whole.cell in (None, part.cell)
        and whole.sensor in (None, part.sensor)
    )


def _span_s(alarm: Alarm, *, now_s: float) -> tuple[float, float]:
    over_s = now_s if alarm.returned_at_s is None else alarm.returned_at_s + AFTER_S
    to_s = min(now_s, over_s)
    from_s = min(to_s - HOURS_S, alarm.raised_at_s - BEFORE_S)
    return max(from_s, to_s - HOURS_S_MAX), to_s


def _some(columns: Sequence[Column]) -> Sequence[Column]:
    """Return at most `COLUMNS_MAX` of them, evenly chosen."""
    if len(columns) <= COLUMNS_MAX:
        return columns
    return [columns[i] for i in np.linspace(0, len(columns) - 1, COLUMNS_MAX).round().astype(int)]


def _in_step(
    own: Sequence[TrendLine], peers: Sequence[TrendLine]
) -> tuple[Numbers, Numbers, Numbers]:
    """Return every instant once, and a row a line with its values at these; NaN where unknown."""
    at_s = np.unique(np.concatenate([line.at_s for line in (*own, *peers)]))

    def rows(lines: Sequence[TrendLine]) -> Numbers:
        found = np.full((len(lines), len(at_s)), np.nan)
        for row, line in zip(found, lines, strict=True):
            row[np.searchsorted(at_s, line.at_s)] = line.mean
        return found

    return at_s, rows(own), rows(peers)
