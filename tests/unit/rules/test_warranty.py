"""A warranty that runs out: what is told on which day, and what an extension undoes."""

from datetime import date, timedelta

import pytest

from batteryd.domain.alarm import Priority
from batteryd.domain.warranty import (
    NO_TERMS,
    UNKNOWN_DATES,
    LifeDates,
    WarrantyBasis,
    WarrantyTerms,
)
from batteryd.rules.engine import Engine
from batteryd.rules.kind import Subject
from batteryd.rules.warranty import WarrantySettings
from batteryd.warranty.coverage import assess
from tests.builders import NOON_S, make_battery, make_inventory
from tests.rulebooks import make_engine, shipped_rulebook, told

LAST_DAY = date(2024, 8, 19)
ENDS = WarrantyTerms(ends_on=LAST_DAY)


def on(engine, days_left, terms=ENDS, asset_id="rack-1"):
    as_of = LAST_DAY - timedelta(days=days_left)
    return engine.assess([assess(asset_id, terms, UNKNOWN_DATES, as_of)], NOON_S)


@pytest.fixture
def engine() -> Engine:
    return make_engine(shipped_rulebook())


def test_every_step_is_told_once_as_the_days_go_by(engine):
    found = {}
    for days_left in range(400, -410, -1):
        for event in on(engine, days_left):
            found[days_left] = (event.change, event.priority, event.setpoint)

    assert found == {
        365: ("raised", Priority.LOW, 365),
        180: ("raised", Priority.LOW, 180),
        90: ("raised", Priority.MEDIUM, 90),
        30: ("raised", Priority.MEDIUM, 30),
        -1: ("raised", Priority.HIGH, -1),
    }


def test_the_sentence_gives_the_day_and_how_it_was_found(engine):
    terms = WarrantyTerms(basis=WarrantyBasis.INSTALLED, months=120)
    dates = LifeDates(installed_on=date(2014, 8, 20))

    (running_out,) = engine.assess([assess("rack-1", terms, dates, date(2024, 6, 1))], NOON_S)
    (over,) = engine.assess([assess("rack-1", terms, dates, date(2025, 9, 26))], NOON_S)

    assert running_out.why == (
        "79 days of warranty left, 2024-08-19 is the last covered day "
        "(120 months from installed on 2014-08-20)"
    )
    assert over.why == (
        "out of warranty: 2024-08-19 was the last covered day "
        "(120 months from installed on 2014-08-20)"
    )
    assert over.evidence == {
        "as_of": "2025-09-26",
        "status": "expired",
        "last_day": "2024-08-19",
        "reason": "120 months from installed on 2014-08-20",
    }


def test_an_unknown_warranty_is_a_message_of_low_priority(engine):
    (event,) = on(engine, 0, terms=NO_TERMS)

    assert (event.priority, event.value, event.setpoint) == (Priority.LOW, None, None)
    assert event.why == "warranty unknown: the register has no term"
    assert on(engine, -1, terms=NO_TERMS) == ()


def test_a_gap_in_the_register_that_is_closed_goes_on_as_what_it_then_is(engine):
    on(engine, 0, terms=NO_TERMS)

    expiring = on(engine, 100)
    covered = on(engine, 500)

    assert [event.setpoint for event in expiring] == [180]
    assert told(covered) == [("returned", "warranty", "-", "low")]


def test_an_extended_contract_goes_back_to_the_step_that_then_applies(engine):
    on(engine, -5)

    extended = on(engine, 150)

    assert [(event.change, event.priority) for event in extended] == [
        ("returned", Priority.HIGH),
        ("raised", Priority.LOW),
    ]


def test_batteries_that_are_in_the_register_only_are_watched_for_their_warranty():
    inventory = make_inventory(make_battery(), make_battery("shelf-7", source=None))
    unpolled = Subject.unpolled_of(inventory)
    engine = Engine(shipped_rulebook(), inventory.assets.values(), unpolled=unpolled)

    events = on(engine, 10, asset_id="shelf-7")

    assert [subject.asset_id for subject in unpolled] == ["shelf-7"]
    assert [str(event.key) for event in events] == ["daejeon/shelf-7/-/warranty"]


def test_a_battery_that_the_engine_was_not_told_of_is_passed_over(engine):
    assert on(engine, 10, asset_id="nobody-knows-it") == ()


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [{"days_left": 90, "priority": "low"}, {"days_left": 180, "priority": "low"}],
        [{"days_left": 90, "priority": "low"}, {"days_left": 90, "priority": "low"}],
        [{"days_left": 90, "priority": "medium"}, {"days_left": 30, "priority": "low"}],
        [{"days_left": 90, "priority": "urgent"}],
        [{"days_left": 90.5, "priority": "low"}],
    ],
)
def test_steps_that_make_no_sense_are_refused(steps):
    with pytest.raises(ValueError, match="validation error"):
        WarrantySettings.model_validate({"steps": steps, "unknown": "low"})
