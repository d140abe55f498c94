"""PW-01 and PW-02: warranty, service life, inspection findings."""

from datetime import date

import pytest

from batteryd.clearance.checks_life import finding_open, life_over
from batteryd.clearance.facts import BatteryFacts, Facts
from batteryd.domain.clearance import HoldCode
from tests.clearances import by_id, make_facts, make_finding, make_order, make_rack
from tests.listed import listed

PLANNED = date(2025, 9, 26)
DAY_BEFORE = date(2025, 9, 25)


@pytest.mark.parametrize(
    ("warranty", "service_life", "holds"),
    [
        (PLANNED, PLANNED, False),  # both cover their last day
        (DAY_BEFORE, PLANNED, True),
        (PLANNED, DAY_BEFORE, True),
        (None, PLANNED, True),
        (PLANNED, None, True),
        (None, None, True),
    ],
)
def test_life_is_compared_with_the_last_planned_day(
    warranty: date | None, service_life: date | None, holds: bool
) -> None:
    rack = make_rack(warranty_last_day=warranty, service_life_last_day=service_life)

    assert bool(list(life_over(make_facts(rack)))) is holds


def test_one_hold_names_everything_that_has_ended() -> None:
    rack = make_rack(warranty_last_day=date(2024, 8, 19), service_life_last_day=None)

    (hold,) = life_over(make_facts(rack))

    assert (hold.code, hold.subject) == (HoldCode.LIFE_OVER, "rack-1")
    assert hold.text == (
        "rack-1: its warranty ends on 2024-08-19 and the last day of its recommended service life"
        " is unknown; the last planned day is 2025-09-26"
    )
    assert hold.evidence == {
        "warranty_last_day": "2024-08-19",
        "service_life_last_day": None,
        "last_planned_day": "2025-09-26",
    }


def test_only_batteries_in_scope_have_to_be_in_warranty() -> None:
    old = make_rack("rack-2", warranty_last_day=date(2024, 8, 19))

    assert not list(life_over(make_facts(make_rack(), old)))


def test_a_battery_that_nobody_knows_is_one_of_unknown_warranty() -> None:
    facts = make_facts(order=make_order(batteries=("rack-77",)))

    (hold,) = life_over(facts)

    assert hold.subject == "rack-77"


def test_a_battery_named_twice_holds_once() -> None:
    facts = make_facts(
        make_rack(warranty_last_day=None), order=make_order(batteries=("rack-1", "rack-1"))
    )

    assert len(list(life_over(facts))) == 1


@pytest.mark.parametrize(
    ("opened_on", "closed_on", "holds"),
    [
        (date(2024, 6, 27), None, True),
        (PLANNED, None, True),  # opened on the day of the check
        (date(2025, 9, 27), None, False),  # not known yet
        (date(2024, 6, 27), PLANNED, False),  # closed on the day of the check
        (date(2024, 6, 27), date(2025, 9, 27), True),  # closed later: open at the check
    ],
)
def test_a_finding_counts_from_its_day_until_the_day_it_is_closed(
    opened_on: date, closed_on: date | None, holds: bool
) -> None:
    finding = make_finding(opened_on=opened_on, closed_on=closed_on)

    assert bool(list(finding_open(make_facts(findings=(finding,))))) is holds


@pytest.mark.parametrize(("offset_h", "holds"), [(0, False), (13, False), (14, True)])
def test_the_day_of_the_check_is_that_of_the_site(offset_h: float, holds: bool) -> None:
    # 10:31 UTC on the 26th is the 27th from UTC+14 on.
    finding = make_finding(opened_on=date(2025, 9, 27))
    facts = make_facts(findings=(finding,), utc_offset_s=offset_h * 3600)

    assert bool(list(finding_open(facts))) is holds


def test_a_finding_of_another_battery_does_not_count() -> None:
    assert not list(finding_open(make_facts(findings=(make_finding(asset_id="rack-2"),))))


def test_two_findings_of_a_battery_are_one_hold() -> None:
    second = make_finding(finding_id="F-2", opened_on=date(2025, 6, 2), text="door seal is torn")

    (hold,) = finding_open(make_facts(findings=(make_finding(), second)))

    assert '"door seal is torn" since 2025-06-02' in hold.text
    assert [f["finding"] for f in listed(hold.evidence["findings"])] == ["F-1", "F-2"]


def test_the_day_of_facts_needs_no_offset_at_utc() -> None:
    order = make_order()

    assert Facts(0.0, order, by_id(BatteryFacts("rack-1"))).day == date(1970, 1, 1)
