"""Entries of the register with believable defaults, and revisions of them without a ledger."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from batteryd.domain.register import RegisterEntry, ServiceEntry
from tests.builders import make_battery

Entry = TypeVar("Entry", RegisterEntry, ServiceEntry)


@dataclass(frozen=True)
class Written(Generic[Entry]):
    """An entry as a ledger hands it out."""

    record_id: str
    value: Entry


def make_entry(
    asset_id: str = "rack-1",
    *,
    effective_on: date = date(2014, 8, 20),
    is_retired: bool = False,
    approved_by: str | None = "S. Park",
    **changes: Any,
) -> RegisterEntry:
    """Return what register.csv says of a battery of the Daejeon kind."""
    return RegisterEntry(
        battery=make_battery(asset_id, **changes),
        effective_on=effective_on,
        source="register.csv",
        source_sha256="ab" * 32,
        entered_by="J. Kim",
        approved_by=approved_by,
        site_id="daejeon",
        is_retired=is_retired,
    )


def recorded(*entries: RegisterEntry) -> list[Written[RegisterEntry]]:
    """Return entries as they were recorded, oldest first."""
    return [Written(entry.asset_id, entry) for entry in entries]
