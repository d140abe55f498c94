r"""What is kept for those who ask years later: the register's history, devices, use, and its seal.

    inventory files ---record_inventory---+
    nameplates of devices ---record_device+--> ledger <--checkpoint-- signing key
    hours of the journal ---UsageAccount--+         \--> anchor file, elsewhere

None of it is needed to watch batteries: what cannot be written now is written later, and said.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path

from batteryd.clock import Clock
from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change
from batteryd.domain.circumstances import day_at
from batteryd.domain.component import WHOLE_BATTERY
from batteryd.domain.inventory import Battery, Inventory
from batteryd.domain.nameplate import Nameplate
from batteryd.domain.own_alarm import own_event, own_key
from batteryd.domain.register import DeviceSays
from batteryd.errors import StoreDamaged, StoreError
from batteryd.registrar.observed import record_device, record_inventory
from batteryd.rules.kind import POLL_INTERVAL_S
from batteryd.store.ledger import Ledger
from batteryd.store.signing import SigningKey, key_path
from batteryd.store.usage_account import Metered, UsageAccount
from batteryd.warranty.condition_alarm import RULE as CONDITION_RULE
from batteryd.warranty.condition_alarm import condition_events
from batteryd.warranty.conditions import judge_conditions

_log = logging.getLogger(__name__)

SEAL_RULE = "audit_not_sealed"

Record = Callable[[Iterable[AlarmEvent]], None]


class Evidence:
    """Keeps it for one site. `seal` may hang on the anchor's mount; the rest is quick."""

    def __init__(
        self, ledger: Ledger, *, account: UsageAccount, state_dir: Path, clock: Clock
    ) -> None:
        self._unsealed: str | None = None  # why the newest entries are not sealed
        self._ledger = ledger
        self._account = account
        self._state_dir = state_dir
        self._clock = clock
        self._said: dict[str, Nameplate] = {}

    @property
    def trouble(self) -> tuple[str, ...]:
        """Return what is wrong, for the page and `batteryd status`."""
        return () if self._unsealed is None else (self._unsealed,)

    def take_inventory(self, inventory: Inventory) -> None:
        """Record what the inventory says and the register's history does not."""
        now_s = self._clock.now_s()
        with self._ledger.transaction(now_s) as tx:
            found = record_inventory(tx, inventory, now_s=now_s)
        if found.kept_by_others:
            _log.warning(
                "inventory differs from the imported register assets=%s; see batteryd register",
                ",".join(found.kept_by_others),
            )

    def take_nameplates(self, nameplates: Mapping[str, Nameplate]) -> None:
        """Record what devices say of themselves, where it is new."""
        now_s = self._clock.now_s()
        news = {a: n for a, n in dict(nameplates).items() if self._said.get(a) != n}
        if not news:
            return
        with self._ledger.transaction(now_s) as tx:
            for asset_id, nameplate in news.items():
                record_device(tx, DeviceSays(asset_id, nameplate, now_s))
        self._said |= news

    def judge_use(self, inventory: Inventory, record: Record) -> int:
        """Carry on some accounts of use and return how many.

        Where all have been (0), it tells of conditions that threaten a claim.
        """
        metered = [_metered(battery) for battery in inventory.batteries.values()]
        carried_on = self._account.step(metered, now_s=self._clock.now_s())
        if not carried_on:
            for battery in inventory.batteries.values():
                record(self._condition_events(battery, inventory))
            record(self._ends_of_the_gone(inventory))
        return carried_on

    def tell_of_seal(self, record: Record) -> None:
        """Raise an alarm while the audit chain cannot be sealed, and return it afterwards."""
        standing = self._ledger.alarm(own_key(SEAL_RULE))
        said = standing.why if standing is not None and standing.is_active else None
        why = self._unsealed
        if said != why:
            record([_seal_event(why, at_s=self._clock.now_s())])

    def seal(self, *, anchor: Path | None) -> None:
        """Sign the newest audit entry; what is wrong is told, and stands in `trouble`."""
        try:
            # Read anew each time, so that a key which was rotated is used at once.
            key = SigningKey.load_or_create(key_path(self._state_dir))
            self._ledger.checkpoint(self._clock.now_s(), key, anchor=anchor)
        except StoreDamaged as error:
            self._tell(f"The audit chain does not hold, somebody has changed the ledger: {error}")
        except StoreError as error:
            self._tell(f"The newest audit entries are not signed or not anchored: {error}")
        else:
            self._unsealed = None

    def _tell(self, why: str) -> None:
        if why != self._unsealed:
            _log.error("audit chain not sealed reason=%r", why)
        self._unsealed = why

    def _ends_of_the_gone(self, inventory: Inventory) -> tuple[AlarmEvent, ...]:
        now_s = self._clock.now_s()
        return tuple(
            event
            for alarm in self._ledger.alarms()
            if alarm.key.rule == CONDITION_RULE and alarm.key.asset_id not in inventory.batteries
            for event in condition_events(
                (),
                site_id=alarm.key.site_id,
                asset_id=alarm.key.asset_id,
                standing=alarm,
                at_s=now_s,
            )
        )

    def _condition_events(self, battery: Battery, inventory: Inventory) -> tuple[AlarmEvent, ...]:
        now_s = self._clock.now_s()
        site = inventory.sites[inventory.rooms[battery.room_id].site_id]
        as_of: date = day_at(site, at_s=now_s)
        key = AlarmKey(site.site_id, battery.asset_id, WHOLE_BATTERY, CONDITION_RULE)
        return condition_events(
            judge_conditions(battery, self._account.of(battery.asset_id), as_of=as_of),
            site_id=site.site_id,
            asset_id=battery.asset_id,
            standing=self._ledger.alarm(key),
            at_s=now_s,
        )


def _seal_event(why: str | None, *, at_s: float) -> AlarmEvent:
    change = Change.RETURNED if why is None else Change.RAISED
    said = why or "The audit chain is signed up to its newest entry."
    action = "Run batteryd audit verify, and keep a copy of the ledger before anything else."
    return own_event(SEAL_RULE, change, said, at_s=at_s, action=action)


def _metered(battery: Battery) -> Metered:
    interval_s = battery.source.poll_interval_s if battery.source is not None else None
    limit_c = battery.warranty.conditions.temperature_c_max
    return Metered(battery.asset_id, limit_c, interval_s or POLL_INTERVAL_S)
