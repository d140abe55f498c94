"""The command `register import`: a CSV or NetBox against the register, and what follows from it.

Everything is checked and held against the register before a word is written, and then written in
one transaction. A dry run ends before that.
"""

import argparse
import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from batteryd.cli.frame import CONFIG, OK, Command, argument, instant, ledger_in
from batteryd.cli.work_common import day_of
from batteryd.clock import SystemClock
from batteryd.errors import ConfigError

if TYPE_CHECKING:
    from batteryd.domain.register import RegisterEntry
    from batteryd.settings.files import SourceFile
    from batteryd.settings.register_csv import Register
    from batteryd.settings.register_import import BroughtRegister
    from batteryd.store.records import Records
    from batteryd.warranty.conflicts import Conflict
    from batteryd.warranty.register_difference import Difference


_COMMAND = "register import"


class _Outside(NamedTuple):
    """A register from outside: its bytes, its lines, where it came from, what is odd about it."""

    file: "SourceFile"
    register: "Register"
    name: str
    notes: tuple[str, ...] = ()


class _Plan(NamedTuple):
    """What an import comes to; `entries` is all that is to be recorded."""

    found: "Difference"
    conflicts: tuple["Conflict", ...]
    entries: tuple["RegisterEntry", ...]


def register_import(arguments: argparse.Namespace) -> int:
    """Record what a CSV or NetBox says of batteries, and print how it differs from before."""
    from batteryd.registrar.imports import keep_file, packed_file, record_entries
    from batteryd.settings.register_import import check_register, read_surroundings

    around = read_surroundings(arguments.config, environ=os.environ)
    file, register, name, notes = _outside(arguments)
    brought = check_register(register, file=file, name=name, surroundings=around)
    kept, now_s = packed_file(name, file.content), SystemClock().now_s()
    with ledger_in(around.state_dir) as ledger:
        if arguments.dry_run:
            plan = _plan(ledger.records, brought, arguments, now_s=now_s)
        else:
            with ledger.transaction(now_s) as tx:
                plan = _plan(tx.records, brought, arguments, now_s=now_s)
                record_entries(tx, plan.entries, actor=arguments.by, comment=arguments.comment)
                keep_file(tx, kept, actor=arguments.by)
    _tell(plan, arguments, header=(f"{name} (sha256 {file.sha256})", *notes))
    return OK


def _outside(arguments: argparse.Namespace) -> _Outside:
    if (arguments.file is None) == (arguments.netbox is None):
        raise ConfigError.one(_COMMAND, "FILE", "", "a FILE, or --netbox with an URL")
    return _from_netbox(arguments) if arguments.file is None else _from_file(arguments.file)


def _from_file(path: Path) -> _Outside:
    from batteryd.settings.files import Files
    from batteryd.settings.register_csv import parse_register

    file = Files().read(path)
    return _Outside(file, parse_register(file), str(path.resolve()))


def _from_netbox(arguments: argparse.Namespace) -> _Outside:
    from batteryd.settings.files import SourceFile
    from batteryd.settings.netbox import ask_netbox
    from batteryd.settings.netbox_rows import paths_with, register_of, wants_panels
    from batteryd.settings.register_csv import write_register
    from batteryd.settings.secrets import SecretPlaces, read_secret_files

    if arguments.token_file is None:
        raise ConfigError.one(_COMMAND, "--token-file", "", "a file with NetBox's token")
    paths = paths_with(arguments.field)
    secrets = read_secret_files(
        {"token": str(arguments.token_file)},
        places=SecretPlaces(Path()),
        file=_COMMAND,
        key_template="--token-file",
    )
    answer = ask_netbox(
        arguments.netbox,
        token=secrets["token"],
        role=arguments.role,
        tag=arguments.tag,
        with_panels=wants_panels(paths),
        ca_file=arguments.ca_file,
    )
    register, notes = register_of(answer, paths=paths)
    if not answer.has_assets:
        notes = ("netbox-inventory is not installed: no warranty_end from there", *notes)
    file = SourceFile(Path("NetBox"), write_register(register))
    return _Outside(file, register, arguments.netbox, notes)


def _plan(
    records: "Records", brought: "BroughtRegister", arguments: argparse.Namespace, *, now_s: float
) -> _Plan:
    from batteryd.registrar.history import nameplates
    from batteryd.settings.register_import import require_two_people
    from batteryd.store.records import REGISTER
    from batteryd.warranty.conflicts import conflicts_of
    from batteryd.warranty.register import as_of
    from batteryd.warranty.register_difference import difference, retired
    from batteryd.warranty.register_unsaid import with_unsaid

    source, day = brought.source, arguments.effective_on or date.fromisoformat(instant(now_s)[:10])
    said = source.entries(day=day, entered_by=arguments.by, approved_by=arguments.approve_by)
    require_two_people(said.values(), places=brought.places)
    recorded = tuple(records.revisions(REGISTER))
    said = with_unsaid(said, register=as_of(recorded, day=day))
    found = difference(recorded, said, is_day_given=arguments.effective_on is not None, day=day)
    leaving = found.missing if arguments.retire_missing else ()
    gone = (
        retired(e, day=day, by=arguments.by, source=source.name, source_sha256=source.sha256)
        for e in leaving
    )
    devices = nameplates(records)
    conflicts = (c for e in found.entries for c in conflicts_of(e.battery, devices.get(e.asset_id)))
    return _Plan(found, tuple(conflicts), (*found.entries, *gone))


def _tell(plan: _Plan, arguments: argparse.Namespace, *, header: tuple[str, ...]) -> None:
    from batteryd.cli.register_words import conflict_lines, difference_lines

    lines = [*header, *difference_lines(plan.found, is_retiring=arguments.retire_missing)]
    lines.append(f"conflicts  {len(plan.conflicts)}")
    lines += (f"  {line}" for line in conflict_lines(plan.conflicts))
    count = len(plan.entries)
    told = (
        f"0: a dry run; it would be {count}" if arguments.dry_run else f"{count} by {arguments.by}"
    )
    lines.append(f"recorded   {told}")
    print("\n".join(lines))


def person(text: str) -> str:
    """Read a person's name, for argparse.

    Raises:
        ArgumentTypeError: it is blank.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError("somebody's name")
    return text.strip()


BY = argument("--by", type=person, required=True, metavar="NAME", help="who does it")

COMMANDS = (
    Command(("register", "import"), register_import, (
        argument("file", nargs="?", type=Path, metavar="FILE", help="a register's CSV"),
        BY,
        argument("--approve-by", type=person, metavar="NAME", help="a second person, who checked"),
        argument("--effective-on", type=day_of, metavar="DATE",
                 help="the day from which it counts (default: today, UTC; for a battery that the"
                      " register never had, the day on which it came)"),
        argument("--dry-run", action="store_true", help="print the difference, record nothing"),
        argument("--retire-missing", action="store_true",
                 help="batteries that are not in the file have left the register"),
        argument("--comment", default="", help="what there is to say about it"),
        argument("--netbox", metavar="URL", help="ask NetBox in place of reading a file"),
        argument("--token-file", type=Path, metavar="FILE", help="file with the token for NetBox"),
        argument("--role", default="battery", help="slug of a device role (default battery)"),
        argument("--tag", help="slug of a tag that the devices have to have as well"),
        argument("--field", action="append", default=[], metavar="COLUMN=PATH",
                 help="where NetBox has a column, e.g. installed_on=custom_fields.installed"),
        argument("--ca-file", type=Path, metavar="FILE",
                 help="certificates, where NetBox's is signed by a CA of your own"),
        CONFIG,
    )),
)  # fmt: skip
