"""Work that nobody announced: an alarm while a battery looks as if somebody works on it.

    snapshots --Witness--> signs --UnannouncedWork--> one alarm a battery

Signs on a battery of a started work order are announced and raise nothing; an alarm that stands
when work on its battery is started returns at that moment. Otherwise it stands until all that was
seen is back as it was. Further signs raise no second alarm: they are recorded with the first. The
signs stand in the alarm's evidence, and from there `restore` takes them up after a restart.
"""

from collections.abc import Collection, Iterable

from batteryd.clearance.unannounced_case import Case
from batteryd.clearance.unannounced_witness import Witness
from batteryd.clearance.wording import instant
from batteryd.domain.alarm import Alarm, AlarmEvent, AlarmKey
from batteryd.domain.component import WHOLE_BATTERY
from batteryd.domain.inventory import Asset, AssetKind, Inventory
from batteryd.domain.snapshot import Snapshot

UNANNOUNCED_RULE = "unannounced_work"

Events = tuple[AlarmEvent, ...]


class UnannouncedWork:
    """The alarms about work that nobody announced, one a battery."""

    def __init__(self, inventory: Inventory) -> None:
        self._batteries = _polled(inventory)
        self._witness = Witness(self._batteries)
        self._cases: dict[str, Case] = {}

    def step(
        self, snapshots: Iterable[Snapshot], *, covered: Collection[str], now_s: float
    ) -> Events:
        """Judge what was read since the last step; without snapshots, that time has passed.

        `covered` are the batteries of started work orders, by asset id.
        """
        announced = [a for a in self._cases if a in covered]
        events = [
            self._end(a, "a work order for it has been started", at_s=now_s) for a in announced
        ]
        for snapshot in snapshots:
            event = self._judge(snapshot, is_covered=snapshot.asset_id in covered)
            if event is not None:
                events.append(event)
        over = [a for a, case in self._cases.items() if case.is_over(now_s)]
        for asset_id in over:
            since = instant(self._cases[asset_id].back_at_s or now_s)
            events.append(
                self._end(asset_id, f"all is as it was before, since {since}", at_s=now_s)
            )
        return tuple(events)

    def restore(self, active: Iterable[Alarm], *, now_s: float) -> Events:
        """Take over, after a start, those active alarms that are about unannounced work.

        Returns the ends of those whose battery is no longer watched.
        """
        for alarm in active:
            if alarm.key.rule == UNANNOUNCED_RULE:
                case = self._cases[alarm.key.asset_id] = Case.of(alarm, now_s=now_s)
                for sign in case.signs.values():
                    self._witness.restore(sign)
        return self._end_unwatched(now_s)

    def reload(self, inventory: Inventory, *, now_s: float) -> Events:
        """Go on with another inventory; alarms of batteries that are gone from it are ended."""
        self._batteries = _polled(inventory)
        self._witness.replace(self._batteries)
        return self._end_unwatched(now_s)

    def _judge(self, snapshot: Snapshot, *, is_covered: bool) -> AlarmEvent | None:
        signs = self._witness.step(snapshot)
        battery, case = self._batteries.get(snapshot.asset_id), self._cases.get(snapshot.asset_id)
        if case is not None:
            for sign in signs:
                case.take(sign)
        begun = [sign for sign in signs if not sign.is_over]
        if battery is None or is_covered or not begun:
            return None
        is_addition = case is not None
        if case is None:
            key = AlarmKey(battery.site_id, battery.asset_id, WHOLE_BATTERY, UNANNOUNCED_RULE)
            case = self._cases[battery.asset_id] = Case.begun_by(begun, key=key)
        return case.raised(battery.name, at_s=snapshot.observed_at_s, is_addition=is_addition)

    def _end_unwatched(self, now_s: float) -> Events:
        gone = [a for a, case in self._cases.items() if not self._is_watched(case.key)]
        why = "no longer watched: the register has changed"
        return tuple(self._end(asset_id, why, at_s=now_s) for asset_id in gone)

    def _end(self, asset_id: str, why: str, *, at_s: float) -> AlarmEvent:
        battery = self._batteries.get(asset_id)
        name = asset_id if battery is None else battery.name
        return self._cases.pop(asset_id).returned(f"{name}: {why}", at_s=at_s)

    def _is_watched(self, key: AlarmKey) -> bool:
        battery = self._batteries.get(key.asset_id)
        return battery is not None and battery.site_id == key.site_id


def _polled(inventory: Inventory) -> dict[str, Asset]:
    return {a: b for a, b in inventory.assets.items() if b.kind is AssetKind.BATTERY}
