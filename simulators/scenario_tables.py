"""What a scenario file says of the made-up room: its tables, keys, units, defaults and bounds.

The words are those of the inventory where both know a thing, so that a scenario can write the
inventory of its own room. Racks have keys of two kinds: what the physics needs (geometry, state of
charge, how far the BMS is wrong about it) and what only the register knows (dates, warranty).
"""

from datetime import date, datetime
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from batteryd.domain.inventory import Chemistry, Geometry
from batteryd.domain.warranty import WarrantyBasis
from simulators.chemistry import CELL_CHEMISTRIES

STARTS_NOW = "now"
SPEEDUP_MAX = 600.0


def _start(text: str) -> str:
    if text == STARTS_NOW:
        return text
    try:
        has_offset = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        has_offset = False
    if not has_offset:
        raise ValueError('"now", or ISO 8601 with an offset such as 2025-09-26T19:26:00+09:00')
    return text


Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Percent = Annotated[float, Field(ge=0, le=100)]
NotNegative = Annotated[float, Field(ge=0, le=1e9)]
Positive = Annotated[float, Field(gt=0, le=1e9)]


class Table(BaseModel):
    """Strict about keys: a misspelt one must not silently change nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Head(Table):
    """`[scenario]`: what it is called, when it plays, how it is best shown."""

    name: Id
    title: Text
    starts_at: Annotated[str, AfterValidator(_start)]
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 1
    speedup: Annotated[float, Field(ge=1, le=SPEEDUP_MAX)] = (
        20.0  # simulated seconds per real second
    )
    poll_interval_s: Annotated[float, Field(ge=1, le=3600)] = 10.0  # simulated
    duration_s: Positive = 900.0  # simulated: how long there is something to see


class SiteTable(Table):
    """`[[site]]`."""

    site_id: Id
    name: Text
    time_zone: Text = "UTC"


class RoomTable(Table):
    """`[[room]]`: the air is what it is while the cooling works."""

    room_id: Id
    site_id: Id
    name: Text
    air_c: Annotated[float, Field(ge=-20, le=60)] = 23.0
    humidity_pct: Percent = 45.0


class UpsTable(Table):
    """`[[ups]]`: one UPS, and the DC bus that its racks stand on."""

    ups_id: Id
    room_id: Id
    dc_bus_id: Id
    name: Text
    rating_kw: Positive
    load_kw: NotNegative
    charge_current_a_max: Positive = 60.0
    manufacturer: Text = "Batteryd Works"
    model: Text = "DU-3 (simulated)"
    serial_number: Text = "SIM"


class RackTable(Table):
    """`[[rack]]`: one rack as it is built, as it stands, and as the register has it."""

    asset_id: Id
    ups_id: Id
    rack: Text
    chemistry: Literal[Chemistry.NMC, Chemistry.LFP] = Chemistry.NMC
    capacity_ah: Positive = 78.0
    module_count_per_string: Annotated[int, Field(ge=1, le=24)] = 17
    cell_count_per_module: Annotated[int, Field(ge=1, le=16)] = 14
    temperature_sensor_count_per_module: Annotated[int, Field(ge=1, le=2)] = 2
    soc_pct: Percent = 90.0
    soc_error_pct: Annotated[float, Field(ge=-100, le=100)] = 0.0  # of the BMS's own count
    soh_pct: Percent = 97.0
    cycle_count: NotNegative = 40.0
    gateway: Id | None = None  # racks of one gateway share a listener; None: one of its own
    manufacturer: Text = "Batteryd Works"
    model: Text = "LR-78"
    serial_number: Text
    firmware: Annotated[float, Field(ge=0, le=655)] = 2.04
    manufactured_on: date | None = None
    installed_on: date | None = None
    warranty_basis: WarrantyBasis | None = None
    warranty_months: Annotated[int, Field(ge=1, le=600)] | None = None
    warranty_ends_on: date | None = None
    warranty_days_left: Annotated[int, Field(ge=-36500, le=36500)] | None = None  # at the start
    service_life_years: Positive | None = None

    @property
    def cell_count(self) -> int:
        """How many cells are in series."""
        return self.module_count_per_string * self.cell_count_per_module

    @property
    def energy_kwh(self) -> float:
        """Nominal energy: capacity at the voltage of a half-charged cell."""
        nominal_v = float(CELL_CHEMISTRIES[self.chemistry].voltage_at(np.array([0.5]))[0])
        return self.capacity_ah * nominal_v * self.cell_count / 1000.0

    @property
    def geometry(self) -> Geometry:
        """The same in the words of the inventory."""
        return Geometry(
            string_count=1,
            module_count_per_string=self.module_count_per_string,
            cell_count_per_module=self.cell_count_per_module,
            temperature_sensor_count_per_module=self.temperature_sensor_count_per_module,
        )


class ServiceTable(Table):
    """`[[service]]`: reached through a UPS or a room."""

    name: Text
    grade: Annotated[int, Field(ge=1, le=4)]
    ups_id: Id | None = None
    room_id: Id | None = None
