"""When cover ends, as a picture: one bar a month, as high as the batteries whose last day is in it.

Before the months stand those that are over, behind them those that end later and those of which
nobody knows; they are apart from the months, because a bar there is no month. A bar that is much
higher than all the months would make them flat, so it is cut, and every bar outside the months
carries its number. Standing is shown by pattern as well as by colour: grey print keeps it.

The picture is drawn from its numbers and nothing else: no clock, no font of the machine.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from batteryd.domain.warranty import WarrantyStatus

MONTHS_SHOWN = 60
STACK = (
    WarrantyStatus.EXPIRED,
    WarrantyStatus.EXPIRING,
    WarrantyStatus.IN_WARRANTY,
    WarrantyStatus.UNKNOWN,
)

OVER, LATER, NO_DATE = -1, MONTHS_SHOWN, MONTHS_SHOWN + 1

_FACE = "Noto Sans KR"
_WIDTH, _HEIGHT = 680.0, 200.0
_LEFT, _BASE, _TOP = 30.0, 168.0, 26.0  # where the first bar begins, the ground, the highest bar
_OUTSIDE_WIDTH, _GAP, _MONTH_WIDTH = 34.0, 14.0, 8.6
_FILLS = {
    WarrantyStatus.EXPIRED: "#1a1a1a",
    WarrantyStatus.EXPIRING: "url(#expiring)",
    WarrantyStatus.IN_WARRANTY: "#b7cfc0",
    WarrantyStatus.UNKNOWN: "url(#unknown)",
}
_PATTERNS = (
    '<pattern id="expiring" width="4" height="4" patternUnits="userSpaceOnUse">'
    '<rect width="4" height="4" fill="#e0a63c"/>'
    '<path d="M-1 1L1 -1M0 4L4 0M3 5L5 3" stroke="#6b3f00" stroke-width="1.2"/></pattern>'
    '<pattern id="unknown" width="4" height="4" patternUnits="userSpaceOnUse">'
    '<rect width="4" height="4" fill="#ffffff"/><circle cx="2" cy="2" r="0.9" fill="#555555"/>'
    "</pattern>"
)

Bars = dict[int, Counter[WarrantyStatus]]


class Expiry(NamedTuple):
    """One battery on the timeline. `last_day` is the last covered day, None where unknown."""

    status: WarrantyStatus
    last_day: date | None


def bars_of(expiries: Iterable[Expiry], *, as_of: date) -> Bars:
    """Return the bars by place: `OVER`, months from the as-of month (0) on, `LATER`, `NO_DATE`."""
    bars: Bars = {}
    for status, last_day in expiries:
        bars.setdefault(_place_of(last_day, as_of=as_of), Counter())[status] += 1
    return bars


def timeline_svg(expiries: Iterable[Expiry], *, as_of: date) -> bytes:
    """Return the picture as SVG, 680 by 200 units."""
    bars = bars_of(expiries, as_of=as_of)
    months = [bar.total() for place, bar in bars.items() if 0 <= place < MONTHS_SHOWN]
    top = _round_up(max(months, default=0) or max((b.total() for b in bars.values()), default=1))
    drawn = (
        *_grid(top),
        *(part for place in sorted(bars) for part in _bar(place, bars[place], top=top)),
        *_axis(as_of),
        *_names(bars),
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}"'
        f' width="{_WIDTH:g}" height="{_HEIGHT:g}" font-family="{_FACE}" font-size="9">'
        f"<defs>{_PATTERNS}</defs>{''.join(drawn)}</svg>"
    ).encode()


def _place_of(last_day: date | None, *, as_of: date) -> int:
    if last_day is None:
        return NO_DATE
    if last_day < as_of:
        return OVER
    return min(12 * (last_day.year - as_of.year) + last_day.month - as_of.month, LATER)


def _round_up(count: int) -> int:
    """Return the smallest of 4, 8, 12, 20, 40, 80, 120, 200 ... that is not below `count`."""
    scale = 1
    while True:
        for step in (4, 8, 12, 20):
            if count <= step * scale:
                return step * scale
        scale *= 10


def _x(place: int) -> tuple[float, float]:
    """Return where a bar begins and how wide it is."""
    first = _LEFT + _OUTSIDE_WIDTH + _GAP
    if place == OVER:
        return _LEFT, _OUTSIDE_WIDTH
    if place < MONTHS_SHOWN:
        return first + place * _MONTH_WIDTH, _MONTH_WIDTH - 1.6
    behind = first + MONTHS_SHOWN * _MONTH_WIDTH + _GAP - 4
    return behind + (place - LATER) * (_OUTSIDE_WIDTH + 5), _OUTSIDE_WIDTH


def _grid(top: int) -> Iterator[str]:
    left, right = _x(0)[0] - 3, sum(_x(MONTHS_SHOWN - 1))
    for quarter in range(5):
        y = _BASE - (_BASE - _TOP) * quarter / 4
        yield f'<path d="M{left:g} {y:.2f}H{right:.2f}" stroke="#cccccc" stroke-width="0.5"/>'
        if quarter:
            yield _text(left - 2, y + 3, f"{top * quarter // 4}", anchor="end", size=7)


def _bar(place: int, bar: Counter[WarrantyStatus], *, top: int) -> Iterator[str]:
    x, width = _x(place)
    unit = (_BASE - _TOP) / max(top, 1)
    is_cut = bar.total() > top
    if is_cut:
        unit = (_BASE - _TOP) / bar.total()
    y = _BASE
    for status in STACK:
        height = bar[status] * unit
        if height:
            y -= height
            yield (
                f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:g}" height="{height:.2f}"'
                f' fill="{_FILLS[status]}" stroke="#1a1a1a" stroke-width="0.4"/>'
            )
    if is_cut:
        middle = (_BASE + _TOP) / 2
        cut = f"M{x - 2:g} {middle + 4:g}l{width + 4:g} -6v5l-{width + 4:g} 6z"
        yield f'<path d="{cut}" fill="#ffffff" stroke="#1a1a1a" stroke-width="0.4"/>'
    if not 0 <= place < MONTHS_SHOWN:
        yield _text(x + width / 2, y - 4, str(bar.total()), size=10)


def _axis(as_of: date) -> Iterator[str]:
    for month in range(MONTHS_SHOWN + 1):
        number = as_of.month - 1 + month
        x = _x(0)[0] + month * _MONTH_WIDTH - 0.8
        if number % 3 == 0:
            length = 7 if number % 12 == 0 else 3
            yield f'<path d="M{x:.2f} {_BASE:g}v{length}" stroke="#1a1a1a" stroke-width="0.6"/>'
        if number % 12 == 0 and month <= MONTHS_SHOWN - 6:
            yield _text(x + 3, _BASE + 12, str(as_of.year + number // 12), anchor="start")
    x = _x(0)[0] + (as_of.day - 1) / 31 * _MONTH_WIDTH
    yield (
        f'<path d="M{x:.2f} {_TOP - 12:g}V{_BASE + 6:g}" stroke="#1a1a1a" stroke-width="1"'
        ' stroke-dasharray="4 2"/>'
    )
    yield _text(x + 4, _TOP - 8, f"as of {as_of}", anchor="start")


def _names(bars: Bars) -> Iterator[str]:
    for place, name in ((OVER, "over"), (LATER, "later"), (NO_DATE, "no date")):
        x, width = _x(place)
        yield _text(x + width / 2, _BASE + 12, name)
        yield f'<path d="M{x:.2f} {_BASE:g}h{width:g}" stroke="#1a1a1a" stroke-width="0.6"/>'
        if place not in bars:
            yield _text(x + width / 2, _BASE - 4, "0", size=10)
    x = _x(0)[0]
    for status in STACK:
        yield (
            f'<rect x="{x:.2f}" y="{_HEIGHT - 9:g}" width="9" height="7" fill="{_FILLS[status]}"'
            ' stroke="#1a1a1a" stroke-width="0.4"/>'
        )
        yield _text(x + 13, _HEIGHT - 2, status.value.replace("_", " "), anchor="start", size=8)
        x += 80


def _text(x: float, y: float, said: str, *, anchor: str = "middle", size: int = 8) -> str:
    return (
        f'<text x="{x:.2f}" y="{y:.2f}" text-anchor="{anchor}" font-size="{size}"'
        f' fill="#1a1a1a">{said}</text>'
    )
