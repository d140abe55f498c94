"""How a battery went over the years, from the journal: one table a quantity."""

from collections.abc import Iterable
from operator import attrgetter

from batteryd.domain.quantity import QUANTITIES
from batteryd.domain.snapshot import Column
from batteryd.report.trend import Series, TrendTable
from batteryd.store.history import LocalHistory
from batteryd.store.journal import Journal
from batteryd.store.resolution import RESOLUTIONS
from batteryd.store.trend import Trend

POINTS_MAX = 2000  # of one component
TABLE_ROWS_MAX = 100_000  # of one quantity: where it has many components, each has fewer points
_POINTS_MIN = 50


def trends_of(
    journal: Journal, asset_id: str, *, since_s: float | None, now_s: float
) -> tuple[TrendTable, ...]:
    """Return one table for each quantity that the battery reports now, by name.

    Raises:
        StoreError: the journal cannot be read.
    """
    newest, history = journal.latest().get(asset_id), LocalHistory(journal)
    begins_s = min(history.begins_s(asset_id, resolution) for resolution in RESOLUTIONS)
    from_s = begins_s if since_s is None else max(since_s, begins_s)
    if newest is None or from_s >= now_s:
        return ()
    by_quantity: dict[str, list[Column]] = {}
    for column in newest.layout.columns:
        by_quantity.setdefault(column.quantity, []).append(column)
    trend = Trend(journal)
    return tuple(
        _table(trend, asset_id, by_quantity[quantity], from_s=from_s, to_s=now_s)
        for quantity in sorted(by_quantity)
    )


def _table(
    trend: Trend, asset_id: str, columns: Iterable[Column], *, from_s: float, to_s: float
) -> TrendTable:
    ordered = sorted(columns, key=attrgetter("component.sort_key"))
    points_max = min(POINTS_MAX, max(_POINTS_MIN, TABLE_ROWS_MAX // len(ordered)))
    lines = trend.lines(asset_id, ordered, from_s, to_s, points_max=points_max)
    quantity = QUANTITIES[ordered[0].quantity]
    return TrendTable(
        quantity=quantity.name,
        unit=quantity.unit,
        series=tuple(
            Series(str(column.component), line.at_s, line.minimum, line.mean, line.maximum)
            for column, line in zip(ordered, lines, strict=True)
        ),
        is_flag=quantity.is_flag,
        missing="; ".join(dict.fromkeys(line.missing for line in lines if line.missing)),
    )
