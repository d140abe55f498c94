"""Cycles, energy and health against the contract: numbers that the BMS says of itself.

batteryd repeats them and cannot check them, and says so. A count that fell belongs to a BMS that
was replaced or reset, and one that was not heard for a week says nothing of today: both are
unknown, unless even the old number is beyond the limit. Health below the contract's is the other
way round: not the owner's fault but his claim. It is told just the same.
"""

import operator
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from batteryd.domain.conditions import (
    ConditionFinding,
    ConditionStanding,
    ContractCondition,
    Counter,
    Usage,
)
from batteryd.domain.inventory import Battery
from batteryd.domain.warranty import OperatingConditions
from batteryd.warranty.instants import instant, midnight_s

REPORT_VALID_S = 7 * 86_400.0


class _Count(NamedTuple):
    """One number of the BMS and the limit that the contract sets it."""

    condition: ContractCondition
    limit_of: Callable[[OperatingConditions], float | None]
    counter_of: Callable[[Usage], Counter | None]
    unit: str
    is_beyond: Callable[[float, float], bool]  # value, limit
    only_grows: bool  # then the highest counts, and a fall means another BMS
    words: str  # with `{value}` and `{limit}`


_COUNTS = (
    _Count(
        ContractCondition.CYCLES,
        lambda conditions: conditions.cycle_count_max,
        lambda usage: usage.cycle_count,
        "cycles",
        operator.gt,
        only_grows=True,
        words="{value:.0f} cycles as the BMS counts them, the contract allows {limit:.0f}",
    ),
    _Count(
        ContractCondition.THROUGHPUT,
        lambda conditions: conditions.energy_throughput_kwh_max,
        lambda usage: usage.energy_throughput_kwh,
        "kWh",
        operator.gt,
        only_grows=True,
        words="{value:.1f} kWh discharged as the BMS counts it, the contract allows {limit:g} kWh",
    ),
    _Count(
        ContractCondition.HEALTH,
        lambda conditions: conditions.soh_pct_min,
        lambda usage: usage.soh_pct,
        "%",
        operator.lt,
        only_grows=False,
        words=(
            "state of health {value:.1f} % as the BMS reports it, the contract promises {limit:g} %"
        ),
    ),
)


def judge_counts(
    battery: Battery, usage: Usage | None, *, as_of: date
) -> tuple[ConditionFinding, ...]:
    """Return how each number of the BMS stands that the contract limits."""
    conditions = battery.warranty.conditions
    return tuple(
        _finding(
            battery.asset_id,
            kind,
            None if usage is None else kind.counter_of(usage),
            limit=float(limit),
            as_of=as_of,
        )
        for kind in _COUNTS
        if (limit := kind.limit_of(conditions)) is not None
    )


def _finding(
    asset_id: str, kind: _Count, counter: Counter | None, *, limit: float, as_of: date
) -> ConditionFinding:
    if counter is None:
        return ConditionFinding(
            asset_id=asset_id,
            condition=kind.condition,
            standing=ConditionStanding.UNKNOWN,
            limit=limit,
            observed=None,
            observed_max=None,
            unit=kind.unit,
            since_s=None,
            unobserved_share=None,
            source="nothing was read",
            text=f"the BMS does not say; the limit of the contract is {limit:g} {kind.unit}",
        )
    value = (counter.highest if kind.only_grows else counter.last).value
    standing, doubt = _standing(kind, counter, value, limit=limit, as_of=as_of)
    return ConditionFinding(
        asset_id=asset_id,
        condition=kind.condition,
        standing=standing,
        limit=limit,
        observed=value,
        observed_max=value,
        unit=kind.unit,
        since_s=counter.last.at_s,
        unobserved_share=None,
        source=f"as the BMS reported it in the hour of {instant(counter.last.at_s)}",
        text=kind.words.format(value=value, limit=limit) + doubt,
        evidence=_evidence(counter),
    )


def _standing(
    kind: _Count, counter: Counter, value: float, *, limit: float, as_of: date
) -> tuple[ConditionStanding, str]:
    """Return the standing, and what there is to doubt, as the end of a sentence."""
    if kind.is_beyond(value, limit):
        return ConditionStanding.EXCEEDED, ""
    if kind.only_grows and counter.fell:
        now = counter.last.value
        return ConditionStanding.UNKNOWN, f"; it counts {now:g} now: replaced or reset, so unknown"
    age_s = midnight_s(as_of) - counter.last.at_s
    if age_s > REPORT_VALID_S:
        return ConditionStanding.UNKNOWN, f"; not heard for {age_s / 86_400:.0f} days, so unknown"
    return ConditionStanding.NOT_EXCEEDED, ""


def _evidence(counter: Counter) -> dict[str, object]:
    said = {"first": counter.first, "last": counter.last, "highest": counter.highest}
    return {
        name: {"value": round(reported.value, 3), "at": instant(reported.at_s)}
        for name, reported in said.items()
    }
