"""A recording with its truth: snapshots for the rules, or a CSV that anybody can replay."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan
from pathlib import Path

import numpy as np

from batteryd.domain.component import WHOLE_BATTERY, Component
from batteryd.domain.quality import Quality
from batteryd.domain.quantity import QUANTITIES
from batteryd.domain.snapshot import Column, Layout, Snapshot, failed_snapshot
from simulators.chemistry import Floats
from simulators.traces.faults import Family
from simulators.traces.geometry import TraceRack
from simulators.traces.program import Spell
from simulators.traces.readings import Readings

BEGIN_S = 1_767_571_200.0  # 5 January 2026, UTC
_FAILED = "the recording has no values for this poll"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What really was the matter. Numbers count from 1, as components do; times from the begin."""

    kind: str
    family: Family
    onset_s: float | None = None
    module: int | None = None
    cell: int | None = None
    sensor: int | None = None
    hvac: tuple[Spell, ...] = ()
    aged_module: int | None = None
    altered: tuple[tuple[int, int], ...] = ()  # module and sensor


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """One rack, its readings and what was the matter."""

    name: str
    rack: TraceRack
    truth: Truth
    readings: Readings

    @property
    def seconds(self) -> float:
        """How long it is."""
        return float(self.readings.at_s[-1])

    @property
    def layout(self) -> Layout:
        """Return what each column of `values` is."""
        return Layout.of(_columns(self.rack))

    def values(self) -> Floats:
        """Return one row a poll, in the order of the layout; NaN is missing."""
        read, polls = self.readings, len(self.readings.at_s)
        whole = [read.current_a, read.soc_pct]
        whole += [] if read.ambient_c is None else [read.ambient_c]
        cells, sensors = read.cell_v.reshape(polls, -1), read.temperature_c.reshape(polls, -1)
        return np.concatenate([np.stack(whole, axis=1), sensors, cells], axis=1)

    def snapshots(self) -> Iterator[Snapshot]:
        """Yield what reading the CSV would yield."""
        layout, values = self.layout, self.values()
        said = [QUANTITIES[column.quantity] for column in layout.columns]
        lowest = np.array([quantity.plausible_min for quantity in said])
        highest = np.array([quantity.plausible_max for quantity in said])
        for at_s, row in zip((BEGIN_S + self.readings.at_s).tolist(), values, strict=True):
            at_s = round(at_s, 3)
            missing = np.isnan(row)
            if missing.all():
                yield failed_snapshot(self.name, layout, at_s=at_s, failure=_FAILED)
                continue
            quality = np.where(missing, Quality.MISSING, Quality.GOOD).astype(np.uint8)
            beyond = (row < lowest) | (row > highest)
            quality[beyond] = Quality.IMPLAUSIBLE
            yield Snapshot(self.name, at_s, layout, np.where(beyond, np.nan, row), quality)

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write NAME.csv and NAME.toml, which `batteryd replay` reads."""
        recording, battery = folder / f"{self.name}.csv", folder / f"{self.name}.toml"
        battery.write_text(battery_text(self.rack))
        with recording.open("w", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["time", *map(str, self.layout.columns)])
            for at_s, row in zip(self.readings.at_s.tolist(), self.values().tolist(), strict=True):
                at = f"{BEGIN_S + at_s:.3f}"
                texts = ["" if isnan(value) else f"{value:g}" for value in row]
                rows.writerow([at, *texts] if any(texts) else [at])
        return recording, battery


def battery_text(rack: TraceRack) -> str:
    """Return the battery file of a rack."""
    return (
        f'chemistry = "{rack.chemistry}"\n'
        f"capacity_ah = {rack.capacity_ah}\n"
        f"string_count = 1\n"
        f"module_count_per_string = {rack.module_count}\n"
        f"cell_count_per_module = {rack.cell_count}\n"
        f"temperature_sensor_count_per_module = {rack.sensor_count}\n"
    )


def _columns(rack: TraceRack) -> Iterator[Column]:
    modules = range(1, rack.module_count + 1)
    whole = ("current_a", "soc_pct") + (("ambient_temperature_c",) if rack.has_ambient else ())
    yield from (Column(WHOLE_BATTERY, quantity) for quantity in whole)
    for module in modules:
        for sensor in range(1, rack.sensor_count + 1):
            yield Column(Component(1, module, sensor=sensor), "temperature_c")
    for module in modules:
        for cell in range(1, rack.cell_count + 1):
            yield Column(Component(1, module, cell=cell), "cell_voltage_v")
