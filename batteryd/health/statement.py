"""What there is to say of a battery's health at one instant: measured, forecast, reported.

Three things stand apart and are never blended: what batteryd measured (resistance, capacity), what
follows from it (the forecast, or why there is none), and what the BMS says of itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from batteryd.domain.component import WHOLE_BATTERY, Component
from batteryd.domain.conditions import Reported, Usage
from batteryd.domain.health import NOTHING_MEASURED, CapacityPoint, HealthPoints, Refusal
from batteryd.domain.inventory import Asset, Battery
from batteryd.domain.snapshot import Column, Snapshot
from batteryd.health.cells import StringResistance, resistances_of
from batteryd.health.forecast import Forecast, Rating, forecast
from batteryd.health.limits import DEFAULT_LIMITS, HealthLimits
from batteryd.health.strings import POLL_INTERVAL_S, compile_strings
from batteryd.health.temperature import activation_of

REFUSALS_SHOWN = 3
POLL_S_MAX = 30.0  # so that a poll falls into the window of a step


@dataclass(frozen=True, slots=True)
class StringCapacity:
    """The capacity of one string."""

    string: Component
    rated_ah: float
    points: tuple[CapacityPoint, ...]  # by time
    forecast: Forecast
    refusals: tuple[Refusal, ...] = ()  # the newest first


@dataclass(frozen=True, slots=True)
class HealthStatement:
    """What is known of one battery. `missing` says in words what cannot be measured, and why."""

    asset_id: str
    now_s: float
    resistance: tuple[StringResistance, ...]
    capacity: tuple[StringCapacity, ...]
    bms: Reported | None  # soh_pct as the BMS reports it: its own estimate
    bms_first: Reported | None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class HealthFacts:
    """What a statement is made from."""

    battery: Battery
    asset: Asset | None = None  # None: nobody polls it
    points: HealthPoints = NOTHING_MEASURED
    last_good: Snapshot | None = None
    usage: Usage | None = None
    limits: HealthLimits = DEFAULT_LIMITS


def state_health(facts: HealthFacts, *, now_s: float) -> HealthStatement:
    """Say what is known."""
    first = facts.usage.soh_pct.first if facts.usage and facts.usage.soh_pct else None
    return HealthStatement(
        asset_id=facts.battery.asset_id,
        now_s=now_s,
        resistance=resistances_of(
            facts.points.resistance, activation_of(facts.battery.chemistry, facts.limits)
        ),
        capacity=_capacities(facts, now_s=now_s),
        bms=_reported(facts),
        bms_first=first,
        missing=_missing(facts),
    )


def born_on(battery: Battery) -> date | None:
    """Return the day from which a battery's age counts: the first that the register knows of."""
    dates = battery.dates
    known = (dates.manufactured_on, dates.delivered_on, dates.installed_on, dates.commissioned_on)
    return min((day for day in known if day is not None), default=None)


def _capacities(facts: HealthFacts, *, now_s: float) -> tuple[StringCapacity, ...]:
    points, battery, born = facts.points, facts.battery, born_on(facts.battery)
    if battery.capacity_ah is None:
        return ()
    strings = _strings(facts)
    rating = Rating(
        rated_ah=battery.capacity_ah / _string_count(strings, battery),
        end_of_life_pct=facts.limits.end_of_life_pct,
        born_s=None if born is None else datetime.combine(born, time(), UTC).timestamp(),
        chemistry=battery.chemistry,
    )
    return tuple(
        StringCapacity(
            string,
            rating.rated_ah,
            mine := tuple(p for p in points.capacity if p.string == string),
            forecast(mine, rating, now_s=now_s),
            tuple(r for r in reversed(points.refusals) if r.string == string)[:REFUSALS_SHOWN],
        )
        for string in strings
    )


def _strings(facts: HealthFacts) -> Sequence[Component]:
    """Return the strings of a battery, as far as anybody has seen them; one where nobody has."""
    points = facts.points
    found = {p.string for p in points.capacity} | {r.string for r in points.refusals}
    if facts.asset is not None and facts.last_good is not None:
        compiled = compile_strings(facts.asset, facts.last_good.layout)
        found |= {s.component for s in compiled.strings}
    return sorted(found, key=lambda c: c.sort_key) or [WHOLE_BATTERY]


def _string_count(strings: Sequence[Component], battery: Battery) -> int:
    """Return how many share the capacity: `-`, as a former profile had them, is none beside s1."""
    named = sum(string != WHOLE_BATTERY for string in strings)
    return max(named, battery.geometry.string_count or 1)


def _reported(facts: HealthFacts) -> Reported | None:
    """Return the BMS's own number: of the battery, or of its weakest string."""
    seen = facts.last_good
    if seen is not None:
        places = [seen.layout.columns[i] for i in seen.layout.indices("soh_pct")]
        whole = Column(WHOLE_BATTERY, "soh_pct")
        used = [whole] if whole in places else places
        values = [seen.value(place.component, "soh_pct") for place in used]
        known = [value for value in values if value is not None]
        if known:
            return Reported(min(known), seen.observed_at_s)
    return facts.usage.soh_pct.last if facts.usage and facts.usage.soh_pct else None


def _missing(facts: HealthFacts) -> tuple[str, ...]:
    battery, asset, seen = facts.battery, facts.asset, facts.last_good
    if asset is None:
        return ("nobody polls it",)
    if seen is None:
        return ("it has not been read yet",)
    compiled = compile_strings(asset, seen.layout)
    interval_s = asset.source.poll_interval_s or POLL_INTERVAL_S
    is_measured = bool(compiled.strings)
    lacks = (
        (
            battery.chemistry is None,
            "the register has no chemistry: no capacity is measured, and resistance is not"
            " corrected to 25 °C unless the site has set resistance_kj_per_mol",
        ),
        (
            is_measured and interval_s > POLL_S_MAX,
            f"it is polled every {interval_s:.0f} s: resistance takes {POLL_S_MAX:.0f} s or less",
        ),
        (
            any(s.soc_at is None for s in compiled.strings),
            "it reports no state of charge: no resistance is measured",
        ),
        (
            any(not len(s.sensor_at) for s in compiled.strings),
            "it shows no temperatures of modules: no capacity is measured, and resistance is not"
            " corrected to 25 °C",
        ),
    )
    return (*compiled.missing, *(why for is_so, why in lacks if is_so))
