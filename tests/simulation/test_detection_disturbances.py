"""Days of racks of every kind, with everything wrong that buses, sensors and clocks do."""

import random

import pytest

from batteryd.domain.alarm import Change, Priority
from batteryd.domain.inventory import Chemistry
from tests.disturbances import with_clock_steps, with_gaps, with_missing, with_spikes
from tests.racks import HOUR_S, Rack, discharge, judged

HOURS = 30.0
DISCHARGES_H = (5.0, 16.0)
RACKS = {
    "17 modules of NMC": ((17, 2, 14), 10.0, 1, Chemistry.NMC),
    "10 modules of LFP": ((10, 1, 16), 30.0, 1, Chemistry.LFP),
    "3 strings": ((6, 3, 8), 5.0, 3, Chemistry.NMC),
    "a cluster of LFP": ((16, 4, 15), 15.0, 1, Chemistry.LFP),
}
LIMITS = {"silence", "module_temperature", "cell_voltage_high", "cell_voltage_low"}


def gaps_h(chance: random.Random) -> list[tuple[float, float]]:
    """Return gaps of 1 to 30 min, one to two hours apart."""
    gaps, at_h = [], 0.3
    while at_h < HOURS:
        for_h = chance.choice((1.2, 2, 3, 5, 7, 10, 14, 16, 20, 30)) / 60
        gaps.append((at_h, at_h + for_h))
        at_h += for_h + chance.uniform(0.2, 2.0)
    return gaps


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "quantum_c"), [(1, 0.1), (2, 1.0)])
@pytest.mark.parametrize("name", RACKS)
def test_a_day_of_trouble_raises_nothing_above_low_priority(
    name: str, seed: int, quantum_c: float
) -> None:
    shape, poll_s, strings, chemistry = RACKS[name]
    chance = random.Random(seed)
    rack = Rack(
        shape,
        poll_s,
        quantum_c,
        discharge(*DISCHARGES_H, recharged=True),
        seed=seed,
        strings=strings,
        chemistry=chemistry,
    )
    polls = with_missing(with_spikes(rack.snapshots(HOURS), seed=seed), seed=seed)
    steps = [(chance.uniform(1, HOURS), chance.choice((HOUR_S, -HOUR_S))) for _ in range(4)]

    events = judged(rack, with_clock_steps(with_gaps(polls, *gaps_h(chance)), *steps))

    assert [
        e.why
        for e in events
        if e.change is Change.RAISED and e.priority > Priority.LOW and e.key.rule not in LIMITS
    ] == []
