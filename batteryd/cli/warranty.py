"""Commands about warranties: the report for auditors, the list for those who have to act."""

import argparse
import gc
import getpass
import sys
from contextlib import ExitStack, closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from batteryd.cli.frame import (
    CONFIG,
    JSON,
    OK,
    USAGE,
    Command,
    argument,
    complain,
    configuration,
    ledger_in,
    print_json,
)
from batteryd.cli.register import AS_OF
from batteryd.cli.terminal import tell
from batteryd.cli.work_common import instant_of
from batteryd.clock import SystemClock
from batteryd.errors import ConfigError

if TYPE_CHECKING:
    from batteryd.report.warranty import Made, WarrantyReport
    from batteryd.store.journal import Journal

ON_PAPER = ("xlsx", "pdf")  # nobody wants these in a terminal


def warranty_report(arguments: argparse.Namespace) -> int:
    """Report the warranty of every battery as of a day, with a signed manifest."""
    if arguments.output is None and arguments.format in ON_PAPER:
        return complain(f"-o FILE is required with --format {arguments.format}", USAGE)
    from batteryd.report.warranty_file import WRITERS, issue_warranty_report

    report = _report(arguments)
    if arguments.output is None:
        WRITERS[arguments.format](report, sys.stdout.buffer)
        return OK
    from batteryd.cli.signing import signer_for

    signer = signer_for(arguments.key, config=arguments.config)
    files = issue_warranty_report(report, arguments.output, form=arguments.format, signer=signer)
    counts = ", ".join(f"{n} {status}" for status, n in report.summary.by_status.items())
    as_of = report.header.provenance.as_of
    print(f"{files[0]}: {len(report.rows)} batteries as of {as_of}: {counts}")
    print(f"{files[1]}: signed by key {signer.key.key_id}")
    return OK


def warranty_list(arguments: argparse.Namespace) -> int:
    """List batteries by the last day of their warranty, those that end first at the top."""
    from batteryd.report.json_file import row_as_json

    report = _report(arguments)
    rows = [row_as_json(report, row) for row in report.rows]
    found = [row for row in rows if _is_wanted(row, arguments)]
    found.sort(key=lambda row: str(row["warranty_last_day"] or "9999-99-99"))
    if arguments.json:
        print_json(found)
        return OK
    for row in found:
        tell(
            f"{row['warranty_last_day'] or 'unknown':<10}  {row['status']:<11}  "
            f"{_left(row['days_left']):<14}  {row['asset_id']}  ({row['site']}, {row['room']}): "
            f"{row['warranty_reason']}",
            hang=12,
        )
    if not found:
        print("no battery")
    return OK


def _is_wanted(row: dict[str, object], arguments: argparse.Namespace) -> bool:
    days_left = row["days_left"]
    is_within = arguments.within is None or (
        isinstance(days_left, int) and 0 <= days_left <= arguments.within
    )
    return is_within and arguments.status in (None, row["status"])


def _left(days_left: object) -> str:
    if not isinstance(days_left, int):
        return ""
    days = "day" if abs(days_left) == 1 else "days"
    return f"{days_left} {days} left" if days_left >= 0 else f"{-days_left} {days} ago"


def _report(arguments: argparse.Namespace) -> "WarrantyReport":
    from batteryd.app.warranty.making import made_now

    now_s = SystemClock().now_s()
    as_of = arguments.as_of or datetime.fromtimestamp(now_s, UTC).date()
    made = made_now(now_s, by=getpass.getuser())
    gather = _of_ledger if arguments.register is None else _of_file
    # A big register makes millions of objects and no cycles; to look for them costs a sixth more.
    gc.disable()
    try:
        return gather(arguments, as_of=as_of, made=made)
    finally:
        gc.enable()


def _day_count(text: str) -> int:
    """Read how many days, for argparse.

    Raises:
        ArgumentTypeError: it is none.
    """
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days, 0 or more")
    return int(text)


def _of_file(arguments: argparse.Namespace, *, as_of: date, made: "Made") -> "WarrantyReport":
    from batteryd.app.warranty.of_file import report_of_file
    from batteryd.settings.files import Files

    if arguments.known_at is not None:
        allowed = "no --known-at with --register: a file has no history"
        raise ConfigError.one(arguments.register, "", "", allowed)
    file = Files().read(arguments.register)
    return report_of_file(file, as_of=as_of, time_zone="UTC", made=made)


def _of_ledger(arguments: argparse.Namespace, *, as_of: date, made: "Made") -> "WarrantyReport":
    from batteryd.app.warranty.of_ledger import Installation, Question, report_of_ledger

    found = configuration(arguments)
    state_dir = found.settings.daemon.state_dir
    with ExitStack() as opened:
        ledger = opened.enter_context(ledger_in(state_dir))
        site = Installation(found, ledger, _journal_in(state_dir, opened))
        question = Question(as_of, known_at_s=arguments.known_at)
        return report_of_ledger(site, question, made=made)


def _journal_in(state_dir: Path, opened: ExitStack) -> "Journal | None":
    from batteryd.store.disk import DiskReserve
    from batteryd.store.journal import Journal
    from batteryd.store.journal_file import open_journal_file

    path = state_dir / "journal.db"
    if not path.exists():
        return None
    file = opened.enter_context(closing(open_journal_file(path)))
    return Journal(file, reserve=DiskReserve(state_dir, size_bytes=0))


REGISTER = argument(
    "--register", type=Path, metavar="FILE.csv", help="a register; needs no daemon and no ledger"
)
KNOWN_AT = argument(
    "--known-at", type=instant_of, metavar="INSTANT",
    help="what was recorded by then, e.g. 2025-09-26T19:30+09:00 (default: now)",
)  # fmt: skip

COMMANDS = (
    Command(("warranty", "report"), warranty_report, (
        REGISTER, AS_OF, KNOWN_AT,
        argument("--format", choices=("csv", "json", "xlsx", "pdf"), default="csv",
                 help="csv is the canonical form (default: csv)"),
        argument("-o", "--output", type=Path, metavar="FILE",
                 help="the file to write, with its manifest (default: standard output)"),
        argument("--key", type=Path, metavar="FILE",
                 help="the key to sign with (default: the installation's, or your own)"),
        CONFIG,
    )),
    Command(("warranty", "list"), warranty_list, (
        REGISTER, AS_OF, KNOWN_AT,
        argument("--status", choices=("in_warranty", "expiring", "expired", "unknown"),
                 help="only batteries whose warranty stands so"),
        argument("--within", type=_day_count, metavar="DAYS",
                 help="only batteries whose warranty ends within so many days"),
        CONFIG, JSON,
    )),
)  # fmt: skip
