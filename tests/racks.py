"""A rack that idles, poll by poll: what detectors are shown in tests.

Modules follow the room with their own offsets, cells sit near 4.08 V with their own differences;
noise and rounding are those of a usual BMS. What a test is about it adds itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from batteryd.domain.alarm import AlarmEvent
from batteryd.domain.component import Component
from batteryd.domain.inventory import Asset
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Column, Layout, Snapshot, parse_column
from batteryd.rules.engine import Engine
from tests.builders import NOON_S
from tests.rulebooks import make_asset, shipped_rulebook

HOUR_S = 3600.0
Change = Callable[[float, np.ndarray, np.ndarray], None]  # hours, temperatures, cell voltages


@dataclass
class Rack:
    """`shape`: modules, sensors a module, cells a module."""

    shape: tuple[int, int, int] = (8, 2, 4)
    poll_s: float = 10.0
    quantum_c: float = 0.1
    current_a: Callable[[float], float] = lambda hours: 0.0
    ambient_c: Callable[[float], float] = lambda hours: 22.0
    seed: int = 7

    def __post_init__(self) -> None:
        modules, sensors, cells = self.shape
        self._chance = np.random.default_rng(self.seed)
        self.offsets = self._chance.normal(0.0, 0.8, (modules, sensors))
        self.differences = self._chance.normal(0.0, 0.002, (modules, cells))
        self.layout = layout_of(self.shape)

    def snapshots(self, hours: float, change: Change | None = None) -> Iterator[Snapshot]:
        """Yield polls; `change` may move the temperatures and voltages of one of them."""
        modules, sensors, cells = self.shape
        for number in range(int(hours * HOUR_S / self.poll_s)):
            at_h = number * self.poll_s / HOUR_S
            heat = self.ambient_c(at_h) + 1.2 + self.offsets
            heat = heat + self._chance.normal(0.0, 0.05, heat.shape)
            volts = 4.08 + self.differences + self._chance.normal(0.0, 0.0008, (modules, cells))
            volts = volts + 0.001 * self.current_a(at_h)
            if change is not None:
                change(at_h, heat, volts)
            heat = np.floor(heat / self.quantum_c) * self.quantum_c
            yield self._snapshot(at_h, heat, np.round(volts, 3))

    def _snapshot(self, at_h: float, heat: np.ndarray, volts: np.ndarray) -> Snapshot:
        rack = (self.current_a(at_h), 90.0, self.ambient_c(at_h))
        values = np.concatenate((rack, heat.ravel(), volts.ravel()))
        quality = np.where(np.isnan(values), Quality.MISSING, Quality.GOOD).astype(np.uint8)
        return Snapshot("rack-1", NOON_S + at_h * HOUR_S, self.layout, values, quality)


def layout_of(shape: tuple[int, int, int]) -> Layout:
    """Return the layout of a rack: current, charge, ambient, sensors, cells."""
    modules, sensors, cells = (range(1, count + 1) for count in shape)
    columns = [parse_column(f"-:{q}") for q in ("current_a", "soc_pct", "ambient_temperature_c")]
    columns += [Column(Component(1, m, None, t), "temperature_c") for m in modules for t in sensors]
    columns += [Column(Component(1, m, c), "cell_voltage_v") for m in modules for c in cells]
    return Layout.of(columns)


def watched(rack: Rack, hours: float, change: Change | None = None) -> list[AlarmEvent]:
    """Return what the shipped rules say of so many hours of a rack."""
    return judged(rack, rack.snapshots(hours, change))


def judged(
    rack: Rack, snapshots: Iterator[Snapshot], engine: Engine | None = None
) -> list[AlarmEvent]:
    """Return what the shipped rules say of snapshots, one after the other."""
    engine = engine or engine_for(rack)
    return [
        event
        for snapshot in snapshots
        for event in (
            *engine.tick(snapshot.observed_at_s),
            *engine.evaluate(snapshot, snapshot.observed_at_s),
        )
    ]


def engine_for(rack: Rack) -> Engine:
    """Return the shipped rules on a rack."""
    return Engine(shipped_rulebook(), [asset_of(rack)])


def asset_of(rack: Rack) -> Asset:
    """Return the asset that a rack is."""
    return make_asset(poll_interval_s=rack.poll_s, capacity_ah=67.0)
