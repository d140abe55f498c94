"""Making any fact worse or unknown never turns a HOLD into a GO.

First every step, and every step after it, from some facts that get a GO: whatever made the first
HOLD, no second step lifts it. Then whole facts made at random, and every step from them.
"""

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batteryd.clearance.decide import decide
from batteryd.clearance.facts import (
    AlarmFacts,
    AlarmTrouble,
    BatteryFacts,
    Facts,
    Grant,
    Reading,
    ServiceFacts,
)
from batteryd.domain.clearance import Decision
from batteryd.domain.inventory import Chemistry
from batteryd.domain.work import Attestation, AttestationKind, Finding, RiskAcceptance, WorkKind
from tests.clearance_order import worsened
from tests.clearances import (
    AS_OF_S,
    ATTESTED,
    HOUR_S,
    by_id,
    decided,
    make_acceptance,
    make_attestation,
    make_facts,
    make_finding,
    make_order,
    make_rack,
    make_reading,
    make_service,
)

ABSENCE = AttestationKind.ABSENCE_OF_VOLTAGE
POINTS = ("contactor_closed", "breaker_closed", "current_a", "bus_voltage_v")
CARD = make_rack(
    **dict.fromkeys(POINTS), observed_at_s=AS_OF_S - 2 * HOUR_S, points_lacking=frozenset(POINTS)
)
EARLIER = make_reading(observed_at_s=AS_OF_S - HOUR_S)

CLEARED = {
    "relocation with a GO": make_facts(
        make_rack(),
        make_rack("rack-2"),
        grant=Grant(AS_OF_S - HOUR_S, AS_OF_S + HOUR_S, {"rack-1": EARLIER, "rack-2": EARLIER}),
        alarms=(
            AlarmFacts(AlarmTrouble.COMMUNICATION, AS_OF_S - 60, room_id="room-5b"),
            AlarmFacts(AlarmTrouble.THERMAL, AS_OF_S + 60, asset_id="rack-2"),
            AlarmFacts(AlarmTrouble.GAS, AS_OF_S - 90 * HOUR_S, AS_OF_S - 30 * HOUR_S, "rack-1"),
        ),
    ),
    "a device without switches, measured twice": make_facts(
        CARD,
        attestations=(
            *ATTESTED,
            make_attestation(ABSENCE),
            make_attestation(ABSENCE, at_s=AS_OF_S),
        ),
    ),
    "measured again after voltage": make_facts(
        make_rack(observed_at_s=AS_OF_S - 2 * HOUR_S),
        attestations=(
            *ATTESTED,
            make_attestation(ABSENCE, value=402.9, at_s=AS_OF_S - 600),
            make_attestation(ABSENCE, at_s=AS_OF_S - 60),
        ),
    ),
    "risks accepted": make_facts(
        make_rack(warranty_last_day=date(2024, 8, 19)),
        findings=(make_finding(), make_finding(finding_id="F-2", closed_on=date(2025, 9, 26))),
        acceptances=(make_acceptance("PW-01"), make_acceptance("PW-02")),
        services=(make_service(grade=3), make_service(name="mail", ups_id=None, room_id="room-9")),
    ),
    "test": make_facts(order=make_order(kind=WorkKind.TEST)),
    "inspection": make_facts(
        make_rack(contactor_closed=True, breaker_closed=True, bus_voltage_v=402.9, soc_pct=90.0),
        order=make_order(kind=WorkKind.INSPECT),
    ),
}


def is_held(facts: Facts) -> bool:
    return decide(facts).decision is Decision.HOLD


@pytest.mark.parametrize("name", CLEARED)
def test_no_second_step_lifts_what_a_first_one_held(name: str) -> None:
    cleared = CLEARED[name]
    assert not is_held(cleared)

    held = [(step, facts) for step, facts in worsened(cleared) if is_held(facts)]
    lifted = [
        (first, second)
        for first, facts in held
        for second, further in worsened(facts)
        if not is_held(further)
    ]

    assert len(held) > 20
    assert lifted == []


