"""What one row of the inventory may say: the keys of every kind of row, and what they may hold.

`inventory.toml` and the register's CSV give the same rows. They are strict: text that looks like a
number is no number. What only shows across rows is looked at in `inventory_checks`.
"""

import re
from datetime import date
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict

from batteryd.domain.inventory import (
    Battery,
    Chemistry,
    DcBus,
    Geometry,
    Room,
    Service,
    Site,
    Source,
    Ups,
)
from batteryd.domain.warranty import (
    LifeDates,
    OperatingConditions,
    WarrantyBasis,
    WarrantyTerms,
)

RESERVED_ID = "batteryd"  # the daemon's own alarms are about this asset

_UNFIT_FOR_AN_ID = re.compile(r"[/\x00-\x1f\x7f]|^\s|\s$")


def _identifier(text: str) -> str:
    # Ids are parts of alarm keys and of addresses of pages, where a slash separates.
    if _UNFIT_FOR_AN_ID.search(text) or text == RESERVED_ID:
        raise ValueError("a name without a slash or spaces around it, other than batteryd")
    return text


def _time_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("a time zone such as Asia/Seoul or UTC")
    return name


def _sha256(text: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise ValueError("the 64 hex digits of a SHA-256")
    return text.lower()


Id = Annotated[str, Field(min_length=1, max_length=160), AfterValidator(_identifier)]
Text = Annotated[str, Field(min_length=1, max_length=400)]
Count = Annotated[int, Field(ge=1, le=9999)]
Positive = Annotated[float, Field(gt=0)]
Months = Annotated[int, Field(ge=1, le=600)]
Grade = Annotated[int, Field(ge=1, le=4)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Sha256 = Annotated[str, AfterValidator(_sha256)]


class Row(BaseModel):
    """One table of `inventory.toml`, or one line of the register."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class SourceRow(Row):
    """The keys of everything that can be polled."""

    address: Text | None = None
    profile: Text | None = None
    credential: Text | None = None
    poll_interval_s: Annotated[float, Field(ge=1, le=3600)] | None = None

    @property
    def source(self) -> Source | None:
        """How this asset is read; None where it is not polled."""
        if self.address is None or self.profile is None:
            return None
        return Source(self.address, self.profile, self.credential, self.poll_interval_s)


class SiteRow(Row):
    """`[[site]]`."""

    site_id: Id
    name: Text | None = None
    time_zone: TimeZone = "UTC"

    def built(self) -> Site:
        """Return the domain's noun."""
        return Site(self.site_id, self.name or self.site_id, self.time_zone)


class RoomRow(Row):
    """`[[room]]`."""

    room_id: Id
    site_id: Id
    name: Text | None = None

    def built(self) -> Room:
        """Return the domain's noun."""
        return Room(self.room_id, self.site_id, self.name or self.room_id)


class DcBusRow(Row):
    """`[[dc_bus]]`."""

    dc_bus_id: Id
    room_id: Id
    name: Text | None = None

    def built(self) -> DcBus:
        """Return the domain's noun."""
        return DcBus(self.dc_bus_id, self.room_id, self.name or self.dc_bus_id)


class UpsRow(SourceRow):
    """`[[ups]]`."""

    ups_id: Id
    room_id: Id
    name: Text | None = None

    def built(self) -> Ups:
        """Return the domain's noun."""
        return Ups(self.ups_id, self.room_id, self.name or self.ups_id, self.source)


class BatteryRow(SourceRow):
    """`[[battery]]`, or one line of the register."""

    asset_id: Id
    room_id: Id
    ups_id: Id | None = None
    dc_bus_id: Id | None = None
    rack: Text | None = None
    manufacturer: Text | None = None
    model: Text | None = None
    serial_number: Text | None = None
    chemistry: Annotated[Chemistry, Strict(strict=False)] | None = None
    capacity_ah: Positive | None = None
    energy_kwh: Positive | None = None
    string_count: Count | None = None
    module_count_per_string: Count | None = None
    cell_count_per_module: Count | None = None
    temperature_sensor_count_per_module: Count | None = None
    manufactured_on: date | None = None
    delivered_on: date | None = None
    installed_on: date | None = None
    commissioned_on: date | None = None
    warranty_basis: Annotated[WarrantyBasis, Strict(strict=False)] | None = None
    warranty_months: Months | None = None
    warranty_ends_on: date | None = None
    service_life_years: Annotated[float, Field(gt=0, le=50)] | None = None
    document: Text | None = None
    document_sha256: Sha256 | None = None
    warranty_extension_months: Months | None = None
    extension_document: Text | None = None
    temperature_c_max: Annotated[float, Field(gt=0, le=150)] | None = None
    temperature_hours_max: Annotated[float, Field(ge=0)] | None = None
    cycle_count_max: Annotated[int, Field(ge=1)] | None = None
    energy_throughput_kwh_max: Positive | None = None
    soh_pct_min: Annotated[float, Field(gt=0, le=100)] | None = None
    entered_by: Text | None = None
    approved_by: Text | None = None

    @property
    def geometry(self) -> Geometry:
        """How this battery is built, as far as the row says."""
        return Geometry(
            self.string_count,
            self.module_count_per_string,
            self.cell_count_per_module,
            self.temperature_sensor_count_per_module,
        )

    @property
    def dates(self) -> LifeDates:
        """The dates of this battery's life."""
        return LifeDates(
            self.manufactured_on, self.delivered_on, self.installed_on, self.commissioned_on
        )

    @property
    def warranty(self) -> WarrantyTerms:
        """What its contract says."""
        return WarrantyTerms(
            basis=self.warranty_basis,
            months=self.warranty_months,
            ends_on=self.warranty_ends_on,
            service_life_years=self.service_life_years,
            document=self.document,
            document_sha256=self.document_sha256,
            extension_months=self.warranty_extension_months,
            extension_document=self.extension_document,
            conditions=self.conditions,
            entered_by=self.entered_by,
            approved_by=self.approved_by,
        )

    @property
    def conditions(self) -> OperatingConditions:
        """Use beyond which its contract does not cover."""
        return OperatingConditions(
            temperature_c_max=self.temperature_c_max,
            temperature_hours_max=self.temperature_hours_max,
            cycle_count_max=self.cycle_count_max,
            energy_throughput_kwh_max=self.energy_throughput_kwh_max,
            soh_pct_min=self.soh_pct_min,
        )

    def built(self) -> Battery:
        """Return the domain's noun."""
        return Battery(
            asset_id=self.asset_id,
            room_id=self.room_id,
            ups_id=self.ups_id,
            dc_bus_id=self.dc_bus_id,
            rack=self.rack,
            manufacturer=self.manufacturer,
            model=self.model,
            serial_number=self.serial_number,
            chemistry=self.chemistry,
            capacity_ah=self.capacity_ah,
            energy_kwh=self.energy_kwh,
            geometry=self.geometry,
            dates=self.dates,
            warranty=self.warranty,
            source=self.source,
        )


class ServiceRow(Row):
    """`[[service]]`."""

    name: Text
    grade: Grade
    ups_id: Id | None = None
    room_id: Id | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def built(self) -> Service:
        """Return the domain's noun."""
        return Service(
            self.name, self.grade, self.ups_id, self.room_id, self.valid_from, self.valid_to
        )
