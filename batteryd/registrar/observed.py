"""Writes what the daemon sees: what its inventory files say, and what devices say of themselves.

Every battery has a keeper, the source that spoke of it last. The inventory speaks only of batteries
that nobody has spoken of, and of those that it keeps. So a register which people imported and
approved is not undone by an inventory that knows less; where the two disagree, that is returned, to
be told.

Services stand in the inventory alone: see `services`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from batteryd.domain.inventory import Inventory
from batteryd.domain.register import DeviceSays
from batteryd.registrar.history import DEVICES
from batteryd.registrar.imports import record_entries
from batteryd.registrar.services import record_services
from batteryd.store.ledger_transaction import Transaction
from batteryd.store.records import REGISTER
from batteryd.warranty.register import as_of
from batteryd.warranty.register_difference import difference
from batteryd.warranty.register_source import RegisterSource

ACTOR = "batteryd"


@dataclass(frozen=True, slots=True)
class InventoryRecorded:
    """What an inventory said that the register did not know; asset ids and service ids."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()  # kept by this inventory, and no longer in it: they stay
    kept_by_others: tuple[str, ...] = ()  # of these it says something else: not recorded

    @property
    def is_empty(self) -> bool:
        """Whether nothing was recorded."""
        return not (self.added or self.changed or self.services)


def record_inventory(tx: Transaction, inventory: Inventory, *, now_s: float) -> InventoryRecorded:
    """Record what the inventory says and the register does not; it counts from today, UTC."""
    today = datetime.fromtimestamp(now_s, UTC).date()
    said = RegisterSource(
        batteries=inventory.registered,
        site_of_room={room.room_id: room.site_id for room in inventory.rooms.values()},
        name=inventory.source,
        sha256=inventory.source_sha256,
    ).entries(day=today, entered_by=ACTOR)
    recorded = list(tx.records.revisions(REGISTER))
    keepers = {name: entry.source for name, entry in as_of(recorded, day=today).items()}
    found = difference(recorded, said, is_day_given=False, day=today)
    changed = {change.entry.asset_id: change.entry for change in found.changed}
    ours = {name: e for name, e in changed.items() if keepers[name] == inventory.source}
    record_entries(tx, (*found.added, *ours.values()), actor=ACTOR)
    return InventoryRecorded(
        added=tuple(entry.asset_id for entry in found.added),
        changed=tuple(ours),
        services=record_services(tx, inventory, today=today, actor=ACTOR),
        missing=tuple(e.asset_id for e in found.missing if e.source == inventory.source),
        kept_by_others=tuple(name for name in changed if name not in ours),
    )


def record_device(tx: Transaction, says: DeviceSays) -> bool:
    """Record what a device says of itself; False, and nothing recorded, where it said it before."""
    held = tx.records.one(DEVICES, says.asset_id)
    if held is not None and held.nameplate == says.nameplate:
        return False
    tx.records.put(DEVICES, says.asset_id, says, actor=ACTOR, action="said")
    return True
