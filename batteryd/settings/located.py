"""Rows of the inventory together with where they were written.

A row knows its place, so that a check which looks across rows is written once and still names
`battery.3.room_id` in one file and `row 7, column room` in the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from batteryd.errors import Mistake
from batteryd.mistakes import value_text
from batteryd.settings.inventory_rows import (
    BatteryRow,
    DcBusRow,
    RoomRow,
    Row,
    ServiceRow,
    SiteRow,
    UpsRow,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands, and how its keys are called there."""

    file: str
    row: str  # "battery.3" or "row 7"
    key_template: str = "{row}.{field}"
    columns: Mapping[str, str] = field(default_factory=dict)  # where a column is not its field

    def mistake(self, name: str, value: object, allowed: str) -> Mistake:
        """Return a mistake in one field of this row."""
        key = self.key_template.format(row=self.row, field=self.columns.get(name, name))
        return Mistake(
            self.file, key, "" if value is None else value_text(value, key=name), allowed
        )


AnyRow = TypeVar("AnyRow", bound=Row, covariant=True)


@dataclass(frozen=True, slots=True)
class Located(Generic[AnyRow]):
    """A row and where it was written."""

    row: AnyRow
    place: Place


@dataclass(frozen=True, slots=True)
class InventoryRows:
    """Every row that could be read, and every id that was written, in broken rows too.

    The ids keep one mistake from looking like two: a battery in a room whose own row is broken is
    not in an unknown room.
    """

    sites: tuple[Located[SiteRow], ...] = ()
    rooms: tuple[Located[RoomRow], ...] = ()
    dc_buses: tuple[Located[DcBusRow], ...] = ()
    ups: tuple[Located[UpsRow], ...] = ()
    batteries: tuple[Located[BatteryRow], ...] = ()
    services: tuple[Located[ServiceRow], ...] = ()
    ids: Mapping[str, frozenset[str]] = field(default_factory=dict)  # by kind: "site", "room", ...
    revision: str = ""  # digest of the files that the rows came from
    source: str = ""  # the file that the batteries stand in
    source_sha256: str = ""
