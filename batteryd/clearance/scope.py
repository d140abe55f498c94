"""How far a work order reaches: its batteries, and everything that is or may be on their DC buses.

What is unknown is taken to reach: a battery whose DC bus nobody has written down may be on this
one, and a battery that the order names and nobody knows is a battery of which all is unknown.
"""

from batteryd.clearance.facts import BatteryFacts, Facts


def in_scope(facts: Facts) -> tuple[BatteryFacts, ...]:
    """Return the batteries that the order names, each once, in its order."""
    named = dict.fromkeys(facts.order.batteries)
    return tuple(facts.batteries.get(name, BatteryFacts(name)) for name in named)


def on_their_buses(facts: Facts) -> tuple[BatteryFacts, ...]:
    """Return the batteries in scope, then everything that is or may be on a DC bus of theirs."""
    scope = in_scope(facts)
    buses = {battery.dc_bus_id for battery in scope} | {None}
    named = {battery.asset_id for battery in scope}
    beside = (
        battery
        for battery in facts.batteries.values()
        if battery.asset_id not in named and battery.dc_bus_id in buses
    )
    return (*scope, *beside)
