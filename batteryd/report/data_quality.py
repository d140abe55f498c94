"""What is missing or doubtful in the evidence for one battery, as stable codes.

A flag says something about the evidence, not about the battery: an expired warranty has no flag, a
warranty of which nobody knows when it began has one. Auditors count them and operators mend them,
so a code never changes its meaning; docs/reports.md explains each.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from batteryd.report.warranty_case import WarrantyCase

Test = Callable[[WarrantyCase], bool]


def data_quality(case: WarrantyCase) -> tuple[str, ...]:
    """Return the codes that apply, in the order of the table."""
    return tuple([code for code, applies in FLAGS.items() if applies(case)])


def _no_basis(case: WarrantyCase) -> bool:
    terms = case.battery.warranty
    return terms.ends_on is None and terms.basis is None


def _no_term(case: WarrantyCase) -> bool:
    terms = case.battery.warranty
    return terms.ends_on is None and terms.months is None


def _no_start_date(case: WarrantyCase) -> bool:
    terms = case.battery.warranty
    if terms.ends_on is not None or terms.basis is None:
        return False
    return case.battery.dates.day_of(terms.basis) is None


def _dates_after_as_of(case: WarrantyCase) -> bool:
    dates = case.battery.dates
    known = (dates.manufactured_on, dates.delivered_on, dates.installed_on, dates.commissioned_on)
    return any(day is not None and day > case.as_of for day in known)


def _no_document_hash(case: WarrantyCase) -> bool:
    terms = case.battery.warranty
    return terms.document is not None and terms.document_sha256 is None


def _no_extension_document(case: WarrantyCase) -> bool:
    terms = case.battery.warranty
    return terms.extension_months is not None and terms.extension_document is None


def _not_approved(case: WarrantyCase) -> bool:
    # A file without these columns says nothing about approval; the header then says so, once.
    return bool(case.entered_by) and not case.approved_by


def _never_observed(case: WarrantyCase) -> bool:
    return case.battery.source is not None and case.is_observed is False


FLAGS: Mapping[str, Test] = MappingProxyType(
    {
        "no_basis": _no_basis,
        "no_term": _no_term,
        "no_start_date": _no_start_date,
        "dates_after_as_of": _dates_after_as_of,
        "no_service_life": lambda case: case.service_life_last_day is None,
        "no_document": lambda case: case.battery.warranty.document is None,
        "no_document_hash": _no_document_hash,
        "no_extension_document": _no_extension_document,
        "no_serial_number": lambda case: case.battery.serial_number is None,
        "not_approved": _not_approved,
        "conflict": lambda case: bool(case.conflicts),
        "not_polled": lambda case: case.battery.source is None,
        "never_observed": _never_observed,
    }
)
