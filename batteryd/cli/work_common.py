"""What the commands about work share: instants as people type them, the order they name, the sight.

The commands need no daemon: they read what the daemon wrote into the journal, and write into the
same ledger. A daemon that is dead leaves old readings behind, and an old reading holds.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from batteryd.cli.frame import configuration, ledger_in
from batteryd.clock import SystemClock
from batteryd.domain.instants import ALLOWED, can_be_shown
from batteryd.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from batteryd.domain.inventory import Inventory
    from batteryd.domain.snapshot import Snapshot
    from batteryd.domain.work import WorkOrder
    from batteryd.permits.facts import Sight
    from batteryd.settings.load import Configuration
    from batteryd.store.ledger import Ledger
    from batteryd.store.ledger_transaction import Transaction


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a command about work is done: the configuration, the ledger, and the time."""

    configuration: "Configuration"
    inventory: "Inventory"  # what stands where, with the register's terms
    ledger: "Ledger"
    now_s: float

    def sight(self) -> "Sight":
        """Return what was last read of everything, and the limits that the site has set."""
        from batteryd.permits.facts import Sight

        settings = self.configuration.settings
        return Sight(
            self.inventory,
            _last_good(settings.daemon.state_dir, self.inventory, now_s=self.now_s),
            settings.clearance.limits,
        )


@contextmanager
def desk(arguments: argparse.Namespace) -> Iterator[Desk]:
    """Open the ledger of the configured daemon; it is closed at the end of the block.

    Raises:
        ConfigError: the configuration is wrong, or no daemon has made a ledger yet.
    """
    from batteryd.registrar.history import inventory_as_registered

    found, now_s = configuration(arguments), SystemClock().now_s()
    with ledger_in(found.settings.daemon.state_dir) as ledger:
        inventory = inventory_as_registered(found.inventory, ledger.records, now_s=now_s)
        yield Desk(found, inventory, ledger, now_s)


def order_in(tx: "Transaction | Ledger", order_id: str) -> "WorkOrder":
    """Return a work order as it stands.

    Raises:
        ConfigError: there is none of this id.
    """
    from batteryd.mistakes import unknown_text
    from batteryd.store.records import WORK_ORDERS

    order = tx.records.one(WORK_ORDERS, order_id)
    if order is None:
        known = tx.records.current(WORK_ORDERS)
        raise ConfigError.one(
            "work", "order", order_id, unknown_text("work order", order_id, known=known)
        )
    return order


def instant_of(text: str) -> float:
    """Read an instant that somebody typed, for argparse.

    Raises:
        ArgumentTypeError: it is none, lies outside the years that can be shown, or does not say its
            offset: two sites may have two noons.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no instant with its offset, such as 2025-09-26T19:30+09:00"
        )
    if not can_be_shown(at.timestamp()):
        raise argparse.ArgumentTypeError(f"{text!r} is not {ALLOWED}")
    return at.timestamp()


def day_of(text: str) -> date:
    """Read a day that somebody typed, for argparse.

    Raises:
        ArgumentTypeError: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2025-09-26") from None


def name_of(text: str) -> str:
    """Read the name of whoever does something, for argparse.

    Raises:
        ArgumentTypeError: it is blank, and nobody would have done it.
    """
    name = " ".join(text.split())
    if not name:
        raise argparse.ArgumentTypeError("the name of the person who does it")
    return name


def _last_good(state_dir: "Path", inventory: "Inventory", *, now_s: float) -> "dict[str, Snapshot]":
    from contextlib import closing

    from batteryd.permits.readings import last_good
    from batteryd.store.disk import DiskReserve
    from batteryd.store.journal import Journal
    from batteryd.store.journal_file import open_journal_file

    path = state_dir / "journal.db"
    if not path.exists():
        return {}
    with closing(open_journal_file(path)) as file:
        journal = Journal(file, reserve=DiskReserve(state_dir, size_bytes=0))
        return last_good(journal, inventory.assets, now_s=now_s)
