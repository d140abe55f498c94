"""PW-05: heard just now, and of everything that is asked for."""

import pytest

from batteryd.clearance.checks_observed import measured_instead, not_observed
from batteryd.clearance.facts import NO_READING
from batteryd.domain.work import AttestationKind, WorkKind
from tests.clearances import (
    AS_OF_S,
    ATTESTED,
    HOUR_S,
    holding,
    make_attestation,
    make_facts,
    make_order,
    make_rack,
)

MEASURED = (*ATTESTED, make_attestation(AttestationKind.ABSENCE_OF_VOLTAGE))
RELOCATE, TEST, INSPECT = WorkKind.RELOCATE, WorkKind.TEST, WorkKind.INSPECT


@pytest.mark.parametrize(
    ("observed_at_s", "holds"),
    [
        (AS_OF_S, False),
        (AS_OF_S - 60, False),  # exactly as old as it may be
        (AS_OF_S - 60.001, True),
        (AS_OF_S - 3 * HOUR_S, True),
        (AS_OF_S + 60, False),  # clocks differ
        (AS_OF_S + 60.001, True),
        (None, True),
    ],
)
@pytest.mark.parametrize("kind", [RELOCATE, TEST, INSPECT])
def test_a_reading_is_of_the_last_minute_or_stale(
    kind: WorkKind, observed_at_s: float | None, holds: bool
) -> None:
    facts = make_facts(make_rack(observed_at_s=observed_at_s), order=make_order(kind=kind))

    assert bool(list(not_observed(facts))) is holds


@pytest.mark.parametrize(
    ("name", "kinds_that_hold"),
    [
        ("soc_pct", (RELOCATE, TEST, INSPECT)),
        ("voltage_v", (RELOCATE, TEST, INSPECT)),
        ("current_a", (RELOCATE, TEST, INSPECT)),
        ("contactor_closed", (RELOCATE,)),
        ("breaker_closed", (RELOCATE,)),
        ("bus_voltage_v", (RELOCATE,)),
        ("temperature_c_max", ()),
    ],
)
@pytest.mark.parametrize("kind", [RELOCATE, TEST, INSPECT])
def test_a_missing_point_holds_the_kinds_of_work_that_ask_for_it(
    kind: WorkKind, name: str, kinds_that_hold: tuple[WorkKind, ...]
) -> None:
    facts = make_facts(make_rack(**{name: None}), order=make_order(kind=kind))

    assert bool(list(not_observed(facts))) is (kind in kinds_that_hold)


def test_stale_but_otherwise_fine_is_stale_and_nothing_else() -> None:
    assert holding(make_facts(make_rack(observed_at_s=AS_OF_S - 95))) == ["PW-05"]


def test_stale_and_closed_is_both() -> None:
    rack = make_rack(observed_at_s=AS_OF_S - 95, contactor_closed=True)

    assert holding(make_facts(rack)) == ["PW-04", "PW-05"]


@pytest.mark.parametrize(("kind", "holds"), [(RELOCATE, True), (TEST, False), (INSPECT, False)])
def test_a_silent_neighbour_on_the_bus_holds_where_isolation_is_asked_for(
    kind: WorkKind, holds: bool
) -> None:
    neighbour = make_rack("rack-2", observed_at_s=AS_OF_S - 95)
    facts = make_facts(make_rack(), neighbour, order=make_order(kind=kind))

    assert [hold.subject for hold in not_observed(facts)] == (["rack-2"] if holds else [])


def test_of_a_neighbour_only_its_isolation_has_to_be_heard() -> None:
    neighbour = make_rack("rack-2", soc_pct=None, voltage_v=None)

    assert not list(not_observed(make_facts(make_rack(), neighbour)))


def test_one_hold_names_everything_that_is_missing_and_how_old_the_rest_is() -> None:
    rack = make_rack(soc_pct=None, bus_voltage_v=None, observed_at_s=AS_OF_S - 95)

    (hold,) = not_observed(make_facts(rack))

    assert hold.text == (
        "rack-1: its state of charge and the voltage of its DC bus are missing and"
        " it was last heard 95 s ago (at most 60 s)"
    )
    assert hold.evidence == {
        "observed_at": "2025-09-26T10:30:09Z",
        "age_s": 95.0,
        "stale_after_s": 60.0,
        "by_hand": "nobody measured",
    }


def test_a_device_that_was_never_heard_has_no_age() -> None:
    (hold,) = not_observed(make_facts(make_rack(reading=NO_READING)))

    assert "it is unknown when it was last heard" in hold.text
    assert hold.evidence["age_s"] is None


def test_a_reading_of_the_future_is_called_that() -> None:
    (hold,) = not_observed(make_facts(make_rack(observed_at_s=AS_OF_S + 3 * HOUR_S)))

    assert "3.0 h in the future" in hold.text


def test_a_reading_by_hand_stands_in_for_a_powered_down_device_and_says_so() -> None:
    silent = make_rack(observed_at_s=AS_OF_S - 2 * HOUR_S)
    facts = make_facts(silent, attestations=MEASURED)

    assert not list(not_observed(facts))
    (remark,) = measured_instead(facts)
    assert remark.text == (
        "rack-1: it was last heard 2.0 h ago (at most 60 s); Park Ji-ho measured absence of voltage"
        " 30 min ago, which stands in for it"
    )
    assert holding(facts) == []


def test_a_reading_by_hand_stands_in_for_one_battery_only() -> None:
    racks = (make_rack(), make_rack("rack-2", observed_at_s=AS_OF_S - 2 * HOUR_S))

    (hold,) = not_observed(make_facts(*racks, attestations=MEASURED))

    assert hold.subject == "rack-2"


def test_the_charge_of_a_powered_down_battery_has_to_be_known_all_the_same() -> None:
    silent = make_rack(soc_pct=None, observed_at_s=None)

    assert holding(make_facts(silent, attestations=MEASURED)) == ["PW-03"]


def test_there_is_nothing_to_remark_of_a_device_that_is_heard() -> None:
    assert not list(measured_instead(make_facts(attestations=MEASURED)))


@pytest.mark.parametrize("kind", list(WorkKind))
def test_an_order_without_batteries_holds(kind: WorkKind) -> None:
    (hold,) = not_observed(make_facts(order=make_order(batteries=(), kind=kind)))

    assert hold.subject == "WO-5B-3"
    assert "names no battery" in hold.text
