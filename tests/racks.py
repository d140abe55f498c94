"""Racks poll by poll: what detectors are shown in tests.

Modules follow the room with their own offsets; a load heats each by its own measure, and it cools
for hours. Cells have their own differences, resistances and capacities, and settle after a load.
Noise and rounding are those of a usual BMS. What a test is about it adds itself (`change`), or it
lets polls go through `tests.disturbances`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from math import exp

import numpy as np

from batteryd.domain.alarm import AlarmEvent
from batteryd.domain.component import Component
from batteryd.domain.inventory import Asset, Chemistry
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Column, Layout, Snapshot, parse_column
from batteryd.rules.engine import Engine
from tests.builders import NOON_S
from tests.rulebooks import make_asset, shipped_rulebook

HOUR_S = 3600.0
CAPACITY_AH = 67.0  # of a string
FULL = 0.9  # the state of charge that a rack stands at
HEAT_K_PER_H = 20.0  # of a load of 2 C
COOLS_TAU_S, SETTLES_TAU_S = 9000.0, 600.0
RESISTANCE_OHM = 0.0005  # of a cell, and as much again that builds up
OF_ALL = ("current_a", "soc_pct", "ambient_temperature_c")
Change = Callable[[float, np.ndarray, np.ndarray], None]  # hours, temperatures, cell voltages


def idle(hours: float) -> float:
    """Ask nothing of the rack."""
    return 0.0


@dataclass
class Rack:
    """`shape`: modules, sensors a module, cells a module; of all strings the same."""

    shape: tuple[int, int, int] = (8, 2, 4)
    poll_s: float = 10.0
    quantum_c: float = 0.1
    current_a: Callable[[float], float] = idle  # of a string; positive while charging
    ambient_c: Callable[[float], float] = lambda hours: 22.0
    seed: int = 7
    strings: int = 1
    chemistry: Chemistry = Chemistry.NMC
    of_all: tuple[str, ...] = field(default=OF_ALL)  # what the battery shows beside its parts

    def __post_init__(self) -> None:
        modules, sensors, cells = self.shape
        self._chance = np.random.default_rng(self.seed)
        count = self.strings * modules
        self.offsets = self._chance.normal(0.0, 0.8, (count, sensors))
        self.differences = self._chance.normal(0.0, 0.002, (count, cells))
        self.heats = self._chance.normal(1.0, 0.06, (count, 1))
        self.resists = self._chance.normal(1.0, 0.04, (count, cells))
        self.capacities = self._chance.normal(1.0, 0.005, (count, cells))
        self.layout = layout_of(self.shape, strings=self.strings, of_all=self.of_all)

    def snapshots(self, hours: float, change: Change | None = None) -> Iterator[Snapshot]:
        """Yield polls; `change` may move the temperatures and voltages of one of them."""
        warmed_k = held_back_a = 0.0
        soc = FULL
        for number in range(round(hours * HOUR_S / self.poll_s)):
            at_h = number * self.poll_s / HOUR_S
            current_a = self.current_a(at_h)
            soc += current_a * self.poll_s / HOUR_S / CAPACITY_AH
            warmed_k *= exp(-self.poll_s / COOLS_TAU_S)
            rate = current_a / CAPACITY_AH
            warmed_k += HEAT_K_PER_H * (rate / 2) ** 2 * self.poll_s / HOUR_S
            held_back_a += (current_a - held_back_a) * -np.expm1(-self.poll_s / SETTLES_TAU_S)
            heat = self._noisy(self.ambient_c(at_h) + 1.2 + self.offsets, 0.05)
            heat += warmed_k * self.heats
            charge = 1.0 - (1.0 - soc) / self.capacities
            volts = self._noisy(self.open_circuit_v(charge) + self.differences, 0.0008)
            volts += RESISTANCE_OHM * (current_a + held_back_a) * self.resists
            if change is not None:
                change(at_h, heat, volts)
            yield self._snapshot(at_h, heat, volts, soc=soc)

    def open_circuit_v(self, charge: np.ndarray) -> np.ndarray:
        """Return what cells of a charge (0 to 1) rest at: LFP is flat but for its ends."""
        if self.chemistry is Chemistry.LFP:
            knee: np.ndarray = np.exp(-18 * charge)
            return 3.25 + 0.08 * charge - 0.35 * knee
        return 3.45 + 0.70 * charge

    def _noisy(self, values: np.ndarray, sigma: float) -> np.ndarray:
        return values + self._chance.normal(0.0, sigma, values.shape)

    def _snapshot(
        self, at_h: float, heat: np.ndarray, volts: np.ndarray, *, soc: float
    ) -> Snapshot:
        heat = np.floor(heat / self.quantum_c) * self.quantum_c
        volts = np.round(volts, 3)
        everything = {
            "current_a": self.current_a(at_h) * self.strings,
            "soc_pct": 100.0 * soc,
            "ambient_temperature_c": self.ambient_c(at_h),
        }
        of_all = [everything[quantity] for quantity in self.of_all]
        values = np.concatenate((of_all, heat.ravel(), volts.ravel()))
        quality = np.where(np.isnan(values), Quality.MISSING, Quality.GOOD).astype(np.uint8)
        return Snapshot("rack-1", NOON_S + at_h * HOUR_S, self.layout, values, quality)


def layout_of(
    shape: tuple[int, int, int], *, strings: int = 1, of_all: Iterable[str] = OF_ALL
) -> Layout:
    """Return the layout of a battery: what it shows itself, then all sensors, then all cells."""
    modules, sensors, cells = (range(1, count + 1) for count in shape)
    places = [(s, m) for s in range(1, strings + 1) for m in modules]
    columns = [parse_column(f"-:{quantity}") for quantity in of_all]
    columns += [
        Column(Component(s, m, None, t), "temperature_c") for s, m in places for t in sensors
    ]
    columns += [Column(Component(s, m, c), "cell_voltage_v") for s, m in places for c in cells]
    return Layout.of(columns)


def discharge(*starts_h: float, recharged: bool = False) -> Callable[[float], float]:
    """Return the current of discharges at 2 C for a quarter of an hour, and what follows them."""

    def current_a(at_h: float) -> float:
        for start_h in starts_h:
            if 0 <= at_h - start_h < 0.25:
                return -2.0 * CAPACITY_AH
            if recharged and 0.5 <= at_h - start_h < 2.5:
                return 0.25 * CAPACITY_AH
        return 0.0

    return current_a


def watched(rack: Rack, hours: float, change: Change | None = None) -> list[AlarmEvent]:
    """Return what the shipped rules say of so many hours of a rack."""
    return judged(rack, rack.snapshots(hours, change))


def judged(
    rack: Rack, snapshots: Iterable[Snapshot], engine: Engine | None = None
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
    asset = make_asset(
        rack.chemistry, poll_interval_s=rack.poll_s, capacity_ah=CAPACITY_AH * rack.strings
    )
    geometry = replace(
        asset.geometry,
        string_count=rack.strings,
        module_count_per_string=rack.shape[0],
        temperature_sensor_count_per_module=rack.shape[1],
        cell_count_per_module=rack.shape[2],
    )
    return replace(asset, geometry=geometry)
