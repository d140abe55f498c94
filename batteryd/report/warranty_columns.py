"""The columns of the warranty report: their names, their order, and where each value comes from.

First the register's own columns, so that a row identifies its battery in the words of those who
keep the register; then what follows from them on the day; then who says so. A column never changes
its name or its meaning, and new ones are added at the end. docs/reports.md explains each.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from batteryd.report.cells import Cell, CellKind, number
from batteryd.report.data_quality import data_quality
from batteryd.report.warranty_case import WarrantyCase

TEXT, NUMBER, DAY, LIST = CellKind.TEXT, CellKind.NUMBER, CellKind.DAY, CellKind.LIST


class Column(NamedTuple):
    """One column and how a case fills it."""

    name: str
    kind: CellKind
    cell: Callable[[WarrantyCase], Cell]


def _recorded_at(case: WarrantyCase) -> Cell:
    if case.recorded_at_s is None:
        return None
    return datetime.fromtimestamp(case.recorded_at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _findings_open(case: WarrantyCase) -> Cell:
    return None if case.findings is None else len(case.findings)


def _findings(case: WarrantyCase) -> Cell:
    return None if case.findings is None else tuple(f.finding_id for f in case.findings)


def _services(case: WarrantyCase) -> Cell:
    return None if case.services is None else tuple(f"{s.grade} {s.name}" for s in case.services)


REGISTER_COLUMNS = (
    Column("asset_id", TEXT, lambda case: case.battery.asset_id),
    Column("site", TEXT, lambda case: case.site),
    Column("room", TEXT, lambda case: case.room),
    Column("ups", TEXT, lambda case: case.ups),
    Column("dc_bus", TEXT, lambda case: case.dc_bus),
    Column("rack", TEXT, lambda case: case.battery.rack),
    Column("manufacturer", TEXT, lambda case: case.battery.manufacturer),
    Column("model", TEXT, lambda case: case.battery.model),
    Column("serial_number", TEXT, lambda case: case.battery.serial_number),
    Column("chemistry", TEXT, lambda case: case.battery.chemistry and case.battery.chemistry.value),
    Column("capacity_ah", NUMBER, lambda case: number(case.battery.capacity_ah)),
    Column("energy_kwh", NUMBER, lambda case: number(case.battery.energy_kwh)),
    Column("manufactured_on", DAY, lambda case: case.battery.dates.manufactured_on),
    Column("delivered_on", DAY, lambda case: case.battery.dates.delivered_on),
    Column("installed_on", DAY, lambda case: case.battery.dates.installed_on),
    Column("commissioned_on", DAY, lambda case: case.battery.dates.commissioned_on),
    Column("warranty_basis", TEXT, lambda case: (b := case.battery.warranty.basis) and b.value),
    Column("warranty_months", NUMBER, lambda case: case.battery.warranty.months),
    Column("warranty_ends_on", DAY, lambda case: case.battery.warranty.ends_on),
    Column("service_life_years", NUMBER,
           lambda case: number(case.battery.warranty.service_life_years)),
    Column("document", TEXT, lambda case: case.battery.warranty.document),
    Column("document_sha256", TEXT, lambda case: case.battery.warranty.document_sha256),
    Column("profile", TEXT, lambda case: case.profile),
    Column("address", TEXT, lambda case: case.address),
    Column("warranty_extension_months", NUMBER,
           lambda case: case.battery.warranty.extension_months),
    Column("extension_document", TEXT, lambda case: case.battery.warranty.extension_document),
    Column("temperature_c_max", NUMBER,
           lambda case: number(case.battery.warranty.conditions.temperature_c_max)),
    Column("temperature_hours_max", NUMBER,
           lambda case: number(case.battery.warranty.conditions.temperature_hours_max)),
    Column("cycle_count_max", NUMBER,
           lambda case: case.battery.warranty.conditions.cycle_count_max),
    Column("energy_throughput_kwh_max", NUMBER,
           lambda case: number(case.battery.warranty.conditions.energy_throughput_kwh_max)),
    Column("soh_pct_min", NUMBER,
           lambda case: number(case.battery.warranty.conditions.soh_pct_min)),
    Column("entered_by", TEXT, lambda case: case.entered_by),
    Column("approved_by", TEXT, lambda case: case.approved_by),
)  # fmt: skip

COLUMNS = (
    *REGISTER_COLUMNS,
    Column("warranty_last_day", DAY, lambda case: case.assessment.last_day),
    Column("status", TEXT, lambda case: case.assessment.status.value),
    Column("days_left", NUMBER, lambda case: case.assessment.days_left),
    Column("warranty_reason", TEXT, lambda case: case.assessment.reason),
    Column("service_life_last_day", DAY, lambda case: case.service_life_last_day),
    Column("findings_open", NUMBER, _findings_open),
    Column("findings", LIST, _findings),
    Column("conditions", LIST, lambda case: case.conditions),
    Column("conflicts", LIST, lambda case: case.conflicts),
    Column("services", LIST, _services),
    Column("effective_on", DAY, lambda case: case.effective_on),
    Column("register_seq", NUMBER, lambda case: case.register_seq),
    Column("register_recorded_at", TEXT, _recorded_at),
    Column("data_quality", LIST, data_quality),
)  # fmt: skip
