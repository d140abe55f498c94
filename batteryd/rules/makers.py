"""Limits that a maker gives in a device profile, as setpoints of the rules that are about them.

A profile says `[limits.temperature_c] medium = 45, critical = 55`. Whether these are upper or lower
limits is seen from their order. A single number has no order: it is an upper limit, unless the only
rules about its quantity are about too little of it.
"""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from batteryd.domain.alarm import PRIORITY_BY_TEXT
from batteryd.rules.rulebook import RuleTable

# profile -> quantity -> priority -> limit
ProfileLimits = Mapping[str, Mapping[str, Mapping[str, float]]]
NO_LIMITS: ProfileLimits = MappingProxyType({})


def makers_setpoints(
    table: RuleTable, limits: ProfileLimits, *, beside: Collection[RuleTable]
) -> Iterator[tuple[str, str, dict[str, float]]]:
    """Yield profile, quantity and setpoint where a profile has limits for a rule.

    A rule has one setpoint for all of its quantities: the first that a profile limits counts.
    """
    for profile, by_quantity in limits.items():
        for quantity in table.settings.get("quantities", ()):
            setpoint = dict(by_quantity.get(quantity, {}))
            if setpoint and table.settings["direction"] == _direction(setpoint, quantity, beside):
                yield profile, quantity, setpoint
                break


def _direction(setpoint: Mapping[str, float], quantity: str, tables: Collection[RuleTable]) -> str:
    numbers = [setpoint[text] for text in PRIORITY_BY_TEXT if text in setpoint]
    if len(numbers) > 1:
        return "high" if numbers[-1] > numbers[0] else "low"
    watched = (
        t.settings["direction"] for t in tables if quantity in t.settings.get("quantities", ())
    )
    return "low" if set(watched) == {"low"} else "high"
