"""PW-09: the time of the permit, and what has changed since the GO."""

import math

import pytest

from batteryd.clearance.checks_permit import permit_void
from batteryd.clearance.facts import NO_READING, Facts, Grant, Reading
from tests.clearances import AS_OF_S, HOUR_S, make_facts, make_order, make_rack, make_reading


def granted(then: Reading | None = None, *, valid_for_s: float = HOUR_S) -> Grant:
    readings = {} if then is None else {"rack-1": then}
    return Grant(AS_OF_S - HOUR_S, AS_OF_S + valid_for_s, readings)


def since_go(then: Reading, **now: object) -> Facts:
    return make_facts(make_rack(**now), grant=granted(then))


@pytest.mark.parametrize(("left_s", "holds"), [(1, False), (0, True), (-1, True)])
def test_the_permit_ends_with_the_planned_work(left_s: float, holds: bool) -> None:
    facts = make_facts(order=make_order(ends_at_s=AS_OF_S + left_s))

    assert bool(list(permit_void(facts))) is holds


@pytest.mark.parametrize(("left_s", "holds"), [(1, False), (0, True), (-1, True)])
def test_a_go_ends_with_its_validity(left_s: float, holds: bool) -> None:
    facts = make_facts(grant=granted(valid_for_s=left_s))

    assert bool(list(permit_void(facts))) is holds


def test_one_hold_names_both_ends() -> None:
    facts = make_facts(order=make_order(ends_at_s=AS_OF_S - 60), grant=granted(valid_for_s=-60))

    (hold,) = permit_void(facts)

    assert hold.text == (
        "WO-5B-3: the planned work ended at 2025-09-26T10:30:44Z and the GO was valid until"
        " 2025-09-26T10:30:44Z"
    )
    assert hold.evidence == {
        "ends_at": "2025-09-26T10:30:44Z",
        "valid_until": "2025-09-26T10:30:44Z",
    }


def test_without_a_go_nothing_can_have_changed() -> None:
    facts = make_facts(make_rack(contactor_closed=True), order=make_order(ends_at_s=AS_OF_S - 60))

    (hold,) = permit_void(facts)

    assert hold.evidence["valid_until"] is None


@pytest.mark.parametrize("switch", ["contactor_closed", "breaker_closed"])
@pytest.mark.parametrize(
    ("then", "now", "holds"),
    [
        (False, False, False),
        (False, True, True),
        (False, None, True),
        (True, True, False),  # an inspection, with everything in service
        (True, False, False),
        (True, None, True),
        (None, True, False),  # nothing was known that could have changed; PW-04 sees it closed
        (None, None, False),
    ],
)
def test_a_switch_must_not_close_nor_fall_silent(
    switch: str, then: bool | None, now: bool | None, holds: bool
) -> None:
    facts = since_go(make_reading(**{switch: then}), **{switch: now})

    assert bool(list(permit_void(facts))) is holds


@pytest.mark.parametrize(
    ("name", "then", "now", "holds"),
    [
        ("soc_pct", 18.0, 20.0, False),  # exactly the limit
        ("soc_pct", 18.0, 20.1, True),
        ("soc_pct", 18.0, 12.0, False),
        ("soc_pct", 18.0, None, True),
        ("soc_pct", None, 60.0, False),
        ("soc_pct", 18.0, math.nan, True),
        ("temperature_c_max", 24.0, 27.0, False),  # exactly the limit
        ("temperature_c_max", 24.0, 27.1, True),
        ("temperature_c_max", 24.0, 20.0, False),
        ("temperature_c_max", 24.0, None, True),
        ("temperature_c_max", None, 60.0, False),
    ],
)
def test_charge_and_temperature_must_not_rise_nor_fall_silent(
    name: str, then: float | None, now: float | None, holds: bool
) -> None:
    facts = since_go(make_reading(**{name: then}), **{name: now})

    assert bool(list(permit_void(facts))) is holds


def test_the_hold_says_what_changed_from_what_to_what() -> None:
    facts = since_go(make_reading(), contactor_closed=True, soc_pct=21.5, temperature_c_max=None)

    (hold,) = permit_void(facts)

    assert hold.subject == "rack-1"
    assert hold.text == (
        "rack-1 has changed since the GO of 2025-09-26T09:31:44Z: its contactor was open and is"
        " closed, its state of charge was 18 % and is 21.5 % and its highest temperature was 24 °C"
        " and is unknown"
    )
    assert hold.evidence["changed"] == {
        "contactor_closed": {"then": False, "now": True},
        "soc_pct": {"then": 18.0, "now": 21.5},
        "temperature_c_max": {"then": 24.0, "now": None},
    }


@pytest.mark.parametrize("now", [{}, {"rack-1": make_rack(reading=NO_READING)}])
def test_a_battery_that_is_not_heard_any_more_has_changed(now: dict[str, object]) -> None:
    facts = make_facts(batteries=now, grant=granted(make_reading()))

    (hold,) = permit_void(facts)

    assert "its breaker was open and is unknown" in hold.text


def test_what_the_go_did_not_look_at_does_not_end_it() -> None:
    facts = make_facts(
        make_rack(), make_rack("rack-2", soc_pct=80.0), grant=granted(make_reading())
    )

    assert not list(permit_void(facts))
