"""Whether a battery was hot for longer than its contract allows.

Theory. A contract allows so many hours above a temperature over the battery's life. What was seen
gives a lower and an upper bound (see `store.heat`); what nobody saw, from the day the battery was
handed over to today, may have been anything:

    lower bound beyond the allowance                   exceeded
    upper bound beyond it                              possibly exceeded
    upper bound and all that was not observed beyond   unknown
    else                                               not exceeded

A minute of grace lies between the allowance and "exceeded": one read that nobody confirmed proves
nothing, even where the contract allows no hour at all. Days begin at midnight UTC here: beside
years that were not observed, a site's own midnight changes nothing.
"""

from datetime import date

from batteryd.domain.conditions import (
    ConditionFinding,
    ConditionStanding,
    ContractCondition,
    Heat,
    Usage,
)
from batteryd.domain.inventory import Battery
from batteryd.warranty.instants import instant, midnight_s

GRACE_S = 60.0

_HOUR_S = 3600.0


def judge_heat(battery: Battery, usage: Usage | None, *, as_of: date) -> ConditionFinding | None:
    """Return how the contract's temperature stands; None where it names none."""
    limits = battery.warranty.conditions
    if limits.temperature_c_max is None:
        return None
    heat = None if usage is None else usage.heat
    if heat is None or heat.limit_c != limits.temperature_c_max:
        heat = Heat(limits.temperature_c_max)  # nothing that is known answers this contract
    in_use_s = _in_use_s(battery, usage, as_of=as_of)
    missing_s = None if in_use_s is None else max(0.0, in_use_s - heat.observed_s)
    allowed_s = (limits.temperature_hours_max or 0.0) * _HOUR_S
    standing = _standing_of(heat, allowed_s=allowed_s, missing_s=missing_s)
    is_read = heat.observed_s > 0
    return ConditionFinding(
        asset_id=battery.asset_id,
        condition=ContractCondition.TEMPERATURE,
        standing=standing,
        limit=allowed_s / _HOUR_S,
        observed=heat.above_s_min / _HOUR_S if is_read else None,
        observed_max=heat.above_s_max / _HOUR_S if is_read else None,
        unit=f"h above {limits.temperature_c_max:g} °C",
        since_s=heat.first_at_s,
        unobserved_share=missing_s / in_use_s if missing_s is not None and in_use_s else None,
        source=_span_text(usage) if is_read and usage is not None else "nothing was read",
        text=_heat_text(heat, standing, allowed_s=allowed_s, missing_s=missing_s),
        evidence=_heat_evidence(heat, usage, missing_s=missing_s),
    )


def _standing_of(heat: Heat, *, allowed_s: float, missing_s: float | None) -> ConditionStanding:
    if heat.above_s_min > allowed_s + GRACE_S:
        return ConditionStanding.EXCEEDED
    if heat.above_s_max > allowed_s:
        return ConditionStanding.POSSIBLY_EXCEEDED
    if missing_s is None or heat.above_s_max + missing_s > allowed_s:
        return ConditionStanding.UNKNOWN
    return ConditionStanding.NOT_EXCEEDED


def _in_use_s(battery: Battery, usage: Usage | None, *, as_of: date) -> float | None:
    """Return how long the battery is in somebody's hands; None where nobody knows since when."""
    dates = battery.dates
    handed_over = [dates.delivered_on, dates.installed_on, dates.commissioned_on]
    known = [day for day in handed_over if day is not None]
    begins_on = min(known, default=dates.manufactured_on)
    if begins_on is None:
        return None
    ends_s = max(midnight_s(as_of), usage.to_s if usage is not None else 0.0)
    return max(0.0, ends_s - midnight_s(begins_on))


def _heat_text(
    heat: Heat, standing: ConditionStanding, *, allowed_s: float, missing_s: float | None
) -> str:
    above = f"above {heat.limit_c:g} °C"
    seen = _hours(heat.above_s_min)
    if heat.above_s_max - heat.above_s_min >= GRACE_S:
        seen = f"{seen} to {_hours(heat.above_s_max)}"
    allowed = f"the contract allows {f'{_hours(allowed_s)} h' if allowed_s else 'none'}"
    match standing:
        case ConditionStanding.EXCEEDED:
            return f"{seen} h {above}, {allowed}{_hottest(heat)}"
        case ConditionStanding.POSSIBLY_EXCEEDED:
            return f"{seen} h {above}, too coarsely kept to tell; {allowed}{_hottest(heat)}"
        case ConditionStanding.UNKNOWN:
            if not heat.observed_s:
                return f"nobody knows how long it was {above}: no temperature was read; {allowed}"
            return f"{seen} h {above} were seen, but {_missing(missing_s)}; {allowed}"
        case ConditionStanding.NOT_EXCEEDED:
            return f"{seen} h {above}, and {_missing(missing_s)}; {allowed}"


def _hottest(heat: Heat) -> str:
    if heat.peak is None:
        return ""
    where, period = heat.peak.component, "minute" if heat.peak.period_s <= 60 else "hour"
    return (
        f"; hottest {where} with {heat.peak.temperature_c:.1f} °C, "
        f"mean of the {period} of {instant(heat.peak.at_s)}"
    )


def _missing(missing_s: float | None) -> str:
    if missing_s is None:
        return "nobody knows since when it is in use"
    return f"{_hours(missing_s)} h of its use were not observed"


def _heat_evidence(
    heat: Heat, usage: Usage | None, *, missing_s: float | None
) -> dict[str, object]:
    peak = heat.peak
    return {
        "from": instant(usage.from_s) if usage else None,
        "to": instant(usage.to_s) if usage else None,
        "above_h_min": round(heat.above_s_min / _HOUR_S, 3),
        "above_h_max": round(heat.above_s_max / _HOUR_S, 3),
        "observed_h": round(heat.observed_s / _HOUR_S, 3),
        "not_observed_h": None if missing_s is None else round(missing_s / _HOUR_S, 3),
        "hours_touched": heat.hours_touched,
        "hours_read_by_minute": heat.hours_by_minute,
        "first_touched": None if heat.first_at_s is None else instant(heat.first_at_s),
        "last_touched": None if heat.last_at_s is None else instant(heat.last_at_s),
        "hottest": None if peak is None else {
            "component": str(peak.component),
            "temperature_c_mean": round(peak.temperature_c, 2),
            "at": instant(peak.at_s),
            "period_s": peak.period_s,
        },
    }  # fmt: skip


def _span_text(usage: Usage) -> str:
    return f"journal roll-ups {instant(usage.from_s)} to {instant(usage.to_s)}"


def _hours(seconds: float) -> str:
    hours = seconds / _HOUR_S
    return f"{hours:,.0f}" if hours >= 100 else f"{hours:.1f}"
