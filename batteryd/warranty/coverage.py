"""What a contract's terms cover as of a day.

Theory. A term of N months from a start date is covered through the day before the same day N months
later. Where that month is too short to have the day (29 February, the 31st), its last day stands
for it; the day before that one is then the last covered day, so that nobody is told of a day of
cover that the contract may not give. Counting is from the start in one go, never month by month.

    start        months   same day later   last covered day
    2014-08-20   120      2024-08-20       2024-08-19
    2024-02-29   12       2025-02-28       2025-02-27    (no 29 February in 2025)
    2024-02-29   48       2028-02-29       2028-02-28
    2025-01-31   1        2025-02-28       2025-02-27
    2025-08-31   1        2025-09-30       2025-09-29
    2025-03-01   12       2026-03-01       2026-02-28

An explicit `ends_on` is the last covered day as the contract writes it, and wins over any
arithmetic; a contract that counts otherwise is written down with it.

An extension of N months begins on the day after the last covered day, whichever way that was found,
and is counted like a term of its own. So 120 months and 12 more are 132 months wherever no month
was too short on the way; where one was, the extension counts from the day it really began.

    last covered day   extension   begins on    last covered day then
    2024-08-19         12          2024-08-20   2025-08-19
    2025-02-27         12          2025-02-28   2026-02-27
    2024-02-28         12          2024-02-29   2025-02-27
    2024-12-31         2           2025-01-01   2025-02-28

Status: `days_left` is the last covered day minus the day asked about; 0 is the last covered day.
More than 365 left is in warranty, 365 to 0 expiring, less is expired. What is not known, or cannot
be (no basis, no date of that basis, a term that is none, a day before the cover begins), is
unknown, which is a status of its own and never "in warranty".
"""

from calendar import monthrange
from datetime import MAXYEAR, date, timedelta
from typing import NamedTuple

from batteryd.domain.warranty import (
    LifeDates,
    WarrantyAssessment,
    WarrantyStatus,
    WarrantyTerms,
)

EXPIRING_DAYS = 365
MONTHS_MAX = 1200  # a hundred years; a longer term is a slip of the pen

_YEAR_MAX = MAXYEAR - MONTHS_MAX // 12 - 1  # a term that begins later would leave the calendar


class Cover(NamedTuple):
    """What the terms come to; None where nobody can know. `reason` says how it was found."""

    starts_on: date | None
    last_day: date | None
    reason: str


def assess(
    asset_id: str, terms: WarrantyTerms, dates: LifeDates, as_of: date
) -> WarrantyAssessment:
    """Return the standing of a warranty as of a day."""
    cover = cover_of(terms, dates)
    days_left = None if cover.last_day is None else (cover.last_day - as_of).days
    status, reason = _status(days_left), cover.reason
    if cover.starts_on is not None and as_of < cover.starts_on:
        status, reason = WarrantyStatus.UNKNOWN, f"{reason}: not begun yet"
    return WarrantyAssessment(
        asset_id=asset_id,
        as_of=as_of,
        status=status,
        last_day=cover.last_day,
        days_left=days_left,
        reason=reason,
    )


def last_covered_day(terms: WarrantyTerms, dates: LifeDates) -> date | None:
    """Return the last day that the warranty covers, or None where nobody can know."""
    return cover_of(terms, dates).last_day


def cover_of(terms: WarrantyTerms, dates: LifeDates) -> Cover:
    """Return what the terms come to, with their extension."""
    first = _first_cover(terms, dates)
    if terms.extension_months is None or first.last_day is None:
        return first
    reason = f"{first.reason}, extended by {terms.extension_months} months"
    last_day = _extended(first.last_day, months=terms.extension_months)
    if last_day is None:
        return Cover(None, None, f"{reason}, is no term")
    return Cover(first.starts_on, last_day, reason)


def service_life_last_day(terms: WarrantyTerms, dates: LifeDates) -> date | None:
    """Return the last day of the recommended service life, or None where nobody can know.

    It counts from the installation. Where that is not known, from delivery or manufacture, which
    came before it, and only then from commissioning, which came after.
    """
    known = (dates.installed_on, dates.delivered_on, dates.manufactured_on, dates.commissioned_on)
    starts_on = next((day for day in known if day is not None), None)
    if terms.service_life_years is None or starts_on is None:
        return None
    return _last_day(starts_on, months=round(terms.service_life_years * 12))


def same_day_later(start: date, *, months: int) -> date:
    """Return the same day so many months later, or that month's last day if it is too short."""
    year, month_index = divmod(start.year * 12 + start.month - 1 + months, 12)
    day_max = monthrange(year, month_index + 1)[1]
    return date(year, month_index + 1, min(start.day, day_max))


def _first_cover(terms: WarrantyTerms, dates: LifeDates) -> Cover:
    if terms.ends_on is not None:
        return Cover(None, terms.ends_on, "the contract names the last covered day")
    if terms.months is None or terms.basis is None:
        missing = "term" if terms.months is None else "start of the term"
        return Cover(None, None, f"the register has no {missing}")
    starts_on = dates.day_of(terms.basis)
    if starts_on is None:
        return Cover(None, None, f"the register does not say when it was {terms.basis}")
    term = f"{terms.months} months from {terms.basis} on {starts_on}"
    last_day = _last_day(starts_on, months=terms.months)
    if last_day is None:
        return Cover(None, None, f"{term} is no term")
    return Cover(starts_on, last_day, term)


def _last_day(start: date, *, months: int) -> date | None:
    if not 1 <= months <= MONTHS_MAX or start.year > _YEAR_MAX:
        return None
    return same_day_later(start, months=months) - timedelta(days=1)


def _extended(last_day: date, *, months: int) -> date | None:
    # Asked before a day is added: 9999-12-31 has no day after it.
    return None if last_day.year > _YEAR_MAX else _last_day(last_day + timedelta(1), months=months)


def _status(days_left: int | None) -> WarrantyStatus:
    if days_left is None:
        return WarrantyStatus.UNKNOWN
    if days_left < 0:
        return WarrantyStatus.EXPIRED
    return WarrantyStatus.EXPIRING if days_left <= EXPIRING_DAYS else WarrantyStatus.IN_WARRANTY
