"""Racks without noise: what is told of one hangs on a limit, and on no chance.

All sensors read the same, all cells too, and nothing is asked of the rack, unless a test says so.
One rule alone watches. Polls are a minute apart, so that hours cost milliseconds.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from batteryd.domain.alarm import AlarmEvent, Change
from batteryd.domain.inventory import Asset
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Snapshot
from batteryd.rules.engine import Engine
from tests.builders import NOON_S
from tests.racks import HOUR_S, OF_ALL, layout_of
from tests.rulebooks import make_asset, rulebook

CAPACITY_AH = 100.0  # so that amperes are percents of it
LEARNED_H = 3.0  # two hours without load, and one of learning
Course = Callable[[float], float]  # by hours
Happens = Callable[[float, np.ndarray, np.ndarray], None]  # hours, temperatures, cell voltages


@dataclass(frozen=True)
class StillRack:
    """`shape`: modules, sensors a module, cells a module. The readings show the finest quantum."""

    shape: tuple[int, int, int] = (8, 2, 0)
    poll_s: float = 60.0
    sensor_c: float = 24.3
    cell_v: float = 3.947
    rate_c: Course = lambda at_h: 0.0
    ambient_c: Course = lambda at_h: 22.0
    soc_pct: Course = lambda at_h: 90.0

    def polls(self, hours: float, happens: Happens | None = None) -> Iterator[Snapshot]:
        """Yield polls; `happens` changes the temperatures and voltages of one of them."""
        modules, sensors, cells = self.shape
        layout = layout_of(self.shape)
        numbers = range(round(hours * HOUR_S / self.poll_s))
        for at_h in (number * self.poll_s / HOUR_S for number in numbers):
            heat = np.full((modules, sensors), self.sensor_c)
            volts = np.full((modules, cells), self.cell_v)
            if happens is not None:
                happens(at_h, heat, volts)
            shown = {
                "current_a": CAPACITY_AH * self.rate_c(at_h),
                "soc_pct": self.soc_pct(at_h),
                "ambient_temperature_c": self.ambient_c(at_h),
            }
            of_all = [shown[quantity] for quantity in OF_ALL]
            values = np.concatenate((of_all, heat.ravel(), volts.ravel()))
            quality = np.where(np.isnan(values), Quality.MISSING, Quality.GOOD).astype(np.uint8)
            yield Snapshot("rack-1", NOON_S + at_h * HOUR_S, layout, values, quality)

    @property
    def asset(self) -> Asset:
        """The asset that the rack is."""
        return make_asset(poll_interval_s=self.poll_s, capacity_ah=CAPACITY_AH)


def engine_of(kind: str, rack: StillRack, **keys: float) -> Engine:
    """Return an engine with one rule, by its defaults but for `keys`."""
    lines = [f'kind = "{kind}"', *(f"{key} = {value}" for key, value in keys.items())]
    return Engine(rulebook("[rule.only]\n" + "\n".join(lines)), [rack.asset])


def told(
    kind: str, rack: StillRack, hours: float, happens: Happens | None = None, **keys: float
) -> list[AlarmEvent]:
    """Return what one rule says of so many hours."""
    return told_of(kind, rack, rack.polls(hours, happens), **keys)


def told_of(
    kind: str, rack: StillRack, polls: Iterable[Snapshot], **keys: float
) -> list[AlarmEvent]:
    """Return what one rule says of some polls."""
    engine = engine_of(kind, rack, **keys)
    events = [event for poll in polls for event in engine.evaluate(poll, poll.observed_at_s)]
    assert {event.key.rule for event in events} <= {"only"}  # a rule that fails is told of too
    return events


def learned(
    kind: str, rack: StillRack, hours: float, happens: Happens | None = None, **keys: float
) -> dict[str, np.ndarray]:
    """Return what is remembered after so many hours: `heat.offset`, `only.normal_k`."""
    return learned_of(kind, rack, rack.polls(hours, happens), **keys)


def learned_of(
    kind: str, rack: StillRack, polls: Iterable[Snapshot], **keys: float
) -> dict[str, np.ndarray]:
    """Return what is remembered after some polls."""
    engine = engine_of(kind, rack, **keys)
    for poll in polls:
        engine.evaluate(poll, poll.observed_at_s)
    kept = engine.learned("rack-1")["detection"]
    assert isinstance(kept, dict)
    return {name.removeprefix("s1."): array for name, array in kept.items()}


def raised_h(events: list[AlarmEvent]) -> list[float]:
    """Return after how many hours something was raised."""
    return [_hours(event) for event in events if event.change is Change.RAISED]


def over_h(events: list[AlarmEvent]) -> list[float]:
    """Return after how many hours something was back."""
    return [_hours(event) for event in events if event.change is Change.RETURNED]


def _hours(event: AlarmEvent) -> float:
    return (event.at_s - NOON_S) / HOUR_S
