"""What people measured with their own meter, and when it counts."""

import math
from dataclasses import replace
from typing import Any

import pytest

from batteryd.clearance.by_hand import ByHand, measured_by_hand
from batteryd.clearance.wording import UNKNOWN_S
from batteryd.domain.work import Attestation, AttestationKind
from tests.clearances import AS_OF_S, HOUR_S, make_attestation, make_facts

ABSENCE = AttestationKind.ABSENCE_OF_VOLTAGE


def measured(*records: Attestation) -> ByHand:
    return measured_by_hand(make_facts(attestations=records), asset_id="rack-1")


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, True),
        ({"value": 5.0}, True),
        ({"value": -5.0}, True),
        ({"at_s": AS_OF_S}, True),
        ({"at_s": AS_OF_S - 12 * HOUR_S + 1}, True),
        ({"at_s": AS_OF_S - 12 * HOUR_S}, False),  # not younger than 12 h
        ({"at_s": AS_OF_S + 1}, False),
        ({"at_s": UNKNOWN_S}, False),
        ({"by": "  "}, False),
        ({"battery": "rack-2"}, False),
        ({"battery": None}, False),
        ({"work_order_id": "WO-OTHER"}, False),
        ({"kind": AttestationKind.INSULATED_TOOLS}, False),
    ],
)
def test_a_record_counts_where_it_is_named_young_and_about_this_battery(
    changes: dict[str, Any], counts: bool
) -> None:
    record = replace(make_attestation(ABSENCE), **changes)

    found = measured(record)

    assert found == ByHand(proof=record if counts else None)


@pytest.mark.parametrize("value", [5.1, -5.1, 402.9, None, math.nan])
def test_a_record_that_shows_no_absence_speaks_against_it(value: float | None) -> None:
    record = make_attestation(ABSENCE, value=value)

    assert measured(record) == ByHand(contradiction=record)


def test_voltage_that_was_measured_stands_until_somebody_measures_again() -> None:
    live = make_attestation(ABSENCE, value=402.9, at_s=AS_OF_S - 600)
    before = make_attestation(ABSENCE, at_s=AS_OF_S - 900)
    after = make_attestation(ABSENCE, at_s=AS_OF_S - 300)

    assert measured(before, live) == ByHand(contradiction=live)
    assert measured(after, live, before) == ByHand(proof=after)


def test_of_two_records_at_one_instant_the_worse_is_believed() -> None:
    live = make_attestation(ABSENCE, value=402.9)

    assert measured(live, make_attestation(ABSENCE)) == ByHand(contradiction=live)


def test_a_newer_record_without_a_name_does_not_take_the_proof_away() -> None:
    named = make_attestation(ABSENCE, at_s=AS_OF_S - 900)
    nameless = make_attestation(ABSENCE, by="", at_s=AS_OF_S - 300)

    assert measured(named, nameless) == ByHand(proof=named)


def test_evidence_names_who_when_and_what() -> None:
    assert measured(make_attestation(ABSENCE)).evidence == {
        "by": "Park Ji-ho",
        "at": "2025-09-26T10:01:44Z",
        "value_v": 0.4,
    }
    assert measured().evidence is None
