"""The order of facts: every single step that makes one fact worse or unknown.

`worsened` walks all of them for given facts, each with its name. What is not a step, and why:

- taking bad news away (a finding, an alarm, voltage that somebody measured) makes facts better;
- time passing: alarms and papers age both ways;
- a charge that comes to agree with the voltage of its cells: the contradiction was worse, so a
  charge rises in small steps only from where it agrees;
- a value of a point that the device does not have, or one that takes the place of an unknown one;
- leaving a battery out of the register, or one of two dependencies of a service: that is another
  site, not a fact of this one that is unknown.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from batteryd.clearance.checks_charge import cell_voltage_v
from batteryd.clearance.curves import voltages_at
from batteryd.clearance.facts import AlarmFacts, AlarmTrouble, BatteryFacts, Facts, Reading
from batteryd.clearance.wording import UNKNOWN_S
from batteryd.domain.work import Attestation, AttestationKind
from tests.clearances import make_finding, make_service

DAY = timedelta(days=1)
CELL_V_CHARGED = 3.95  # about 80 %
NUMBERS = ("soc_pct", "voltage_v", "current_a", "bus_voltage_v", "temperature_c_max")

Step = tuple[str, Facts]
Changes = tuple[dict[str, Any], ...]
Fact = TypeVar("Fact", BatteryFacts, Facts, Reading)


def worsened(facts: Facts) -> Iterator[Step]:
    """Yield each single step down from these facts."""
    yield from _order(facts)
    for asset_id, battery in facts.batteries.items():
        for worse in _battery(battery, facts.as_of_s):
            name = f"{asset_id}: {_difference(battery, worse)}"
            yield name, replace(facts, batteries={**facts.batteries, asset_id: worse})
        if asset_id in facts.order.batteries:
            rest = {key: value for key, value in facts.batteries.items() if key != asset_id}
            yield f"{asset_id} forgotten", replace(facts, batteries=rest)
    yield from _bad_news(facts)
    yield from _papers(facts)
    yield from _services(facts)
    if facts.grant is not None:
        expired = replace(facts.grant, valid_until_s=facts.as_of_s)
        yield "GO expired", replace(facts, grant=expired)


def _order(facts: Facts) -> Iterator[Step]:
    order = facts.order
    changes: list[dict[str, Any]] = [
        {"last_day": order.last_day + 3650 * DAY},
        {"ends_at_s": min(order.ends_at_s, facts.as_of_s)},
        {"people": ()},
        {"batteries": ()},
    ]
    if order.people:
        changes += [{"people": (*order.people, more)} for more in ("Han So-hee", "")]
    if order.batteries:
        wider = ("rack-77",), tuple(facts.batteries)
        changes += [{"batteries": (*order.batteries, *more)} for more in wider]
    for change in changes:
        yield f"order {change}", replace(facts, order=replace(order, **change))


def _battery(battery: BatteryFacts, as_of_s: float) -> Iterator[BatteryFacts]:
    unknown = (
        "room_id", "dc_bus_id", "ups_id", "chemistry", "cell_count", "warranty_last_day",
        "service_life_last_day",
    )  # fmt: skip
    yield from (_put(battery, name, None) for name in unknown)
    for name in ("warranty_last_day", "service_life_last_day"):
        last_day = getattr(battery, name)
        if last_day is not None:
            yield _put(battery, name, last_day - 3650 * DAY)
    for point in battery.points_lacking:
        yield replace(battery, points_lacking=battery.points_lacking - {point})
    for reading in _reading(battery, as_of_s):
        yield replace(battery, reading=reading)


def _reading(battery: BatteryFacts, as_of_s: float) -> Iterator[Reading]:
    """Yield the steps of what was read; unknown is the last of each."""
    reading = battery.reading
    known = [n for n in Reading.__dataclass_fields__ if getattr(reading, n) is not None]
    yield from (_put(reading, name, None) for name in known)
    yield from (_put(reading, name, math.nan) for name in known if name in NUMBERS)
    cell_count = battery.cell_count or 102
    worst: dict[str, object] = {
        "contactor_closed": True,
        "breaker_closed": True,
        "current_a": -40.0,
        "bus_voltage_v": 402.9,
        "soc_pct": 100.0,
        "voltage_v": CELL_V_CHARGED * cell_count,
    }
    yield from (_put(reading, name, worst[name]) for name in known if name in worst)
    if reading.observed_at_s is not None:
        away_s = math.copysign(3600.0, reading.observed_at_s - as_of_s)
        yield replace(reading, observed_at_s=reading.observed_at_s + away_s)
    if reading.temperature_c_max is not None:
        yield replace(reading, temperature_c_max=reading.temperature_c_max + 5)
    if reading.soc_pct is not None and _agrees(battery):
        yield replace(reading, soc_pct=min(reading.soc_pct + 2.5, 100.0))


def _agrees(battery: BatteryFacts) -> bool:
    soc_pct, cell_v = battery.reading.soc_pct, cell_voltage_v(battery)
    if soc_pct is None or cell_v is None or battery.chemistry is None:
        return True
    low_v, high_v = voltages_at(soc_pct, chemistry=battery.chemistry)
    return low_v <= cell_v <= high_v


def _bad_news(facts: Facts) -> Iterator[Step]:
    for number, finding in enumerate(facts.findings):
        for change in ({"closed_on": None}, {"opened_on": finding.opened_on - DAY}):
            worse = replace(finding, **change)
            yield f"finding {number} {change}", _with(facts, "findings", number, worse)
    for number, alarm in enumerate(facts.alarms):
        changes: Changes = (
            {"returned_at_s": None},
            {"trouble": AlarmTrouble.GAS},
            {"raised_at_s": min(alarm.raised_at_s, facts.as_of_s)},
            {"room_id": None},
            {"asset_id": None},
        )
        for changed in changes:
            yield (
                f"alarm {number} {changed}",
                _with(facts, "alarms", number, replace(alarm, **changed)),
            )
    smoke = AlarmFacts(AlarmTrouble.THERMAL, facts.as_of_s - 60)
    yield "another alarm", replace(facts, alarms=(*facts.alarms, smoke))
    yield "another finding", replace(facts, findings=(*facts.findings, make_finding()))


def _papers(facts: Facts) -> Iterator[Step]:
    for number, said in enumerate(facts.attestations):
        if _is_bad_news(said, facts):
            unread = replace(said, value=None)  # not better: nobody knows what was read
            yield "measured, and not written down", _with(facts, "attestations", number, unread)
            continue
        for change in _attestation(said, facts):
            worse = replace(said, **change)
            yield f"{said.kind} {change}", _with(facts, "attestations", number, worse)
        yield f"no {said.kind}", _without(facts, "attestations", number)
    for number, acceptance in enumerate(facts.acceptances):
        changes: Changes = (
            {"by": acceptance.by[:1]},
            {"by": acceptance.by[:1] * 2},
            {"by": ()},
            {"reason": " "},
            {"expires_at_s": min(acceptance.expires_at_s, facts.as_of_s)},
            {"expires_at_s": UNKNOWN_S},
            {"at_s": max(acceptance.at_s, facts.as_of_s + 1)},
            {"at_s": UNKNOWN_S},
            {"code": "PW-04"},
        )
        for change in changes:
            worse_one = replace(acceptance, **change)
            yield f"acceptance {change}", _with(facts, "acceptances", number, worse_one)
        yield f"no acceptance {number}", _without(facts, "acceptances", number)


def _is_bad_news(said: Attestation, facts: Facts) -> bool:
    if said.kind is not AttestationKind.ABSENCE_OF_VOLTAGE:
        return False
    return said.value is None or not abs(said.value) <= facts.limits.bus_voltage_v_max


def _attestation(said: Attestation, facts: Facts) -> Iterator[dict[str, Any]]:
    yield {"by": " "}
    yield {"at_s": max(said.at_s, facts.as_of_s + 1)}
    yield {"at_s": UNKNOWN_S}
    yield {"work_order_id": "WO-OTHER"}
    yield {"people": ()}
    yield {"people": said.people[:1]}
    if said.kind is AttestationKind.ABSENCE_OF_VOLTAGE:
        yield {"battery": None}
        yield {"value": None}
        yield {"value": 402.9}
        yield {"at_s": min(said.at_s, facts.as_of_s - facts.limits.absence_valid_s)}
    else:
        yield {"battery": "rack-77"}


def _services(facts: Facts) -> Iterator[Step]:
    changes: Changes = (
        {"owner_notified_at_s": None},
        {"owner_notified_at_s": facts.as_of_s + 1},
        {"recovery_copy_confirmed_at_s": None},
        {"recovery_copy_confirmed_at_s": facts.as_of_s + 1},
        {"grade": None},
        {"grade": 1},
        {"ups_id": None, "room_id": None},
    )
    for number, service in enumerate(facts.services):
        for change in changes:
            worse = replace(service, **change)
            yield f"service {change}", _with(facts, "services", number, worse)
    unready = make_service(name="unheard of", owner_notified_at_s=None)
    yield "another service", replace(facts, services=(*facts.services, unready))


def _with(facts: Facts, field: str, number: int, item: object) -> Facts:
    items = getattr(facts, field)
    return _put(facts, field, (*items[:number], item, *items[number + 1 :]))


def _without(facts: Facts, field: str, number: int) -> Facts:
    items = getattr(facts, field)
    return _put(facts, field, (*items[:number], *items[number + 1 :]))


def _put(fact: Fact, name: str, value: Any) -> Fact:
    """Return facts with another value in the field of this name, whichever it is."""
    return replace(fact, **{name: value})


def _difference(one: BatteryFacts, other: BatteryFacts) -> str:
    return ", ".join(
        f"{name} {getattr(a, name)} -> {getattr(b, name)}"
        for a, b in ((one, other), (one.reading, other.reading))
        for name in a.__dataclass_fields__
        if name != "reading" and getattr(a, name) != getattr(b, name)
    )
