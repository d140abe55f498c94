"""The command about a battery's health: what discharges showed of it, and how far that reaches."""

import argparse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from batteryd.cli.frame import (
    CONFIG,
    JSON,
    OK,
    USAGE,
    Command,
    argument,
    complain,
    instant,
    print_json,
)
from batteryd.cli.terminal import tell
from batteryd.cli.work_common import desk, instant_of
from batteryd.errors import ConfigError

if TYPE_CHECKING:
    from batteryd.cli.work_common import Desk
    from batteryd.domain.conditions import Usage
    from batteryd.domain.health import HealthPoints, Measured
    from batteryd.domain.inventory import Battery
    from batteryd.health.statement import HealthFacts
    from batteryd.store.journal import Journal


def health(arguments: argparse.Namespace) -> int:
    """Show a battery's resistance and capacity as measured, and what follows from them."""
    from batteryd.health.as_json import health_as_json
    from batteryd.health.statement import state_health
    from batteryd.health.words import lines_of

    if arguments.from_s is None and (arguments.keep or arguments.to_s is not None):
        option = "--keep" if arguments.keep else "--to"
        return complain(f"health takes {option} together with --from only", USAGE)
    with desk(arguments) as at:
        battery = _battery(at, arguments.battery)
        _require_span(arguments, now_s=at.now_s)
        if arguments.from_s is not None:
            points = _measured_anew(at, battery, arguments)
        else:
            points = _kept(at, battery)
        statement = state_health(_facts(at, battery, points), now_s=at.now_s)
        zone = at.inventory.sites[at.inventory.rooms[battery.room_id].site_id].time_zone
    if arguments.json:
        print_json(health_as_json(statement))
    else:
        tell("\n".join(lines_of(statement, zone=zone)), hang=4)
    return OK


def _battery(at: "Desk", asset_id: str) -> "Battery":
    """Return a battery of the register.

    Raises:
        ConfigError: there is none of this id.
    """
    from batteryd.mistakes import unknown_text

    known = at.inventory.batteries
    if asset_id not in known:
        allowed = unknown_text("battery", asset_id, known=known)
        raise ConfigError.one("health", "battery", asset_id, allowed)
    return known[asset_id]


def _require_span(arguments: argparse.Namespace, *, now_s: float) -> None:
    """Refuse a stretch that ends before it begins, or has not begun.

    Raises:
        ConfigError: it does.
    """
    from_s, to_s = arguments.from_s, arguments.to_s
    if from_s is not None and to_s is not None and to_s <= from_s:
        raise ConfigError.one("health", "--to", instant(to_s), f"later than {instant(from_s)}")
    if from_s is not None and from_s >= now_s:
        raise ConfigError.one("health", "--from", instant(from_s), "an instant that is past")


def _facts(at: "Desk", battery: "Battery", points: "HealthPoints") -> "HealthFacts":
    from batteryd.health.statement import HealthFacts

    asset_id = battery.asset_id
    return HealthFacts(
        battery,
        asset=at.inventory.assets.get(asset_id),
        points=points,
        last_good=at.sight().last_good.get(asset_id),
        usage=_usage(at, asset_id),
        limits=at.configuration.settings.health.limits,
    )


def _kept(at: "Desk", battery: "Battery") -> "HealthPoints":
    from batteryd.domain.health import NOTHING_MEASURED
    from batteryd.store.health import HEALTH_FILE, HealthStore

    path = at.configuration.settings.daemon.state_dir / HEALTH_FILE
    if not path.exists():
        return NOTHING_MEASURED
    with closing(HealthStore.open(path)) as store:
        return store.of(battery.asset_id)


def _measured_anew(at: "Desk", battery: "Battery", arguments: argparse.Namespace) -> "HealthPoints":
    """Measure a stretch of the journal again; keep what it shows where that is wanted."""
    from batteryd.domain.health import sorted_points
    from batteryd.store.health import HEALTH_FILE, HealthStore

    found = tuple(_measured(at, battery, arguments.from_s, arguments.to_s or at.now_s))
    if arguments.keep:
        path = at.configuration.settings.daemon.state_dir / HEALTH_FILE
        with closing(HealthStore.open(path)) as store:
            store.put(battery.asset_id, found)
            return store.of(battery.asset_id)
    return sorted_points(found)


def _usage(at: "Desk", asset_id: str) -> "Usage | None":
    from batteryd.store.usage_account import UsageAccount

    with _journal(at) as journal:
        return None if journal is None else UsageAccount(journal, at.ledger).of(asset_id)


def _measured(at: "Desk", battery: "Battery", from_s: float, to_s: float) -> "tuple[Measured, ...]":
    from batteryd.health.meter import measured_of

    asset = at.inventory.assets.get(battery.asset_id)
    with _journal(at) as journal:
        if asset is None or journal is None:
            return ()
        snapshots = journal.read(asset.asset_id, from_s, to_s)
        return tuple(measured_of(asset, snapshots, at.configuration.settings.health.limits))


@contextmanager
def _journal(at: "Desk") -> "Iterator[Journal | None]":
    """Open the journal; None where no daemon has made one yet."""
    from batteryd.store.disk import DiskReserve
    from batteryd.store.journal import Journal
    from batteryd.store.journal_file import open_journal_file

    state_dir = at.configuration.settings.daemon.state_dir
    if not (state_dir / "journal.db").exists():
        yield None
        return
    with closing(open_journal_file(state_dir / "journal.db")) as file:
        yield Journal(file, reserve=DiskReserve(state_dir, size_bytes=0))


COMMANDS = (
    Command(("health",), health, (
        argument("battery", metavar="BATTERY", help="the battery's id in the register"),
        argument("--from", dest="from_s", type=instant_of, metavar="ISO",
                 help="measure the journal again from here on, with its offset, and show that"),
        argument("--to", dest="to_s", type=instant_of, metavar="ISO",
                 help="with --from: up to here (default: now)"),
        argument("--keep", action="store_true",
                 help="with --from: keep what it shows with the points there are"),
        CONFIG,
        JSON,
    )),
)  # fmt: skip
