"""Facts on which a relocation gets its GO: a test makes worse what it is about, nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from batteryd.clearance.decide import decide
from batteryd.clearance.facts import (
    BatteryFacts,
    Facts,
    OrderFacts,
    Reading,
    ServiceFacts,
)
from batteryd.domain.clearance import Clearance, Hold, HoldCode
from batteryd.domain.inventory import Chemistry
from batteryd.domain.work import Attestation, AttestationKind, Finding, RiskAcceptance, WorkKind

AS_OF_S = datetime(2025, 9, 26, 10, 31, 44, tzinfo=UTC).timestamp()
HOUR_S = 3600.0
ORDER_ID = "WO-5B-3"
CREW = ("Kim Min-jun", "Lee Seo-yeon")

READ_FIELDS = tuple(Reading.__dataclass_fields__)


def make_reading(**changes: Any) -> Reading:
    """Return what an opened rack at 18 % tells, five seconds ago; 102 cells of 3.54 V."""
    reading = Reading(
        observed_at_s=AS_OF_S - 5,
        soc_pct=18.0,
        voltage_v=361.1,
        current_a=0.0,
        bus_voltage_v=0.3,
        contactor_closed=False,
        breaker_closed=False,
        temperature_c_max=24.0,
    )
    return replace(reading, **changes)


def make_rack(asset_id: str = "rack-1", /, **changes: Any) -> BatteryFacts:
    """Return a rack in room 5B, in warranty; changes of its reading go by the reading's fields."""
    read = {name: changes.pop(name) for name in READ_FIELDS if name in changes}
    rack = BatteryFacts(
        asset_id=asset_id,
        room_id="room-5b",
        dc_bus_id="bus-1",
        ups_id="ups-1",
        chemistry=Chemistry.NMC,
        cell_count=102,
        warranty_last_day=date(2030, 8, 19),
        service_life_last_day=date(2030, 8, 19),
        reading=make_reading(**read),
    )
    return replace(rack, **changes)


def make_order(**changes: Any) -> OrderFacts:
    """Return the relocation of rack 1, on its day."""
    order = OrderFacts(
        work_order_id=ORDER_ID,
        kind=WorkKind.RELOCATE,
        starts_at_s=AS_OF_S - HOUR_S,
        ends_at_s=AS_OF_S + 3 * HOUR_S,
        last_day=date(2025, 9, 26),
        batteries=("rack-1",),
        people=CREW,
    )
    return replace(order, **changes)


def make_attestation(
    kind: AttestationKind = AttestationKind.INSULATED_TOOLS, **changes: Any
) -> Attestation:
    """Return what the supervisor said half an hour ago."""
    said = Attestation(ORDER_ID, kind, by="Park Ji-ho", at_s=AS_OF_S - HOUR_S / 2)
    if kind is AttestationKind.BRIEFING:
        said = replace(said, people=CREW)
    if kind is AttestationKind.ABSENCE_OF_VOLTAGE:
        said = replace(said, battery="rack-1", value=0.4)
    return replace(said, **changes)


ATTESTED = tuple(
    make_attestation(kind)
    for kind in (
        AttestationKind.BRIEFING,
        AttestationKind.INSULATED_TOOLS,
        AttestationKind.INSULATED_CONDUCTORS,
        AttestationKind.SUPERVISOR_ON_SITE,
        AttestationKind.CONTRACTOR_IS_AWARDED_FIRM,
    )
)


def make_service(**changes: Any) -> ServiceFacts:
    """Return a service of the first grade behind UPS 1, whose owner is ready."""
    service = ServiceFacts(
        name="mobile identity",
        grade=1,
        ups_id="ups-1",
        owner_notified_at_s=AS_OF_S - 24 * HOUR_S,
        recovery_copy_confirmed_at_s=AS_OF_S - 20 * HOUR_S,
    )
    return replace(service, **changes)


def make_finding(**changes: Any) -> Finding:
    """Return the finding of June 2024, open."""
    finding = Finding(
        "F-1", "rack-1", date(2024, 6, 27), "inspector", "temperatures deviate, more so on charge"
    )
    return replace(finding, **changes)


def make_acceptance(code: str = "PW-01", **changes: Any) -> RiskAcceptance:
    """Return what two people took on themselves, for the next day."""
    acceptance = RiskAcceptance(
        work_order_id=ORDER_ID,
        code=code,
        by=("Choi Yu-na", "Jung Ha-eun"),
        expires_at_s=AS_OF_S + 24 * HOUR_S,
        reason="new batteries arrive in January",
        at_s=AS_OF_S - HOUR_S,
    )
    return replace(acceptance, **changes)


def make_facts(*racks: BatteryFacts, **changes: Any) -> Facts:
    """Return facts that get a GO; without racks, rack 1 in scope and rack 2 beside it."""
    facts = Facts(
        as_of_s=AS_OF_S,
        order=make_order(),
        batteries=by_id(*(racks or (make_rack("rack-1"), make_rack("rack-2")))),
        attestations=ATTESTED,
        services=(make_service(),),
        utc_offset_s=9 * HOUR_S,
    )
    return replace(facts, **changes)


def by_id(*racks: BatteryFacts) -> Mapping[str, BatteryFacts]:
    """Return batteries as facts hold them."""
    return {rack.asset_id: rack for rack in racks}


def holding(facts: Facts) -> list[str]:
    """Return the codes that hold, each once."""
    return [code.value for code in decide(facts).codes]


def the_hold(code: HoldCode, facts: Facts) -> Hold:
    """Return the only hold of a code."""
    (hold,) = (hold for hold in decide(facts).holds if hold.code is code)
    return hold


def decided(facts: Facts) -> Clearance:
    """Return the decision, which has to be sound: one hold a code and subject, GO without any."""
    clearance = decide(facts)
    subjects = [(hold.code, hold.subject) for hold in clearance.holds]
    assert len(subjects) == len(set(subjects))
    assert (clearance.decision == "GO") == (not clearance.holds)
    assert (clearance.valid_until_s is None) == bool(clearance.holds)
    return clearance
