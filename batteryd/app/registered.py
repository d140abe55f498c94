"""The inventory with what the register says of its batteries, for as long as the daemon lives.

Two things change it while nobody touches the configuration: an entry that a command records in the
ledger, and the coming of a day from which an entry counts. A daemon that went on with the terms of
its start would answer otherwise than the commands beside it.
"""

from datetime import UTC, date, datetime

from batteryd.domain.inventory import Inventory
from batteryd.registrar.history import inventory_as_registered
from batteryd.store.records import REGISTER, Records

Standing = tuple[int, date]  # the last entry about the register, and the day


class RegisteredInventory:
    """The inventory that is watched."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._written = Inventory()
        self._seen: Standing | None = None

    def take(self, written: Inventory, *, now_s: float) -> Inventory:
        """Begin with an inventory as its files have it; return it with the register's terms.

        Raises:
            StoreError: the ledger cannot be read.
        """
        self._written = written
        return self._read(self._standing(now_s), now_s=now_s)

    def renewed(self, *, now_s: float) -> Inventory | None:
        """Return the inventory anew; None where neither the register nor the day has changed.

        Raises:
            StoreError: the ledger cannot be read; the next call tries again.
        """
        standing = self._standing(now_s)
        return None if standing == self._seen else self._read(standing, now_s=now_s)

    def _read(self, standing: Standing, *, now_s: float) -> Inventory:
        found = inventory_as_registered(self._written, self._records, now_s=now_s)
        self._seen = standing  # asked before it was read: what was recorded meanwhile is read again
        return found

    def _standing(self, now_s: float) -> Standing:
        return self._records.newest_seq(REGISTER), datetime.fromtimestamp(now_s, UTC).date()