def mostly(good: object, *others: object) -> st.SearchStrategy[object]:
    return st.sampled_from((good,) * 12 + others)


READINGS = st.builds(
    Reading,
    observed_at_s=mostly(AS_OF_S - 5, None, AS_OF_S - 61, AS_OF_S + 40, AS_OF_S + 90),
    soc_pct=mostly(18.0, None, 0.0, 5.0, 20.0, 20.5, 64.0),
    voltage_v=mostly(361.1, None, 300.0, 402.9),
    current_a=mostly(0.0, None, 1.0, -12.0),
    bus_voltage_v=mostly(0.3, None, 5.0, 402.9),
    contactor_closed=mostly(False, None, True),
    breaker_closed=mostly(False, None, True),
    temperature_c_max=mostly(24.0, None, 26.5, 31.0),
)


def with_points(reading: Reading, points_lacking: frozenset[str], **said: Any) -> BatteryFacts:
    """Return a battery whose device tells nothing of the points that it does not have."""
    reading = replace(reading, **dict.fromkeys(points_lacking))
    return BatteryFacts(reading=reading, points_lacking=points_lacking, **said)


def batteries(asset_id: str) -> st.SearchStrategy[BatteryFacts]:
    return st.builds(
        with_points,
        asset_id=st.just(asset_id),
        room_id=mostly("room-5b", None, "room-6a"),
        dc_bus_id=mostly("bus-1", None, "bus-2"),
        ups_id=mostly("ups-1", None, "ups-2"),
        chemistry=mostly(Chemistry.NMC, None, Chemistry.LFP, Chemistry.LTO),
        cell_count=mostly(102, None, 110),
        warranty_last_day=mostly(date(2030, 8, 19), None, date(2025, 9, 25)),
        service_life_last_day=mostly(date(2030, 8, 19), None, date(2025, 9, 26)),
        reading=READINGS,
        points_lacking=st.sampled_from((frozenset(), frozenset(POINTS[:2]), frozenset(POINTS))),
    )


