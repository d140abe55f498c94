"""Commands about the register: import, export, history, approval, conflicts, blast radius."""

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from batteryd.cli import register_import
from batteryd.cli.frame import (
    CONFIG,
    JSON,
    NO,
    OK,
    USAGE,
    Command,
    argument,
    complain,
    configuration,
    instant,
    open_ledger,
    print_json,
)
from batteryd.cli.register_import import BY
from batteryd.cli.work_common import day_of, instant_of
from batteryd.clock import SystemClock
from batteryd.errors import ConfigError
from batteryd.mistakes import unknown_text

if TYPE_CHECKING:
    from collections.abc import Collection


def register_export(arguments: argparse.Namespace) -> int:
    """Write the register as a CSV, as of a day and as known at an instant."""
    from batteryd.registrar.history import imported_file, register_as_of
    from batteryd.settings.files import SourceFile
    from batteryd.settings.register_export import export_register

    day, known_at_s = arguments.as_of or _today(), arguments.known_at
    with open_ledger(arguments) as ledger:
        entries = register_as_of(ledger.records, day=day, known_at_s=known_at_s)
        found = imported_file(ledger.records, known_at_s=known_at_s)
    imported = None if found is None else SourceFile(Path(found.name), found.content)
    content = export_register(entries, imported=imported)
    if arguments.output is None:
        sys.stdout.buffer.write(content)
        return OK
    try:
        arguments.output.write_bytes(content)
    except OSError as error:
        raise ConfigError.one(
            arguments.output, "", "", f"a file that can be written ({error.strerror})"
        ) from None
    return OK


def register_history(arguments: argparse.Namespace) -> int:
    """Tell everything that was ever recorded about a battery, oldest first."""
    from batteryd.cli.register_words import history_as_json, history_lines
    from batteryd.store.records import REGISTER

    with open_ledger(arguments) as ledger:
        revisions = ledger.records.history(REGISTER, arguments.asset)
    if not revisions:
        return complain(f"the register never had {arguments.asset}", USAGE)
    if arguments.json:
        print_json(history_as_json(revisions))
        return OK
    print("\n".join(history_lines(revisions)))
    return OK


def register_approve(arguments: argparse.Namespace) -> int:
    """Approve entries that another person entered: all that are named, or none."""
    from batteryd.registrar.imports import approve

    with open_ledger(arguments) as ledger, ledger.transaction(SystemClock().now_s()) as tx:
        day = arguments.as_of or _today()
        found = approve(tx, arguments.assets, by=arguments.by, day=day)
    if found.refused:
        return complain("\n".join(("nothing is approved", *found.refused)), NO)
    for entry in found.approved:
        print(f"{entry.asset_id}: the entry of {entry.effective_on} is approved by {arguments.by}")
    return OK


def register_conflicts(arguments: argparse.Namespace) -> int:
    """List where contract, register and device disagree, and which of them counts."""
    from batteryd.cli.register_words import conflict_as_json, conflict_lines
    from batteryd.registrar.history import nameplates, register_as_of
    from batteryd.warranty.conflicts import conflicts_of

    with open_ledger(arguments) as ledger:
        entries = register_as_of(ledger.records, day=_today())
        devices = nameplates(ledger.records)
    conflicts = [
        c for e in entries.values() for c in conflicts_of(e.battery, devices.get(e.asset_id))
    ]
    if arguments.json:
        print_json([conflict_as_json(conflict) for conflict in conflicts])
        return OK
    print("\n".join(conflict_lines(conflicts)) or "contract, register and devices agree")
    return OK


def register_impact(arguments: argparse.Namespace) -> int:
    """List the services that a battery, a DC bus or a room takes down, in order of restoration."""
    from batteryd.cli.register_words import impact_lines
    from batteryd.domain.impact import impact_of

    if arguments.battery is None and arguments.dc_bus is None and arguments.room is None:
        raise ConfigError.one("register impact", "", "", "--battery, --dc-bus or --room")
    inventory = configuration(arguments).inventory
    _require_known(arguments.battery, what="--battery", known=inventory.batteries)
    _require_known(arguments.dc_bus, what="--dc-bus", known=inventory.dc_buses)
    _require_known(arguments.room, what="--room", known=inventory.rooms)
    impact = impact_of(
        inventory,
        batteries=() if arguments.battery is None else (arguments.battery,),
        dc_bus=arguments.dc_bus,
        room=arguments.room,
        day=arguments.as_of or _today(),
    )
    if arguments.json:
        print_json([{"name": s.name, "grade": s.grade, "reached_by": s.reached_by} for s in impact])
        return OK
    print("\n".join(impact_lines(impact)) or "no service is reached")
    return OK


def _require_known(name: str | None, *, what: str, known: "Collection[str]") -> None:
    if name is not None and name not in known:
        text = unknown_text(what.removeprefix("--"), name, known=sorted(known))
        raise ConfigError.one("register impact", what, name, text)


def _today() -> date:
    return date.fromisoformat(instant(SystemClock().now_s())[:10])


ASSET_HELP = "asset id, as the register has it"
AS_OF = argument("--as-of", type=day_of, metavar="DATE", help="a day (default: today, UTC)")

COMMANDS = (
    *register_import.COMMANDS,
    Command(("register", "export"), register_export, (
        argument("-o", "--output", type=Path, metavar="FILE", help="default: standard output"),
        AS_OF,
        argument("--known-at", type=instant_of, metavar="INSTANT",
                 help="what was recorded by then, e.g. 2025-09-26T19:30+09:00 (default: now)"),
        CONFIG,
    )),
    Command(("register", "history"), register_history, (
        argument("asset", help=ASSET_HELP), CONFIG, JSON,
    )),
    Command(("register", "approve"), register_approve, (
        argument("assets", nargs="+", metavar="ASSET", help=ASSET_HELP), BY, AS_OF, CONFIG,
    )),
    Command(("register", "conflicts"), register_conflicts, (CONFIG, JSON)),
    Command(("register", "impact"), register_impact, (
        argument("--battery", metavar="ASSET", help=ASSET_HELP),
        argument("--dc-bus", metavar="ID", help="id of a DC bus, as the inventory has it"),
        argument("--room", metavar="ID", help="id of a room, as the inventory has it"),
        AS_OF, CONFIG, JSON,
    )),
)  # fmt: skip
