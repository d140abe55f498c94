"""Commands about inspection findings: open, close, list, show.

A document is named and hashed, never copied: it stays where the site keeps its papers, and its
SHA-256 shows later whether it is still the same.
"""

import argparse
import hashlib
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from batteryd.cli.finding_words import finding_as_json, finding_lines, step_as_json
from batteryd.cli.frame import (
    CONFIG,
    JSON,
    NO,
    OK,
    Command,
    argument,
    complain,
    instant,
    print_json,
)
from batteryd.cli.terminal import tell
from batteryd.cli.work_common import day_of
from batteryd.errors import ConfigError, Mistake
from batteryd.mistakes import unknown_text

if TYPE_CHECKING:
    from batteryd.cli.work_common import Desk
    from batteryd.domain.work import Finding
    from batteryd.store.records import Records


def finding_open(arguments: argparse.Namespace) -> int:
    """Open a finding: what an inspection noted about a battery."""
    from batteryd.cli.work_common import desk
    from batteryd.domain.work import Finding
    from batteryd.store.records import FINDINGS
    from batteryd.warranty.findings import next_finding_id

    with desk(arguments) as at:
        known = at.inventory.batteries
        mistakes = _blanks(arguments, ("text", "by"))
        if arguments.asset not in known:
            allowed = unknown_text("battery", arguments.asset, known=known)
            mistakes += (Mistake("finding", "asset", arguments.asset, allowed),)
        if mistakes:
            raise ConfigError(mistakes)
        day = _day(arguments.on, at=at, asset_id=arguments.asset)
        with at.ledger.transaction(at.now_s) as tx:
            finding = Finding(
                finding_id=next_finding_id(tx.records.current(FINDINGS)),
                asset_id=arguments.asset,
                opened_on=day,
                opened_by=arguments.by.strip(),
                text=arguments.text.strip(),
                document=arguments.document and str(arguments.document),
                document_sha256=_sha256(arguments.document),
            )
            tx.records.put(
                FINDINGS, finding.finding_id, finding, actor=finding.opened_by, action="opened"
            )
    print(f"{finding.finding_id} is open on {finding.asset_id} and holds work there (PW-02)")
    return OK


def finding_close(arguments: argparse.Namespace) -> int:
    """Close a finding: who says so, and what was measured or replaced."""
    from batteryd.cli.work_common import desk
    from batteryd.store.records import FINDINGS
    from batteryd.warranty.findings import closed, refusal_to_close

    with desk(arguments) as at:
        if mistakes := _blanks(arguments, ("by", "evidence")):
            raise ConfigError(mistakes)
        digest = _sha256(arguments.document)
        with at.ledger.transaction(at.now_s) as tx:
            finding = _finding(tx.records, arguments.finding)
            day = _day(arguments.on, at=at, asset_id=finding.asset_id)
            refusal = refusal_to_close(finding, on=day)
            if refusal is not None:
                return complain(refusal, NO)
            by, evidence = arguments.by.strip(), arguments.evidence.strip()
            finding = closed(finding, on=day, by=by, evidence=evidence, evidence_sha256=digest)
            tx.records.put(
                FINDINGS,
                finding.finding_id,
                finding,
                actor=by,
                action="closed",
                comment="" if arguments.document is None else str(arguments.document),
            )
    print(f"{finding.finding_id} on {finding.asset_id} is closed: {evidence} ({by})")
    return OK


def finding_list(arguments: argparse.Namespace) -> int:
    """List findings that are open, of one battery or of all; the oldest first."""
    from batteryd.cli.frame import open_ledger
    from batteryd.store.records import FINDINGS

    with open_ledger(arguments) as ledger:
        found = [
            f
            for f in ledger.records.current(FINDINGS).values()
            if arguments.asset in (None, f.asset_id) and (arguments.all or f.closed_on is None)
        ]
    found.sort(key=lambda f: (f.opened_on, int(f.finding_id.removeprefix("F-"))))
    if arguments.json:
        print_json([finding_as_json(f) for f in found])
        return OK
    for finding in found:
        tell("\n".join(finding_lines(finding)), hang=6)
    if not found:
        print("no finding is open" if not arguments.all else "there is no finding")
    return OK


