"""PW-04: the batteries of the order, and everything on their DC buses, proven isolated."""

import math
from itertools import product

import pytest

from batteryd.clearance.checks_isolation import ISOLATION_POINTS, not_isolated
from batteryd.clearance.facts import Facts
from batteryd.domain.work import AttestationKind
from tests.clearances import (
    ATTESTED,
    make_attestation,
    make_facts,
    make_order,
    make_rack,
)

ALL_POINTS = frozenset(point.name for point in ISOLATION_POINTS)
NO_POINTS: frozenset[str] = frozenset()
SILENT = dict.fromkeys(ALL_POINTS)
MEASURED = (*ATTESTED, make_attestation(AttestationKind.ABSENCE_OF_VOLTAGE))


def subjects(facts: Facts) -> list[str]:
    return [hold.subject for hold in not_isolated(facts)]


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, False),
        ({"contactor_closed": True}, True),
        ({"breaker_closed": True}, True),
        ({"contactor_closed": None}, True),
        ({"breaker_closed": None}, True),
        ({"current_a": 1.0}, False),
        ({"current_a": -1.0}, False),
        ({"current_a": 1.01}, True),
        ({"current_a": -1.01}, True),
        ({"current_a": None}, True),
        ({"current_a": math.nan}, True),
        ({"bus_voltage_v": 5.0}, False),
        ({"bus_voltage_v": -5.0}, False),
        ({"bus_voltage_v": 5.1}, True),
        ({"bus_voltage_v": -402.9}, True),
        ({"bus_voltage_v": None}, True),
        ({"bus_voltage_v": math.nan}, True),
        ({"dc_bus_id": None}, True),
    ],
)
@pytest.mark.parametrize("is_measured", [False, True])
def test_isolated_means_all_four_points_are_known_and_show_it(
    changes: dict[str, object], holds: bool, is_measured: bool
) -> None:
    facts = make_facts(make_rack(**changes), attestations=MEASURED if is_measured else ATTESTED)

    assert subjects(facts) == (["rack-1"] if holds else [])


def test_the_sentence_says_what_was_seen() -> None:
    rack = make_rack(
        contactor_closed=True, breaker_closed=None, current_a=-12.34, bus_voltage_v=402.94
    )

    (hold,) = not_isolated(make_facts(rack))

    assert hold.text == (
        "rack-1 is not proven isolated: its contactor is closed, a current of -12.3 A flows,"
        " its DC bus is at 402.9 V and its breaker is unknown"
    )
    assert hold.evidence == {
        "dc_bus": "bus-1",
        "contactor_closed": True,
        "breaker_closed": None,
        "current_a": -12.34,
        "bus_voltage_v": 402.94,
        "observed_at": "2025-09-26T10:31:39Z",
        "by_hand": "nobody measured",
    }


@pytest.mark.parametrize(("dc_bus_id", "counts"), [("bus-1", True), (None, True), ("bus-2", False)])
def test_a_closed_rack_holds_the_work_on_every_rack_that_may_share_its_bus(
    dc_bus_id: str | None, counts: bool
) -> None:
    neighbour = make_rack("rack-2", contactor_closed=True, dc_bus_id=dc_bus_id)

    assert subjects(make_facts(make_rack(), neighbour)) == (["rack-2"] if counts else [])


def test_a_neighbour_of_unknown_bus_that_is_isolated_itself_holds_nothing() -> None:
    assert subjects(make_facts(make_rack(), make_rack("rack-2", dc_bus_id=None))) == []


def test_every_bus_of_the_order_is_looked_at() -> None:
    facts = make_facts(
        make_rack("rack-1"),
        make_rack("rack-9", dc_bus_id="bus-2"),
        make_rack("rack-10", dc_bus_id="bus-2", breaker_closed=True),
        order=make_order(batteries=("rack-1", "rack-9")),
    )

    assert subjects(facts) == ["rack-10"]


def test_a_device_without_switch_points_needs_a_reading_by_hand() -> None:
    card = make_rack(**SILENT, points_lacking=ALL_POINTS)

    (hold,) = not_isolated(make_facts(card))

    assert "nobody has measured by hand, as its contactor, its breaker, its current" in hold.text
    assert subjects(make_facts(card, attestations=MEASURED)) == []


def test_a_reading_by_hand_never_outvotes_what_the_device_says() -> None:
    for name, value in (
        ("contactor_closed", True),
        ("breaker_closed", True),
        ("current_a", 12.0),
        ("bus_voltage_v", 402.9),
    ):
        rack = make_rack(**{name: value, "points_lacking": ALL_POINTS})

        (hold,) = not_isolated(make_facts(rack, attestations=MEASURED))

        assert hold.evidence["by_hand"] != "nobody measured", name


def test_a_point_that_the_device_has_and_does_not_tell_is_not_made_up_by_hand() -> None:
    for name in ALL_POINTS:
        rack = make_rack(**{name: None, "points_lacking": ALL_POINTS - {name}})

        assert subjects(make_facts(rack, attestations=MEASURED)) == ["rack-1"], name


@pytest.mark.parametrize(
    ("value", "said"), [(402.9, "wrote down 402.9 V"), (None, "wrote down no value")]
)
def test_voltage_measured_by_hand_outvotes_open_switches(value: float | None, said: str) -> None:
    record = make_attestation(AttestationKind.ABSENCE_OF_VOLTAGE, value=value)

    (hold,) = not_isolated(make_facts(attestations=(*ATTESTED, record)))

    assert f"Park Ji-ho {said} at it 30 min ago" in hold.text


def test_voltage_measured_by_nobody_known_counts_against_isolation_too() -> None:
    record = make_attestation(AttestationKind.ABSENCE_OF_VOLTAGE, value=402.9, by="")

    (hold,) = not_isolated(make_facts(attestations=(*ATTESTED, record)))

    assert "somebody wrote down 402.9 V" in hold.text


def test_no_state_of_the_four_points_gets_better_by_becoming_worse_or_unknown() -> None:
    # Every combination there is, with and without a reading by hand, for every kind of device.
    worse: dict[str, dict[object, tuple[object, ...]]] = {
        "contactor_closed": {False: (True, None), True: (None,), None: (True,)},
        "breaker_closed": {False: (True, None), True: (None,), None: (True,)},
        "current_a": {0.0: (12.0, None), 12.0: (None,), None: (12.0,)},
        "bus_voltage_v": {0.0: (402.9, None), 402.9: (None,), None: (402.9,)},
    }
    devices = (NO_POINTS, ALL_POINTS, frozenset({"contactor_closed", "breaker_closed"}))

    def is_held(values: dict[str, object], lacking: frozenset[str], *, is_measured: bool) -> bool:
        rack = make_rack(**values, points_lacking=lacking)
        return bool(subjects(make_facts(rack, attestations=MEASURED if is_measured else ATTESTED)))

    for lacking, is_measured in product(devices, (False, True)):
        for state in product(*(worse[name] for name in worse)):
            values = dict(zip(worse, state, strict=True))
            # A device has no values of a point that it lacks.
            if any(values[name] is not None for name in lacking):
                continue
            if not is_held(values, lacking, is_measured=is_measured):
                continue
            for name in values.keys() - lacking:
                for value in worse[name][values[name]]:
                    changed = {**values, name: value}
                    assert is_held(changed, lacking, is_measured=is_measured), (values, changed)
