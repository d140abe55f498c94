"""Which check holds, warns or does not apply, for every kind of work."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from batteryd.clearance.checks import CHECKS
from batteryd.clearance.decide import decide
from batteryd.clearance.facts import AlarmFacts, AlarmTrouble, Facts
from batteryd.clearance.matrix import MATRIX
from batteryd.domain.clearance import Decision, HoldCode
from batteryd.domain.work import AttestationKind, WorkKind
from tests.clearances import (
    AS_OF_S,
    make_facts,
    make_finding,
    make_order,
    make_rack,
    make_service,
)

# As people read it: a column a code from PW-01 to PW-09; x holds, w warns, - does not apply.
TABLE = {
    WorkKind.RELOCATE: "xxxxxxxxx",
    WorkKind.DISCONNECT: "xxxxxxxxx",
    WorkKind.REPLACE: "xxxxxxxxx",
    WorkKind.TEST: "xx--xxxxx",
    WorkKind.INSPECT: "ww--xxx-x",
}

# For each code, what is wrong with the work.
TROUBLE: dict[HoldCode, Callable[[Facts], Facts]] = {
    HoldCode.LIFE_OVER: lambda f: rack(f, warranty_last_day=date(2024, 8, 19)),
    HoldCode.FINDING_OPEN: lambda f: replace(f, findings=(make_finding(),)),
    HoldCode.CHARGE_TOO_HIGH: lambda f: rack(f, soc_pct=90.0, voltage_v=402.9),
    HoldCode.NOT_ISOLATED: lambda f: rack(f, contactor_closed=True),
    HoldCode.NOT_OBSERVED: lambda f: rack(f, observed_at_s=AS_OF_S - 95),
    HoldCode.ALARM_IN_ROOM: lambda f: replace(
        f, alarms=(AlarmFacts(AlarmTrouble.GAS, AS_OF_S - 60, room_id="room-5b"),)
    ),
    HoldCode.ATTESTATION_MISSING: lambda f: replace(f, attestations=()),
    HoldCode.OWNER_NOT_NOTIFIED: lambda f: replace(
        f, services=(make_service(owner_notified_at_s=None),)
    ),
    HoldCode.PERMIT_VOID: lambda f: replace(f, order=replace(f.order, ends_at_s=AS_OF_S)),
}


def rack(facts: Facts, **changes: object) -> Facts:
    return replace(facts, batteries={"rack-1": make_rack(**changes)})


def test_every_code_has_a_check_and_every_kind_of_work_its_demands() -> None:
    assert list(CHECKS) == list(HoldCode)
    assert list(MATRIX) == list(WorkKind)


@pytest.mark.parametrize("code", list(HoldCode))
@pytest.mark.parametrize("kind", list(WorkKind))
def test_each_check_applies_to_each_kind_of_work_as_the_table_says(
    kind: WorkKind, code: HoldCode
) -> None:
    facts = TROUBLE[code](make_facts(order=make_order(kind=kind)))

    clearance = decide(facts)

    held = code in clearance.codes
    warned = code in {warning.code for warning in clearance.warnings}
    expected = TABLE[kind][list(HoldCode).index(code)]
    assert (held, warned) == {"x": (True, False), "w": (False, True), "-": (False, False)}[expected]
    assert clearance.decision is (Decision.HOLD if expected == "x" else Decision.GO)


@pytest.mark.parametrize("kind", list(WorkKind))
def test_every_kind_of_work_can_get_a_go(kind: WorkKind) -> None:
    assert decide(make_facts(order=make_order(kind=kind))).decision is Decision.GO


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        (WorkKind.RELOCATE, 5),
        (WorkKind.DISCONNECT, 5),
        (WorkKind.REPLACE, 5),
        (WorkKind.TEST, 2),
        (WorkKind.INSPECT, 1),
    ],
)
def test_every_kind_of_work_begins_with_a_briefing(kind: WorkKind, count: int) -> None:
    attested = MATRIX[kind].attested

    assert attested[0] is AttestationKind.BRIEFING
    assert len(attested) == count
