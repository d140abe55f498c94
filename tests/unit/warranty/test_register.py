"""What was true on a day, as it was known at an instant."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.domain.inventory import Service
from batteryd.domain.register import ServiceEntry
from batteryd.domain.warranty import LifeDates
from batteryd.warranty.register import arrived_on, as_of
from tests.register_entries import Written, make_entry, recorded

A = make_entry(model="A")
B = make_entry(model="B")
C = make_entry(model="C", effective_on=date(2022, 8, 20))
D = make_entry(model="D", effective_on=date(2025, 9, 26), is_retired=True)

# The table of the module: how many of the four were known, the day, and which one counts.
TABLE = [
    (1, "2014-08-19", None), (1, "2016-01-01", "A"), (1, "2022-08-20", "A"), (1, "2025-09-26", "A"),
    (2, "2014-08-19", None), (2, "2016-01-01", "B"), (2, "2022-08-20", "B"), (2, "2025-09-26", "B"),
    (3, "2014-08-19", None), (3, "2016-01-01", "B"), (3, "2022-08-20", "C"), (3, "2025-09-26", "C"),
    (4, "2014-08-19", None), (4, "2016-01-01", "B"), (4, "2022-08-20", "C"),
    (4, "2022-08-19", "B"), (4, "2025-09-25", "C"), (4, "2025-09-26", None),
]  # fmt: skip


@pytest.mark.parametrize(("known", "day", "counts"), TABLE)
def test_the_latest_effective_day_counts_and_a_later_record_corrects_it(
    known: int, day: str, counts: str | None
) -> None:
    revisions = recorded(A, B, C, D)[:known]

    found = as_of(revisions, day=date.fromisoformat(day))

    assert [entry.battery.model for entry in found.values()] == ([counts] if counts else [])


def test_a_record_about_the_past_does_not_reach_beyond_a_later_entry() -> None:
    correction = make_entry(model="correction of 2014")

    found = as_of(recorded(A, C, correction), day=date(2025, 1, 1))

    assert found["rack-1"].battery.model == "C"


def test_a_battery_that_comes_back_after_it_was_retired_is_there_again() -> None:
    back = make_entry(model="back", effective_on=date(2026, 1, 1))
    revisions = recorded(A, D, back)

    assert as_of(revisions, day=date(2025, 12, 31)) == {}
    assert as_of(revisions, day=date(2026, 1, 1))["rack-1"].battery.model == "back"


def test_batteries_do_not_disturb_each_other() -> None:
    other = make_entry("rack-2", model="other")

    found = as_of(recorded(A, other, D), day=date(2025, 10, 1))

    assert list(found) == ["rack-2"]


def test_services_are_kept_by_the_same_rule() -> None:
    def service(grade: int, day: date) -> Written[ServiceEntry]:
        entry = ServiceEntry(Service("payments", grade, "ups-1"), day, "inventory.toml", "", "Kim")
        return Written(entry.service_id, entry)

    revisions = [service(2, date.min), service(1, date(2025, 10, 9))]

    before, after = (as_of(revisions, day=date(2025, 10, d)) for d in (8, 9))

    assert before["payments/ups-1/"].service.grade == 2
    assert after["payments/ups-1/"].service.grade == 1


@given(
    days=st.lists(st.dates(date(2014, 1, 1), date(2014, 3, 1)), min_size=1, max_size=8),
    asked=st.dates(date(2014, 1, 1), date(2014, 3, 1)),
)
def test_what_counts_is_effective_by_the_day_and_nothing_known_is_nearer(
    days: list[date], asked: date
) -> None:
    revisions = recorded(*(make_entry(model=str(n), effective_on=d) for n, d in enumerate(days)))

    found = as_of(revisions, day=asked)

    reached = [(day, n) for n, day in enumerate(days) if day <= asked]
    expected = [str(max(reached)[1])] if reached else []
    assert [entry.battery.model for entry in found.values()] == expected


TODAY = date(2025, 9, 26)


@pytest.mark.parametrize(
    ("dates", "day"),
    [
        (LifeDates(date(2013, 11, 4), date(2014, 7, 1), date(2014, 8, 20)), date(2014, 7, 1)),
        (LifeDates(date(2013, 11, 4), None, date(2014, 8, 20)), date(2014, 8, 20)),
        (LifeDates(manufactured_on=date(2013, 11, 4)), date(2013, 11, 4)),
        (LifeDates(), TODAY),
        (LifeDates(delivered_on=TODAY + timedelta(days=30)), TODAY),
    ],
)
def test_a_new_battery_is_in_the_register_from_the_day_it_came(dates: LifeDates, day: date) -> None:
    assert arrived_on(dates, at_latest=TODAY) == day
