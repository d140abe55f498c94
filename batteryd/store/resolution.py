"""The resolutions in which the journal keeps history: every poll, minutes, hours.

Everything that works on all three (roll-ups, retention, trends) walks this table.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Resolution:
    """One table of history. `period_s` is 0 where every poll is kept as it is."""

    name: str
    table: str
    time: str  # the column that says when
    ticks_per_s: int  # the unit of that column
    period_s: int

    def ticks(self, at_s: float) -> int:
        """Return an instant in the unit of the table's time column."""
        return round(at_s * self.ticks_per_s)


RAW = Resolution("raw", "snapshot", "at_ms", 1000, 0)
MINUTE = Resolution("minute", "rollup_minute", "start_s", 1, 60)
HOUR = Resolution("hour", "rollup_hour", "start_s", 1, 3600)

RESOLUTIONS = (RAW, MINUTE, HOUR)  # finest first
