"""How much history the journal keeps: by age for each resolution, and by size for the whole file.

The defaults keep a rack's every reading for five weeks (rules made after battery-room fires ask for
a month at least), minutes for half a year and hours for the ten years that a warranty runs.
"""

from dataclasses import dataclass

GIB = 2**30


@dataclass(frozen=True, slots=True)
class JournalLimits:
    """What retention holds to. Ages are days; a size counts what is used inside the file."""

    raw_days: float = 35.0
    minute_days: float = 180.0
    hour_days: float = 3660.0
    size_bytes_max: int = 20 * GIB
    reserve_bytes: int = GIB // 2  # left free on the disk: the ledger is on it and must not starve

    def __post_init__(self) -> None:
        if not 0 < self.raw_days <= self.minute_days <= self.hour_days:
            raise ValueError("raw_days, minute_days and hour_days must be positive and ascending")
        if self.size_bytes_max <= 0 or self.reserve_bytes < 0:
            raise ValueError("size_bytes_max must be positive, reserve_bytes not negative")
