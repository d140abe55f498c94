"""Racks whose resistance and capacity are known: what measurements of health are held against.

Each cell is its open-circuit curve and a resistance that follows temperature; nothing relaxes.
Readings carry noise and are rounded as a usual BMS rounds them. Time goes on from call to call.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from batteryd.domain.component import Component
from batteryd.domain.health import REST, CapacityPoint, ResistancePoint
from batteryd.domain.inventory import Asset, AssetKind, Chemistry, Geometry, Source
from batteryd.domain.open_circuit import CURVES, SOC_POINTS_PCT
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Column, Layout, Snapshot, parse_column
from batteryd.health.limits import KJ_PER_MOL
from tests.builders import NOON_S

MINUTE_S, HOUR_S = 60.0, 3600.0
REST_S = 2000.0  # longer than a capacity asks for


@dataclass
class WornRack:
    """`shape`: modules, sensors a module, cells a module."""

    shape: tuple[int, int, int] = (4, 2, 5)
    rated_ah: float = 67.0
    capacity_ah: float = 60.0  # what it has left
    chemistry: Chemistry = Chemistry.NMC
    poll_s: float = 10.0
    quantum_v: float = 0.001
    temperature_c: float = 25.0
    kj_per_mol: float | None = None  # None: as batteryd assumes
    soc_pct: float = 96.0
    reported_off_pct: float = 0.0
    at_s: float = NOON_S
    seed: int = 3
    mohm: np.ndarray = field(default_factory=lambda: np.empty(0))  # of each cell at 25 °C

    def __post_init__(self) -> None:
        modules, sensors, cells = (range(1, count + 1) for count in self.shape)
        self.chance = np.random.default_rng(self.seed)
        columns = [parse_column("-:current_a"), parse_column("-:soc_pct")]
        columns += [
            Column(Component(1, m, None, t), "temperature_c") for m in modules for t in sensors
        ]
        columns += [Column(Component(1, m, c), "cell_voltage_v") for m in modules for c in cells]
        self.layout = Layout.of(columns)
        if not self.mohm.size:
            self.mohm = self.chance.normal(0.8, 0.05, self.shape[0] * self.shape[2])

    @property
    def asset(self) -> Asset:
        """What the register says of it."""
        modules, sensors, cells = self.shape
        return Asset(
            asset_id="rack-1",
            kind=AssetKind.BATTERY,
            site_id="daejeon",
            room_id="room-5b",
            name="Rack 1",
            source=Source("modbus://127.0.0.1/1", "lithium-rack", poll_interval_s=self.poll_s),
            chemistry=self.chemistry,
            capacity_ah=self.rated_ah,
            geometry=Geometry(1, modules, cells, sensors),
        )

    def live(self, *plan: tuple[float, float]) -> Iterator[Snapshot]:
        """Yield polls through stretches of (seconds, rate in C of the rated capacity)."""
        for length_s, rate_c in plan:
            for _ in range(round(length_s / self.poll_s)):
                yield self._snapshot(rate_c * self.rated_ah)
                self.at_s += self.poll_s
                taken_ah = -rate_c * self.rated_ah * self.poll_s / HOUR_S
                self.soc_pct -= 100.0 * taken_ah / self.capacity_ah

    def _snapshot(self, current_a: float) -> Snapshot:
        kelvin, kj = self.temperature_c + 273.15, self.kj_per_mol or KJ_PER_MOL[self.chemistry]
        warmth = math.exp(kj * 1000 / 8.314 * (1 / kelvin - 1 / 298.15))
        rest_v = np.interp(self.soc_pct, SOC_POINTS_PCT, CURVES[self.chemistry].voltage_v)
        volts = rest_v + current_a * self.mohm / 1000 * warmth
        volts = volts + self.chance.normal(0.0, 0.0008, volts.shape)
        volts = np.round(volts / self.quantum_v) * self.quantum_v
        heat = self.temperature_c + self.chance.normal(0.0, 0.05, self.shape[0] * self.shape[1])
        soc_pct = min(100.0, max(0.0, self.soc_pct + self.reported_off_pct))
        measured_a = current_a + self.chance.normal(0.0, 0.05)
        values = np.concatenate(((measured_a, soc_pct), np.round(heat, 1), volts))
        return Snapshot("rack-1", self.at_s, self.layout, values, np.zeros(len(values), np.uint8))


def step(rack: WornRack, *, rate_c: float = -1.0) -> Iterator[Snapshot]:
    """Yield a rest, two minutes of load, and the charge that follows."""
    before_pct = rack.soc_pct
    yield from rack.live((10 * MINUTE_S, 0.0), (2 * MINUTE_S, rate_c), (2 * MINUTE_S, 0.3))
    rack.soc_pct = before_pct


def deep(rack: WornRack, *, to_pct: float = 12.0, rate_c: float = -0.5) -> Iterator[Snapshot]:
    """Yield a rest, a discharge, and a rest."""
    length_s = (rack.soc_pct - to_pct) / 100 * rack.capacity_ah / rack.rated_ah / -rate_c * HOUR_S
    yield from rack.live((REST_S, 0.0), (length_s, rate_c), (REST_S, 0.0))


def spoilt(snapshot: Snapshot, text: str, value: float = math.nan) -> Snapshot:
    """Return the poll with one column wild, or missing."""
    at = snapshot.layout.index[parse_column(text)]
    values, quality = snapshot.values.copy(), snapshot.quality.copy()
    values[at] = value
    quality[at] = Quality.MISSING if math.isnan(value) else Quality.GOOD
    return Snapshot(snapshot.asset_id, snapshot.observed_at_s, snapshot.layout, values, quality)


def resistance_point(*mohm: float, at_s: float = NOON_S, **changes: Any) -> ResistancePoint:
    """Return a point at 25 °C, one number a cell."""
    cells = tuple(Component(1, 1, number) for number in range(1, len(mohm) + 1))
    known: dict[str, Any] = {
        "at_s": at_s,
        "string": Component(1),
        "method": 1,
        "cells": cells,
        "mohm": np.array(mohm),
        "temperature_c": np.full(len(mohm), 25.0),
        "step_a": 67.0,
        "step_c": 1.0,
        "window_s": 30.0,
        "soc_pct": 96.0,
    }
    return ResistancePoint(**(known | changes))


def capacity_point(at_s: float = NOON_S - 86_400.0, **changes: Any) -> CapacityPoint:
    """Return a point of a deep discharge from a rest to a rest."""
    made = CapacityPoint(
        at_s=at_s,
        string=Component(1),
        method=1,
        began_at_s=at_s - 7200,
        capacity_ah=61.2,
        uncertainty_ah=1.5,
        counted_ah=51.4,
        from_pct=96.0,
        to_pct=12.0,
        ended_by=REST,
        rate_c=0.5,
        temperature_c=24.6,
        gap_s=0.0,
        reported_from_pct=100.0,
        reported_to_pct=20.0,
    )
    return replace(made, **changes)
