"""Warranty terms as a contract writes them, and what they mean as of a day."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class WarrantyBasis(StrEnum):
    """The event from which a warranty's months count."""

    DELIVERED = "delivered"
    INSTALLED = "installed"
    COMMISSIONED = "commissioned"
    MANUFACTURED = "manufactured"


class WarrantyStatus(StrEnum):
    """Standing of a warranty as of a day. Unknown is a status of its own, never "in warranty"."""

    IN_WARRANTY = "in_warranty"
    EXPIRING = "expiring"  # 365 days or fewer left
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OperatingConditions:
    """Use beyond which the contract does not cover. None: the contract sets no such limit."""

    temperature_c_max: float | None = None  # of any module or cell
    temperature_hours_max: float | None = None  # above it, over the battery's life; None: no hour
    cycle_count_max: int | None = None
    energy_throughput_kwh_max: float | None = None  # discharged
    soh_pct_min: float | None = None  # below it the maker owes a replacement


NO_CONDITIONS = OperatingConditions()


@dataclass(frozen=True, slots=True)
class WarrantyTerms:
    """What the contract says. `ends_on` is the last covered day and needs no arithmetic.

    `extension_months` count on from there. `entered_by` and `approved_by` are two people, as far
    as the register's own row names them.
    """

    basis: WarrantyBasis | None = None
    months: int | None = None
    ends_on: date | None = None
    service_life_years: float | None = None
    document: str | None = None
    document_sha256: str | None = None
    extension_months: int | None = None
    extension_document: str | None = None
    conditions: OperatingConditions = NO_CONDITIONS
    entered_by: str | None = None
    approved_by: str | None = None


NO_TERMS = WarrantyTerms()


@dataclass(frozen=True, slots=True)
class LifeDates:
    """The dates of a battery's life, as the register has them."""

    manufactured_on: date | None = None
    delivered_on: date | None = None
    installed_on: date | None = None
    commissioned_on: date | None = None

    def day_of(self, basis: WarrantyBasis) -> date | None:
        """Return the day of the event from which a warranty counts; None where it is not known."""
        match basis:
            case WarrantyBasis.DELIVERED:
                return self.delivered_on
            case WarrantyBasis.INSTALLED:
                return self.installed_on
            case WarrantyBasis.COMMISSIONED:
                return self.commissioned_on
            case WarrantyBasis.MANUFACTURED:
                return self.manufactured_on


UNKNOWN_DATES = LifeDates()


@dataclass(frozen=True, slots=True)
class WarrantyAssessment:
    """The answer for one battery as of one day.

    `days_left` is the last covered day minus the day asked about: 0 on the last covered day,
    negative once it is over, None where nothing is known. `reason` says how it was found.
    """

    asset_id: str
    as_of: date
    status: WarrantyStatus
    last_day: date | None
    days_left: int | None
    reason: str
