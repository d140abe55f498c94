"""The scenario `early-warning`: told by comparison, hours before the first limit is reached."""

from dataclasses import replace

from batteryd.domain.alarm import AlarmEvent, Change
from batteryd.domain.inventory import Geometry
from batteryd.rules.engine import Engine
from simulators.scenario import find_scenario
from simulators.world import World
from tests.builders import NOON_S
from tests.rulebooks import make_asset, shipped_rulebook
from tests.scenarios.test_unannounced_work import POLL_S, poll
from tests.simulated import rack_profile


def raised_in_scenario() -> list[AlarmEvent]:
    scenario = find_scenario("early-warning")
    world = World(scenario, profile=rack_profile())
    assets = [
        replace(
            make_asset(), asset_id=name, name=rack.table.rack, capacity_ah=rack.table.capacity_ah
        )
        for name, rack in world.racks.items()
    ]
    engine = Engine(
        shipped_rulebook(), [replace(a, geometry=Geometry(string_count=1)) for a in assets]
    )
    events: list[AlarmEvent] = []
    while world.now_s <= scenario.scenario.duration_s:
        at_s = NOON_S + world.now_s
        for rack in world.racks.values():
            events += engine.evaluate(poll(rack, at_s=at_s), at_s)
        world.advance(to_s=world.now_s + POLL_S)
    return [e for e in events if e.change is Change.RAISED]


def test_a_warming_module_and_a_leaking_cell_are_told_before_any_limit() -> None:
    events = raised_in_scenario()

    told = [e for e in events if not e.is_addition]
    heat, worse, leak = told
    assert [str(e.key.component) for e in told] == ["s1/m07", "s1/m07", "s1/m11/c05"]
    assert {e.key.rule for e in (heat, worse)} == {"module_warmer"}
    assert heat.at_s - NOON_S < 60 * (200 + 15)
    assert leak.at_s - NOON_S < 60 * (205 + 60)
    assert "module 7 of Rack 4 is 2." in heat.why
    assert "above its own normal), both sensors, no load, rising for" in heat.why
    assert "cell 5 of module 11 of Rack 5" in leak.why
