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
class WarrantyTerms:
    """What the contract says. `ends_on` is the last covered day and needs no arithmetic."""

    basis: WarrantyBasis | None = None
    months: int | None = None
    ends_on: date | None = None
    service_life_years: float | None = None
    document: str | None = None
    document_sha256: str | None = None


NO_TERMS = WarrantyTerms()


@dataclass(frozen=True, slots=True)
class LifeDates:
    """The dates of a battery's life, as the register has them."""

    manufactured_on: date | None = None
    delivered_on: date | None = None
    installed_on: date | None = None
    commissioned_on: date | None = None


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
