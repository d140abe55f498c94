"""Warranty reports for tests: believable cases, and the report of a small room."""

from dataclasses import fields, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from batteryd.domain.inventory import Service
from batteryd.domain.warranty import WarrantyTerms
from batteryd.domain.work import Finding
from batteryd.report.warranty import Made, Provenance, WarrantyReport, build_warranty_report
from batteryd.report.warranty_case import WarrantyCase
from batteryd.warranty.coverage import assess, service_life_last_day
from tests.builders import NOON_S, make_battery

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

AS_OF = date(2025, 9, 26)
PROVENANCE = Provenance(
    as_of=AS_OF,
    time_zone="UTC",
    version="0.1.0",
    register_revision="file 3f1c",
    sources={"register.csv": "3f" * 32},
)
MADE = Made(at_s=NOON_S, by="kim", clock="synchronised")


def make_case(asset_id: str = "rack-1", *, as_of: date = AS_OF, **changes: Any) -> WarrantyCase:
    """Return a case; `changes` are fields of the case, of its terms, or of its battery."""
    own, terms = _taken(WarrantyCase, changes), _taken(WarrantyTerms, changes)
    battery = make_battery(asset_id, **changes)
    battery = replace(battery, warranty=replace(battery.warranty, **terms))
    case = WarrantyCase(
        battery=battery,
        site="daejeon",
        room="room-5b",
        ups="ups-1",
        dc_bus="bus-1",
        profile="lithium-rack",
        address="modbus://127.0.0.1:1502/1",
        assessment=assess(asset_id, battery.warranty, battery.dates, as_of),
        service_life_last_day=service_life_last_day(battery.warranty, battery.dates),
    )
    return replace(case, **own)


def make_finding(finding_id: str = "F-1", *, asset_id: str = "rack-1") -> Finding:
    """Return the finding of June 2024."""
    return Finding(finding_id, asset_id, date(2024, 6, 27), "lee", "pack temperatures deviate")


def small_room() -> tuple[WarrantyCase, ...]:
    """Return five cases, one of each standing and one with every cell that is hard to write."""
    return (
        make_case("rack-1", findings=(make_finding(),), conditions=(), conflicts=(),
                  services=(Service("mobile identity", 1), Service("staff canteen", 4))),
        make_case("rack-2", months=None, ends_on=date(2026, 3, 31), document="랙 2 계약서.pdf"),
        make_case("rack-3", months=240, document="c.pdf", document_sha256="ab" * 32),
        make_case("rack-4", basis=None, source=None),
        make_case("rack-5", serial_number='=HYPERLINK("x")', rack='Rack, "5"\r\nlow', model="a\rb",
                  energy_kwh=6.4, conflicts=("device: 2015-01-01", "register: 2014-08-20")),
    )  # fmt: skip


def make_report(*cases: WarrantyCase) -> WarrantyReport:
    """Return the report of the cases, or of the small room."""
    return build_warranty_report(cases or small_room(), provenance=PROVENANCE, made=MADE)


def _taken(owner: "type[DataclassInstance]", changes: dict[str, object]) -> dict[str, Any]:
    """Take out of `changes` those that are fields of a class."""
    return {field.name: changes.pop(field.name) for field in fields(owner) if field.name in changes}
