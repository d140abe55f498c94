"""PW-04: whether everything on the DC bus is proven isolated.

Every rack on a bus is live while any other is connected to it, so the check reaches beyond the
batteries of the order: to all that are on the same DC bus, or may be, as theirs is unknown. Proven
means four points, each known and each showing it: contactor open, breaker open, current about 0,
no voltage on the bus. They are judged as last read; how old that is, is the matter of PW-05.

A reading by hand (see `by_hand`) is proof only for a point that the device does not have at all. A
point that it has and does not tell at present stays unknown: otherwise a rack that was last heard
closed would be cleared by losing its BMS. So a BMS is powered down after its switches were opened,
never before.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from batteryd.clearance.by_hand import measured_by_hand
from batteryd.clearance.facts import BatteryFacts, ClearanceLimits, Facts
from batteryd.clearance.scope import in_scope, on_their_buses
from batteryd.clearance.wording import instant_or_none, listed, span
from batteryd.domain.clearance import Hold, HoldCode


@dataclass(frozen=True, slots=True)
class IsolationPoint:
    """One thing that has to be seen. `name` is the field of `Reading`."""

    name: str
    words: str
    shows_isolation: Callable[[Any, ClearanceLimits], bool]
    otherwise: str  # what to say where it does not; the braces are the value


ISOLATION_POINTS = (
    IsolationPoint(
        "contactor_closed",
        "its contactor",
        lambda is_closed, _limits: is_closed is False,
        "its contactor is closed",
    ),
    IsolationPoint(
        "breaker_closed",
        "its breaker",
        lambda is_closed, _limits: is_closed is False,
        "its breaker is closed",
    ),
    IsolationPoint(
        "current_a",
        "its current",
        lambda current_a, limits: abs(current_a) <= limits.current_a_max,
        "a current of {:.1f} A flows",
    ),
    IsolationPoint(
        "bus_voltage_v",
        "the voltage of its DC bus",
        lambda voltage_v, limits: abs(voltage_v) <= limits.bus_voltage_v_max,
        "its DC bus is at {:.1f} V",
    ),
)


def not_isolated(facts: Facts) -> Iterator[Hold]:
    """PW-04: hold for every battery that is or may be on the bus and is not proven isolated."""
    scope = {battery.asset_id for battery in in_scope(facts)}
    for battery in on_their_buses(facts):
        against = [*_record_against(battery, facts), *_points_against(battery, facts)]
        if battery.dc_bus_id is None and (against or battery.asset_id in scope):
            against.append("its DC bus is unknown")
        if against:
            text = f"{battery.asset_id} is not proven isolated: {listed(against)}"
            evidence = _evidence(battery, facts)
            yield Hold(HoldCode.NOT_ISOLATED, battery.asset_id, text, evidence)


def _record_against(battery: BatteryFacts, facts: Facts) -> Iterator[str]:
    record = measured_by_hand(facts, asset_id=battery.asset_id).contradiction
    if record is None:
        return
    measured = "no value" if record.value is None else f"{record.value:.1f} V"
    ago = span(facts.as_of_s - record.at_s)
    yield f"{record.by or 'somebody'} wrote down {measured} at it {ago} ago"


def _points_against(battery: BatteryFacts, facts: Facts) -> Iterator[str]:
    unread = []
    for point in ISOLATION_POINTS:
        value = getattr(battery.reading, point.name)
        if value is None:
            unread.append(point)
        elif not point.shows_isolation(value, facts.limits):
            yield point.otherwise.format(value)
    unknown = [point.words for point in unread if point.name not in battery.points_lacking]
    if unknown:
        yield f"{listed(unknown)} {'is' if len(unknown) == 1 else 'are'} unknown"
    unmeasured = [point.words for point in unread if point.name in battery.points_lacking]
    if unmeasured and measured_by_hand(facts, asset_id=battery.asset_id).proof is None:
        yield f"nobody has measured by hand, as {listed(unmeasured)} cannot be read"


def _evidence(battery: BatteryFacts, facts: Facts) -> dict[str, object]:
    return {
        "dc_bus": battery.dc_bus_id,
        **{point.name: getattr(battery.reading, point.name) for point in ISOLATION_POINTS},
        "observed_at": instant_or_none(battery.reading.observed_at_s),
        "by_hand": measured_by_hand(facts, asset_id=battery.asset_id).evidence or "nobody measured",
    }
