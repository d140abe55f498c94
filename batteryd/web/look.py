"""What all pages are made from: what stands where, what was read last, and what is wrong."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from batteryd.domain.alarm import Alarm, Priority
from batteryd.domain.component import Scope
from batteryd.domain.inventory import Asset, Inventory
from batteryd.domain.snapshot import Snapshot
from batteryd.domain.warranty import WarrantyAssessment
from batteryd.rules.room_alarm import is_said_by

STALE_AFTER_S = 60.0  # domain default: beyond it a reading proves nothing about now


@dataclass(frozen=True, slots=True)
class TemperatureScale:
    """Where the colours of a heat map turn: the asset's own setpoints, °C."""

    medium_c: float
    critical_c: float


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the site: `latest` is the last poll, `last_good` the last good one."""

    inventory: Inventory
    latest: Mapping[str, Snapshot]
    last_good: Mapping[str, Snapshot]
    alarms: Sequence[Alarm]
    assessments: Mapping[str, WarrantyAssessment]
    scale_of: Callable[[Asset], TemperatureScale]

    def age_s(self, asset_id: str, *, now_s: float) -> float | None:
        """Return how old the last good reading is; None where there was none."""
        good = self.last_good.get(asset_id)
        return None if good is None else max(0.0, now_s - good.observed_at_s)

    def failure(self, asset_id: str) -> str | None:
        """Return why the last poll failed; None where it did not, or none was made."""
        latest = self.latest.get(asset_id)
        return None if latest is None else latest.failure

    def worst(self, asset_id: str) -> Priority | None:
        """Return the priority of the most urgent active alarm."""
        active = (
            a.priority
            for a in self.alarms
            if a.is_active and (a.key.asset_id == asset_id or _is_of_room_with(asset_id, a))
        )
        return max(active, default=None)

    def time_zone(self, room_id: str) -> str:
        """Return the IANA name of the zone that a room is in."""
        return self.inventory.sites[self.inventory.rooms[room_id].site_id].time_zone

    def day(self, room_id: str, *, now_s: float) -> date:
        """Return the calendar day where a room is."""
        return datetime.fromtimestamp(now_s, ZoneInfo(self.time_zone(room_id))).date()


def _is_of_room_with(asset_id: str, alarm: Alarm) -> bool:
    """Whether an alarm is that of a room, and the battery is one of those that say it."""
    return alarm.scope is Scope.ROOM and is_said_by(asset_id, alarm.evidence)


def most_urgent_first(alarms: Iterable[Alarm]) -> tuple[Alarm, ...]:
    """Return alarms as pages list them: active before returned, then by priority, newest first."""
    return tuple(sorted(alarms, key=lambda a: (-a.is_active, -a.priority, -a.raised_at_s)))


def is_stale(age_s: float | None) -> bool:
    """Whether a reading of this age says nothing about now."""
    # Not `age_s or ...`: an age of 0 is the freshest there is.
    return age_s is None or age_s > STALE_AFTER_S