FINDINGS = st.builds(
    Finding,
    finding_id=st.just("F-1"),
    asset_id=st.sampled_from(("rack-1", "rack-2")),
    opened_on=st.sampled_from((date(2024, 6, 27), date(2025, 9, 27))),
    opened_by=st.just("inspector"),
    text=st.just("hot"),
    closed_on=mostly(date(2025, 9, 1), None, date(2025, 9, 26), date(2025, 9, 27)),
)
ALARMS = st.builds(
    lambda trouble, where, raised_ago_s, returned_ago_s: AlarmFacts(
        trouble,
        AS_OF_S - raised_ago_s,
        None if returned_ago_s is None else AS_OF_S - returned_ago_s,
        **where,
    ),
    trouble=mostly(AlarmTrouble.COMMUNICATION, *AlarmTrouble),
    where=st.sampled_from(
        ({"room_id": "room-5b"}, {"room_id": "room-6a"}, {"asset_id": "rack-2"}, {})
    ),
    raised_ago_s=st.sampled_from((90 * HOUR_S, -60.0)),
    returned_ago_s=st.sampled_from((25 * HOUR_S, 24 * HOUR_S, HOUR_S, -60.0, None)),
)
ABSENCES = st.builds(
    Attestation,
    work_order_id=mostly("WO-5B-3", "WO-OTHER"),
    kind=st.just(ABSENCE),
    by=mostly("Park Ji-ho", ""),
    at_s=st.sampled_from((AS_OF_S, AS_OF_S - 600, AS_OF_S - 12 * HOUR_S, AS_OF_S + 60)),
    battery=st.sampled_from(("rack-1", "rack-1", "rack-2", None)),
    value=mostly(0.4, None, 402.9),
)
SERVICES = st.builds(
    ServiceFacts,
    name=st.sampled_from(("mail", "tax")),
    grade=st.sampled_from((1, 2, 3, 4, None)),
    ups_id=st.sampled_from(("ups-1", "ups-2", None)),
    room_id=st.sampled_from(("room-5b", "room-6a", None)),
    owner_notified_at_s=mostly(AS_OF_S - HOUR_S, None, AS_OF_S + 60),
    recovery_copy_confirmed_at_s=mostly(AS_OF_S - HOUR_S, None, AS_OF_S + 60),
)
ACCEPTANCES = st.builds(
    RiskAcceptance,
    work_order_id=st.just("WO-5B-3"),
    code=st.sampled_from(("PW-01", "PW-02", "PW-04")),
    by=mostly(("Choi", "Jung"), ("Choi",), ("Choi", " CHOI ")),
    expires_at_s=mostly(AS_OF_S + HOUR_S, AS_OF_S),
    reason=mostly("replacement in January", ""),
    at_s=st.just(AS_OF_S - HOUR_S),
)
GRANTS = st.builds(
    Grant,
    granted_at_s=st.just(AS_OF_S - HOUR_S),
    valid_until_s=mostly(AS_OF_S + HOUR_S, AS_OF_S),
    readings=st.dictionaries(st.sampled_from(("rack-1", "rack-2")), READINGS),
)
WORK = st.builds(
    make_order,
    kind=st.sampled_from((WorkKind.RELOCATE,) * 3 + tuple(WorkKind)),
    batteries=mostly(("rack-1",), ("rack-1", "rack-2"), ("rack-1", "rack-9")),
    people=mostly(("Kim Min-jun",), (), ("Kim Min-jun", "Han So-hee")),
    last_day=mostly(date(2025, 9, 26), date(2031, 1, 1)),
    ends_at_s=mostly(AS_OF_S + HOUR_S, AS_OF_S),
)
BATTERIES = st.builds(by_id, batteries("rack-1"), batteries("rack-2"))
PAPERS = st.builds(
    lambda absences, forgotten: tuple(
        said for number, said in enumerate(ATTESTED) if number != forgotten
    ) + tuple(absences),
    absences=st.lists(ABSENCES, max_size=2),
    forgotten=mostly(None, 0, 1, 2, 3, 4),
)  # fmt: skip
FACTS = st.builds(
    Facts,
    as_of_s=st.just(AS_OF_S),
    order=WORK,
    batteries=BATTERIES,
    findings=st.lists(FINDINGS, max_size=2).map(tuple),
    alarms=st.lists(ALARMS, max_size=2).map(tuple),
    attestations=PAPERS,
    acceptances=st.lists(ACCEPTANCES, max_size=2).map(tuple),
    services=st.lists(SERVICES, max_size=2).map(tuple),
    grant=st.none() | GRANTS,
)


@settings(max_examples=60, deadline=None)
@given(facts=FACTS)
def test_no_step_lifts_what_holds_whatever_the_facts(facts: Facts) -> None:
    if decided(facts).decision is Decision.GO:
        return

    lifted = [step for step, worse in worsened(facts) if not is_held(worse)]

    assert lifted == []


def test_the_facts_made_at_random_hold_for_every_reason_and_for_none() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(facts=FACTS)
    def count(facts: Facts) -> None:
        codes = decide(facts).codes
        seen.update(codes or ("GO",))
        seen["one reason"] += len(codes) == 1

    count()

    assert {"GO", "one reason", *(f"PW-0{n}" for n in range(1, 10))} <= seen.keys()


def test_a_step_that_is_no_step_down_is_not_claimed_to_be_one() -> None:
    # A charge that comes to agree with its voltage: the contradiction was the worse of the two.
    doubtful = make_facts(make_rack(soc_pct=0.0, voltage_v=102 * 3.62))
    settled = replace(doubtful, batteries=by_id(make_rack(soc_pct=18.0, voltage_v=102 * 3.62)))

    assert is_held(doubtful)
    assert not is_held(settled)
    assert settled not in [facts for _, facts in worsened(doubtful)]
