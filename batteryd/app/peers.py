"""The last hours of what an alarm is about, beside the same values of its peers.

A number says how far a module is from its peers; a picture says whether it left them an hour ago or
was never with them. The picture begins some time before the alarm was raised, or with the first
reading, and ends soon after it returned, or now. It marks when the alarm was raised, when it became
more urgent and when it was over.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from batteryd.app.compared import Compared, Span
from batteryd.app.pictures import DRAWN
from batteryd.domain.alarm import PRIORITY_BY_TEXT, Alarm, Priority
from batteryd.domain.inventory import Asset
from batteryd.domain.snapshot import Layout
from batteryd.rules.found import Found
from batteryd.store.trend import Trend
from batteryd.web.chart import Chart, ChartMark, ChartSpan

HOURS_S, HOURS_S_MAX = 6 * 3600.0, 48 * 3600.0
SHORTEST_S = 1800.0
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
            from_s = _begins_s(drawn, span)
            return ChartSpan("around the alarm", from_s, span.to_s, (drawn,), about=str(alarm.key))
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


def _begins_s(chart: Chart, span: Span) -> float:
    """Return where the picture begins: at the first reading; all before it would be blank."""
    first = [line.at_s[0] for line in (ln.known() for ln in chart.lines) if line.at_s.size]
    return min(max(span.from_s, float(min(first, default=0.0))), span.to_s - SHORTEST_S)


def _marks(alarm: Alarm) -> Iterator[ChartMark]:
    """Yield when it was raised, when it became more urgent, and when it was over."""
    said = [(entry["at_s"], entry.get("priority")) for entry in Found.in_evidence(alarm.evidence)]
    if not said:
        yield ChartMark(alarm.raised_at_s, "raised")
    most: Priority | None = None
    for at_s, text in said:
        priority = PRIORITY_BY_TEXT.get(str(text), Priority.LOW)
        if most is None or priority > most:  # what is added at less is no step of the alarm
            most = priority
            yield ChartMark(float(at_s), priority.text)
    if alarm.returned_at_s is not None:
        yield ChartMark(alarm.returned_at_s, "returned")
