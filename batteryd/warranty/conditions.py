"""How a battery's use stands against the conditions of its contract.

A claim is refused over use that somebody can prove, so each answer says what it rests on, and
there is no answer "kept": what nobody saw is not known to be kept. Time above a temperature is
judged from the journal (`heat_condition`); cycles, energy and health are what the BMS says of
itself (`count_conditions`).

More heat, more cycles, less health or less observation never make a standing better.
"""

from datetime import date

from batteryd.domain.conditions import ConditionFinding, Usage
from batteryd.domain.inventory import Battery
from batteryd.warranty.count_conditions import judge_counts
from batteryd.warranty.heat_condition import judge_heat


def judge_conditions(
    battery: Battery, usage: Usage | None, *, as_of: date
) -> tuple[ConditionFinding, ...]:
    """Return how each condition stands that the contract sets; empty where it sets none.

    Args:
        battery: as the register has it on that day.
        usage: what the journal says of it up to that day; None where it was never polled.
        as_of: the day asked about.
    """
    heat = judge_heat(battery, usage, as_of=as_of)
    counts = judge_counts(battery, usage, as_of=as_of)
    return counts if heat is None else (heat, *counts)
