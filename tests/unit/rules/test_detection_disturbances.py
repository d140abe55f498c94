"""What buses, sensors and clocks do wrong raises nothing above low priority.

Each rack lives through a day in short: it is learned, discharged, charged again and left to rest.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pytest

from batteryd.domain.alarm import AlarmEvent, Change, Priority
from batteryd.domain.inventory import Chemistry
from batteryd.domain.snapshot import Snapshot
from tests.disturbances import with_clock_steps, with_gaps, with_missing, with_spikes
from tests.racks import HOUR_S, Rack, discharge, judged

DISCHARGE_H, HOURS = 3.6, 6.0
IN_DISCHARGE_H, AT_REST_H = 3.75, 3.0
GAPS_H = tuple(
    (at_h, at_h + minutes / 60)
    for at_h, minutes in (
        (0.3, 1), (1.0, 30), (2.2, 2), (2.8, 16), (3.55, 4), (3.7, 10), (4.2, 14), (5.0, 30),
        (5.6, 6),
    )
)  # fmt: skip

RACKS = {
    "17 modules of NMC": Rack((17, 2, 14)),
    "10 modules of LFP, a sensor each": Rack((10, 1, 16), 30.0, chemistry=Chemistry.LFP),
    "3 strings, 3 sensors a module": Rack((4, 3, 4), 5.0, strings=3),
}
Disturb = Callable[[Iterable[Snapshot], int], Iterable[Snapshot]]
ALONE: dict[str, Disturb] = {
    "missing readings": lambda polls, seed: with_missing(polls, seed=seed),
    "spikes": lambda polls, seed: with_spikes(polls, seed=seed),
    "gaps": lambda polls, seed: with_gaps(polls, *GAPS_H),
    "a clock that steps forward at rest": lambda polls, seed: with_clock_steps(
        polls, (AT_REST_H, HOUR_S)
    ),
    "a clock that steps back at rest": lambda polls, seed: with_clock_steps(
        polls, (AT_REST_H, -HOUR_S)
    ),
    "a clock that steps forward in a discharge": lambda polls, seed: with_clock_steps(
        polls, (IN_DISCHARGE_H, HOUR_S)
    ),
    "a clock that steps back in a discharge": lambda polls, seed: with_clock_steps(
        polls, (IN_DISCHARGE_H, -HOUR_S)
    ),
}

# Limits and silences judge what is read and what is not, not how places compare.
OTHERS = {"silence", "module_temperature", "cell_voltage_high", "cell_voltage_low"}


def disturbed_in_all_ways(polls: Iterable[Snapshot], seed: int) -> Iterator[Snapshot]:
    polls = with_missing(with_spikes(polls, seed=seed), seed=seed + 1)
    steps = (AT_REST_H, HOUR_S), (IN_DISCHARGE_H, -HOUR_S), (5.3, HOUR_S)
    return with_clock_steps(with_gaps(polls, *GAPS_H), *steps)


def lived(
    name: str, disturb: Disturb, *, seed: int = 7, quantum_c: float = 0.1
) -> list[AlarmEvent]:
    shown = RACKS[name]
    rack = Rack(
        shown.shape,
        shown.poll_s,
        quantum_c,
        discharge(DISCHARGE_H, recharged=True),
        seed=seed,
        strings=shown.strings,
        chemistry=shown.chemistry,
    )
    return judged(rack, disturb(rack.snapshots(HOURS), seed))


def loud(events: Iterable[AlarmEvent]) -> list[AlarmEvent]:
    return [e for e in events if e.change is Change.RAISED and e.priority > Priority.LOW]


@pytest.mark.parametrize("disturb", ALONE.values(), ids=ALONE.keys())
@pytest.mark.parametrize("name", RACKS)
def test_a_disturbance_raises_nothing_above_low_priority(name: str, disturb: Disturb) -> None:
    events = loud(lived(name, disturb))

    assert [e.why for e in events if e.key.rule not in OTHERS] == []


@pytest.mark.parametrize("quantum_c", [0.1, 1.0])
@pytest.mark.parametrize("name", RACKS)
def test_neither_do_all_of_them_together(name: str, quantum_c: float) -> None:
    events = loud(lived(name, disturbed_in_all_ways, quantum_c=quantum_c, seed=8))

    assert [e.why for e in events if e.key.rule not in OTHERS] == []


@pytest.mark.parametrize("name", RACKS)
def test_limits_neither(name: str) -> None:
    events = loud(lived(name, disturbed_in_all_ways))

    assert [e.why for e in events if e.key.rule != "silence"] == []


def test_sensors_that_are_wild_are_told_as_such_at_low_priority() -> None:
    events = lived("3 strings, 3 sensors a module", ALONE["spikes"])

    invalid = [e for e in events if e.key.rule == "sensor_invalid"]
    assert invalid
    assert {e.priority for e in invalid} == {Priority.LOW}


@pytest.mark.parametrize(("every", "told"), [(75, {"s1/m02/t1"}), (150, set())])
def test_at_slow_polls_a_wild_sensor_is_told_by_its_count(every: int, told: set[str]) -> None:
    rack = Rack(poll_s=60.0)

    def change(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        if round(60 * at_h) % every == 1:
            heat[1, 0] = 100.0

    events = judged(rack, rack.snapshots(24.0, change))

    assert {str(e.key.component) for e in events if e.key.rule == "sensor_invalid"} == told
