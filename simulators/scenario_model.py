"""A whole scenario file as one checked, immutable value."""

from datetime import datetime

from simulators.scenario_tables import (
    STARTS_NOW,
    Head,
    RackTable,
    RoomTable,
    ServiceTable,
    SiteTable,
    Table,
    UpsTable,
)
from simulators.timetable import TimetableEntry


class Scenario(Table):
    """A whole scenario file."""

    scenario: Head
    site: tuple[SiteTable, ...]
    room: tuple[RoomTable, ...]
    ups: tuple[UpsTable, ...]
    rack: tuple[RackTable, ...]
    service: tuple[ServiceTable, ...] = ()
    at: tuple[TimetableEntry, ...] = ()

    def start_s(self, *, now_s: float) -> float:
        """Return when it begins, seconds since the epoch."""
        text = self.scenario.starts_at
        return now_s if text == STARTS_NOW else datetime.fromisoformat(text).timestamp()
