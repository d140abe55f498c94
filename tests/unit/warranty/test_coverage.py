"""Warranty arithmetic: tables of days, and what holds for every day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.domain.warranty import (
    NO_TERMS,
    UNKNOWN_DATES,
    LifeDates,
    WarrantyBasis,
    WarrantyStatus,
    WarrantyTerms,
)
from batteryd.warranty.coverage import (
    assess,
    last_covered_day,
    same_day_later,
    service_life_last_day,
)

INSTALLED = WarrantyBasis.INSTALLED
DAEJEON = LifeDates(
    manufactured_on=date(2013, 11, 4),
    delivered_on=date(2014, 7, 1),
    installed_on=date(2014, 8, 20),
    commissioned_on=date(2014, 9, 1),
)

days = st.dates(date(1990, 1, 1), date(2100, 12, 31))
months = st.integers(1, 1200)


@pytest.mark.parametrize(
    ("start", "term", "last_day"),
    [
        ("2014-08-20", 120, "2024-08-19"),
        ("2014-08-01", 120, "2024-07-31"),
        ("2025-01-01", 12, "2025-12-31"),
        ("2025-03-01", 12, "2026-02-28"),
        ("2023-03-01", 12, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-27"),
        ("2024-02-29", 48, "2028-02-28"),
        ("2025-01-31", 1, "2025-02-27"),
        ("2024-01-31", 1, "2024-02-28"),
        ("2025-01-30", 1, "2025-02-27"),
        ("2025-08-31", 1, "2025-09-29"),
        ("2025-12-31", 2, "2026-02-27"),
        ("2025-12-15", 1, "2026-01-14"),
    ],
)
def test_a_term_is_covered_through_the_day_before_the_same_day_later(start, term, last_day):
    terms = WarrantyTerms(basis=INSTALLED, months=term)
    dates = LifeDates(installed_on=date.fromisoformat(start))

    assert last_covered_day(terms, dates) == date.fromisoformat(last_day)


@pytest.mark.parametrize(
    ("basis", "last_day"),
    [
        (WarrantyBasis.MANUFACTURED, date(2023, 11, 3)),
        (WarrantyBasis.DELIVERED, date(2024, 6, 30)),
        (WarrantyBasis.INSTALLED, date(2024, 8, 19)),
        (WarrantyBasis.COMMISSIONED, date(2024, 8, 31)),
    ],
)
def test_months_count_from_the_event_that_the_contract_names(basis, last_day):
    assert last_covered_day(WarrantyTerms(basis=basis, months=120), DAEJEON) == last_day


def test_an_explicit_last_day_wins_over_the_arithmetic():
    terms = WarrantyTerms(basis=INSTALLED, months=120, ends_on=date(2026, 12, 31))

    assert last_covered_day(terms, DAEJEON) == date(2026, 12, 31)
    assert last_covered_day(WarrantyTerms(ends_on=date(2026, 12, 31)), UNKNOWN_DATES)


@pytest.mark.parametrize(
    ("start", "term", "extension", "last_day"),
    [
        ("2014-08-20", 120, 12, "2025-08-19"),
        ("2014-08-01", 120, 1, "2024-08-31"),
        ("2024-02-29", 12, 12, "2026-02-27"),
        ("2025-01-31", 1, 1, "2025-03-27"),
        ("2023-03-01", 12, 12, "2025-02-28"),
        ("2025-01-01", 12, 2, "2026-02-28"),
    ],
)
def test_an_extension_counts_on_from_the_day_after_the_last_covered_day(
    start, term, extension, last_day
):
    terms = WarrantyTerms(basis=INSTALLED, months=term, extension_months=extension)
    dates = LifeDates(installed_on=date.fromisoformat(start))

    assert last_covered_day(terms, dates) == date.fromisoformat(last_day)


@pytest.mark.parametrize(
    ("ends_on", "extension", "last_day"),
    [
        ("2024-08-19", 12, "2025-08-19"),
        ("2024-12-31", 2, "2025-02-28"),
        ("2024-02-28", 12, "2025-02-27"),
        ("2025-01-30", 1, "2025-02-27"),
        ("9999-12-31", 12, None),
    ],
)
def test_an_explicit_last_day_is_extended_as_well(ends_on, extension, last_day):
    terms = WarrantyTerms(ends_on=date.fromisoformat(ends_on), extension_months=extension)

    found = last_covered_day(terms, UNKNOWN_DATES)

    assert found == (last_day and date.fromisoformat(last_day))


def test_the_reason_tells_of_the_extension():
    terms = WarrantyTerms(basis=INSTALLED, months=120, extension_months=24)

    found = assess("rack-1", terms, DAEJEON, date(2025, 9, 26))

    assert found.reason == "120 months from installed on 2014-08-20, extended by 24 months"
    assert (found.last_day, found.status) == (date(2026, 8, 19), WarrantyStatus.EXPIRING)


def test_an_extension_of_what_is_unknown_is_unknown():
    found = assess(
        "rack-1", WarrantyTerms(extension_months=24, months=120), DAEJEON, date(2025, 9, 26)
    )

    assert (found.status, found.last_day) == (WarrantyStatus.UNKNOWN, None)
    assert found.reason == "the register has no start of the term"


@pytest.mark.parametrize(
    ("as_of", "days_left", "status"),
    [
        (date(2023, 8, 19), 366, WarrantyStatus.IN_WARRANTY),
        (date(2023, 8, 20), 365, WarrantyStatus.EXPIRING),
        (date(2024, 8, 18), 1, WarrantyStatus.EXPIRING),
        (date(2024, 8, 19), 0, WarrantyStatus.EXPIRING),
        (date(2024, 8, 20), -1, WarrantyStatus.EXPIRED),
        (date(2025, 9, 26), -403, WarrantyStatus.EXPIRED),
    ],
)
def test_the_status_turns_at_the_days_of_the_table(as_of, days_left, status):
    found = assess("rack-1", WarrantyTerms(basis=INSTALLED, months=120), DAEJEON, as_of)

    assert (found.days_left, found.status) == (days_left, status)
    assert found.last_day == date(2024, 8, 19)
    assert found.reason == "120 months from installed on 2014-08-20"


@pytest.mark.parametrize(
    ("terms", "dates", "reason"),
    [
        (NO_TERMS, DAEJEON, "the register has no term"),
        (WarrantyTerms(basis=INSTALLED), DAEJEON, "the register has no term"),
        (WarrantyTerms(months=120), DAEJEON, "the register has no start of the term"),
        (
            WarrantyTerms(basis=INSTALLED, months=120),
            LifeDates(commissioned_on=date(2014, 9, 1)),
            "the register does not say when it was installed",
        ),
        (
            WarrantyTerms(basis=INSTALLED, months=0),
            DAEJEON,
            "0 months from installed on 2014-08-20 is no term",
        ),
        (
            WarrantyTerms(basis=INSTALLED, months=-12),
            DAEJEON,
            "-12 months from installed on 2014-08-20 is no term",
        ),
        (
            WarrantyTerms(basis=INSTALLED, months=12000),
            DAEJEON,
            "12000 months from installed on 2014-08-20 is no term",
        ),
        (
            WarrantyTerms(basis=INSTALLED, months=12),
            LifeDates(installed_on=date(9999, 1, 1)),
            "12 months from installed on 9999-01-01 is no term",
        ),
    ],
)
def test_what_cannot_be_known_is_unknown_and_says_why(terms, dates, reason):
    found = assess("rack-1", terms, dates, date(2025, 9, 26))

    assert found.status is WarrantyStatus.UNKNOWN
    assert (found.last_day, found.days_left, found.reason) == (None, None, reason)


def test_cover_that_has_not_begun_is_not_in_warranty():
    terms = WarrantyTerms(basis=WarrantyBasis.COMMISSIONED, months=120)

    before = assess("rack-1", terms, DAEJEON, date(2014, 8, 31))
    first = assess("rack-1", terms, DAEJEON, date(2014, 9, 1))

    assert before.status is WarrantyStatus.UNKNOWN
    assert before.reason.endswith("not begun yet")
    assert first.status is WarrantyStatus.IN_WARRANTY


@pytest.mark.parametrize(
    ("dates", "last_day"),
    [
        (DAEJEON, date(2024, 8, 19)),
        (LifeDates(delivered_on=date(2014, 7, 1)), date(2024, 6, 30)),
        (
            LifeDates(manufactured_on=date(2013, 11, 4), commissioned_on=date(2014, 9, 1)),
            date(2023, 11, 3),
        ),
        (LifeDates(commissioned_on=date(2014, 9, 1)), date(2024, 8, 31)),
        (UNKNOWN_DATES, None),
    ],
)
def test_service_life_counts_from_the_installation_or_the_nearest_date_before_it(dates, last_day):
    assert service_life_last_day(WarrantyTerms(service_life_years=10), dates) == last_day


def test_service_life_may_be_a_fraction_of_years_and_may_be_unknown():
    assert service_life_last_day(WarrantyTerms(service_life_years=7.5), DAEJEON) == date(
        2022, 2, 19
    )
    assert service_life_last_day(NO_TERMS, DAEJEON) is None


@given(start=days, term=months)
def test_a_term_never_covers_the_same_day_later_and_always_the_days_before(start, term):
    later = same_day_later(start, months=term)
    last_day = last_covered_day(
        WarrantyTerms(basis=INSTALLED, months=term), LifeDates(installed_on=start)
    )

    assert last_day == later - timedelta(days=1)
    assert later.day <= start.day
    assert (later.year * 12 + later.month) - (start.year * 12 + start.month) == term


@given(start=days.filter(lambda day: day.day <= 28), term=months, extension=st.integers(1, 600))
def test_where_no_month_is_too_short_an_extension_is_a_longer_term(start, term, extension):
    dates = LifeDates(installed_on=start)
    extended = WarrantyTerms(basis=INSTALLED, months=term, extension_months=extension)
    longer = same_day_later(start, months=term + extension) - timedelta(days=1)

    assert last_covered_day(extended, dates) == longer


@given(start=days, term=months, more=st.integers(1, 60))
def test_a_longer_term_covers_longer_and_a_later_start_never_ends_earlier(start, term, more):
    assert same_day_later(start, months=term) < same_day_later(start, months=term + more)
    assert same_day_later(start, months=term) <= same_day_later(
        start + timedelta(days=more), months=term
    )


@given(start=days, term=months, as_of=days)
def test_only_a_day_inside_the_term_is_in_warranty_or_expiring(start, term, as_of):
    terms, dates = WarrantyTerms(basis=INSTALLED, months=term), LifeDates(installed_on=start)
    inside = start <= as_of < same_day_later(start, months=term)

    found = assess("rack-1", terms, dates, as_of)

    covered = found.status in (WarrantyStatus.IN_WARRANTY, WarrantyStatus.EXPIRING)
    assert covered == inside
    assert found.status is not WarrantyStatus.IN_WARRANTY or (found.days_left or 0) > 365


@given(as_of=days, months=st.none() | months, basis=st.none() | st.sampled_from(WarrantyBasis))
def test_without_dates_nothing_is_ever_in_warranty(as_of, months, basis):
    found = assess("rack-1", WarrantyTerms(basis=basis, months=months), UNKNOWN_DATES, as_of)

    assert found.status is WarrantyStatus.UNKNOWN
