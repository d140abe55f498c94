"""The last hours of what an alarm is about, beside the same values of its peers.

A number says how far a module is from its peers; a picture says whether it left them an hour ago or
was never with them. The picture begins some time before the alarm was raised and ends soon after it
returned, or now. It marks when the alarm was raised, when it became more urgent and when it was
over.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from batteryd.app.compared import Compared, Span
from batteryd.app.pictures import DRAWN
from batteryd.domain.alarm import Alarm
from batteryd.domain.inventory import Asset
from batteryd.domain.snapshot import Layout
from batteryd.rules.found import Found
from batteryd.store.trend import Trend
from batteryd.web.chart import ChartMark, ChartSpan

HOURS_S, HOURS_S_MAX = 6 * 3600.0, 48 * 3600.0
BEFORE_S, AFTER_S = 2 * 3600.0, 3600.0  # what is shown around an alarm


def picture_of(
    trend: Trend, alarm: Alarm, asset: Asset, layout: Layout, *, now_s: float
) -> ChartSpan | None:
    """Return the picture; None where the alarm is about nothing that can be drawn.

    Raises:
        StoreError: the journal cannot be read.
    """
    span = _span_of(alarm, now_s=now_s)
    seen = Compared(trend, asset, layout, span)
    for draw in DRAWN:
        chart = draw(alarm, seen)
        if chart is not None:
            drawn = replace(chart, marks=tuple(_marks(alarm)))
            return ChartSpan("around the alarm", *span, (drawn,), about=str(alarm.key))
    return None


def pictures_of(
    trend: Trend,
    alarms: Iterable[Alarm],
    asset: Asset,
    layout: Layout,
    *,
    now_s: float,
    count_max: int,
) -> tuple[ChartSpan, ...]:
    """Return the pictures of the first alarms that have one; those of one title share it.

    Raises:
        StoreError: the journal cannot be read.
    """
    found: dict[str, ChartSpan] = {}
    for alarm in alarms:
        if len(found) == count_max:
            break
        picture = picture_of(trend, alarm, asset, layout, now_s=now_s)
        if picture is not None:
            found.setdefault(picture.charts[0].title, picture)
    return tuple(found.values())


def _span_of(alarm: Alarm, *, now_s: float) -> Span:
    over_s = now_s if alarm.returned_at_s is None else alarm.returned_at_s + AFTER_S
    to_s = min(now_s, over_s)
    from_s = min(to_s - HOURS_S, alarm.raised_at_s - BEFORE_S)
    return Span(max(from_s, to_s - HOURS_S_MAX), to_s)


def _marks(alarm: Alarm) -> Iterator[ChartMark]:
    """Yield when it was raised, when it became more urgent, and when it was over."""
    said = [(entry["at_s"], entry.get("priority")) for entry in Found.in_evidence(alarm.evidence)]
    told: set[object] = set()
    for at_s, priority in said or [(alarm.raised_at_s, "raised")]:
        if priority not in told:
            told.add(priority)
            yield ChartMark(float(at_s), str(priority or "raised"))
    if alarm.returned_at_s is not None:
        yield ChartMark(alarm.returned_at_s, "returned")