def finding_show(arguments: argparse.Namespace) -> int:
    """Show a finding with its history: who said what, when."""
    from batteryd.cli.frame import open_ledger
    from batteryd.store.records import FINDINGS

    with open_ledger(arguments) as ledger:
        finding = _finding(ledger.records, arguments.finding)
        history = ledger.records.history(FINDINGS, finding.finding_id)
    if arguments.json:
        print_json(finding_as_json(finding) | {"history": [step_as_json(r) for r in history]})
        return OK
    tell("\n".join(finding_lines(finding)), hang=6)
    for revision in history:
        print(f"  {instant(revision.at_s)}  {revision.action} by {revision.actor}")
    return OK


def _finding(records: "Records", finding_id: str) -> "Finding":
    from batteryd.store.records import FINDINGS

    found = records.one(FINDINGS, finding_id)
    if found is None:
        allowed = unknown_text("finding", finding_id, known=records.current(FINDINGS))
        raise ConfigError.one("finding", "id", finding_id, allowed)
    return found


def _blanks(arguments: argparse.Namespace, names: tuple[str, ...]) -> tuple[Mistake, ...]:
    return tuple(
        Mistake("finding", f"--{name}", "", "a text that is not blank")
        for name in names
        if not getattr(arguments, name).strip()
    )


def _day(on: date | None, *, at: "Desk", asset_id: str) -> date:
    """Return the day that was named, or the day it is at the battery's site.

    Raises:
        ConfigError: that day has not come yet.
    """
    today = datetime.fromtimestamp(at.now_s, _zone(at, asset_id)).date()
    if on is not None and on > today:
        raise ConfigError.one("finding", "--on", str(on), f"a day up to today, {today}")
    return on or today


def _zone(at: "Desk", asset_id: str) -> ZoneInfo:
    battery = at.inventory.batteries.get(asset_id)  # None: it has left the register since
    if battery is None:
        return ZoneInfo("UTC")
    return ZoneInfo(at.inventory.sites[at.inventory.rooms[battery.room_id].site_id].time_zone)


def _sha256(document: Path | None) -> str | None:
    """Return the digest of a document, if one is named.

    Raises:
        ConfigError: it cannot be read.
    """
    if document is None:
        return None
    try:
        with document.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        allowed = f"a file that can be read ({error.strerror})"
        raise ConfigError.one("finding", "--document", str(document), allowed) from error


_FINDING = argument("finding", metavar="F-1", help="id, as finding list shows it")
_ON = argument("--on", type=day_of, metavar="DATE", help="day (default: today at its site)")
_DOCUMENT = argument(
    "--document", type=Path, metavar="FILE", help="paper that shows it; its SHA-256 is kept"
)

COMMANDS = (
    Command(("finding", "open"), finding_open, (
        argument("asset", help="id of the battery"),
        argument("--text", required=True, help="what was noted"),
        argument("--by", required=True, help="who noted it"),
        _ON, _DOCUMENT, CONFIG,
    )),
    Command(("finding", "close"), finding_close, (
        _FINDING,
        argument("--by", required=True, help="who says that it may be closed"),
        argument("--evidence", required=True, help="what was measured or replaced"),
        _ON, _DOCUMENT, CONFIG,
    )),
    Command(("finding", "list"), finding_list, (
        argument("asset", nargs="?", help="id of a battery (default: all)"),
        argument("--all", action="store_true", help="those that are closed as well"),
        CONFIG, JSON,
    )),
    Command(("finding", "show"), finding_show, (_FINDING, CONFIG, JSON)),
)  # fmt: skip
