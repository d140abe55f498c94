"""Commands that put a work order on paper: its permit, and the report of its clearance."""

import argparse
from typing import TYPE_CHECKING, Any

from batteryd.cli.chain import entries_after
from batteryd.cli.frame import CONFIG, NO, OK, Command, argument
from batteryd.cli.output import OUTPUT, signer_in, write_file
from batteryd.cli.work_common import Desk, desk, order_in
from batteryd.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from batteryd.clearance.facts import Reading
    from batteryd.domain.work import WorkOrder
    from batteryd.report.permit import BatteryLine, PermitView
    from batteryd.report.work_history import WorkEntry, WorkHistory
    from batteryd.store.ledger import Ledger


def work_permit(arguments: argparse.Namespace) -> int:
    """Print the permit of a work order as PDF; exit 1 where it is no permission."""
    from batteryd.report.permit import Standing, standing_of
    from batteryd.report.permit_pdf import permit_pdf

    with desk(arguments) as at:
        order = order_in(at.ledger, arguments.order)
        view = _permit_view(at, order, url=arguments.url or _live_url(at, order))
    write_file(arguments.output, permit_pdf(view))
    standing = standing_of(view)
    print(f"{arguments.output}: {order.work_order_id} {standing.value}")
    return OK if standing is Standing.CLEARED else NO


def work_report(arguments: argparse.Namespace) -> int:
    """Write everything that was recorded about a work order, with manifest and signature."""
    import getpass

    from batteryd.report.clearance_pdf import clearance_pdf
    from batteryd.report.issue import issue
    from batteryd.report.paper_words import utc
    from batteryd.report.work_history import history_json

    with desk(arguments) as at:
        history = _history(at, order_in(at.ledger, arguments.order))
        signer = signer_in(at.configuration.settings.daemon.state_dir)
    content = {"pdf": clearance_pdf, "json": history_json}[arguments.format](history)

    def write(out: "BinaryIO") -> None:
        out.write(content)

    written = issue(
        arguments.output,
        write,
        header=history.header,
        made={"at": utc(at.now_s), "by": getpass.getuser()},
        signer=signer,
    )
    for path in written:
        print(path)
    return OK


def _permit_view(at: Desk, order: "WorkOrder", *, url: str) -> "PermitView":
    from batteryd.clearance.decide import decide
    from batteryd.clearance.matrix import MATRIX
    from batteryd.permits.dossier import read_dossier
    from batteryd.permits.facts import facts_of, zone_of
    from batteryd.report.permit import PermitView
    from batteryd.store.records import CLEARANCES

    dossier = read_dossier(at.ledger, order)
    facts = facts_of(dossier, sight=at.sight(), as_of_s=at.now_s)
    demands = MATRIX[order.kind]
    return PermitView(
        order=order,
        clearance=at.ledger.records.one(CLEARANCES, order.work_order_id),
        at_print=decide(facts),
        asked=frozenset((*demands.holds, *demands.warns)),
        attestations=dossier.attestations,
        acceptances=dossier.acceptances,
        batteries=tuple(
            _battery_line(at, asset_id, facts.batteries[asset_id].reading, order=order)
            for asset_id in _shown(at, order)
        ),
        place=_place(at, order),
        zone=zone_of(order, inventory=at.inventory).key,
        url=url,
        printed_at_s=at.now_s,
    )


def _shown(at: Desk, order: "WorkOrder") -> tuple[str, ...]:
    """Return the batteries in scope, then those beside them on the same DC buses."""
    from batteryd.permits.facts import bus_mates

    return (*order.batteries, *bus_mates(order, inventory=at.inventory))


def _battery_line(
    at: Desk, asset_id: str, reading: "Reading", *, order: "WorkOrder"
) -> "BatteryLine":
    from batteryd.domain.inventory import Battery
    from batteryd.report.permit import BatteryLine

    return BatteryLine(
        battery=at.inventory.batteries.get(asset_id) or Battery(asset_id, room_id=""),
        is_in_scope=asset_id in order.batteries,
        observed_at_s=reading.observed_at_s,
        soc_pct=reading.soc_pct,
        voltage_v=reading.voltage_v,
        current_a=reading.current_a,
        contactor_closed=reading.contactor_closed,
        breaker_closed=reading.breaker_closed,
        temperature_c_max=reading.temperature_c_max,
    )


def _place(at: Desk, order: "WorkOrder") -> str:
    """Return the sites and rooms of an order's batteries, as people call them."""
    known = [at.inventory.batteries.get(asset_id) for asset_id in order.batteries]
    rooms = dict.fromkeys(at.inventory.rooms[b.room_id] for b in known if b is not None)
    sites = dict.fromkeys(at.inventory.sites[room.site_id].name for room in rooms)
    return ", ".join((*sites, *(room.name for room in rooms))) or "unknown"


def _live_url(at: Desk, order: "WorkOrder") -> str:
    web = at.configuration.settings.web
    if web.port == 0:
        allowed = "the address of the daemon's page, for the QR code: web.port = 0 does not say it"
        raise ConfigError.one("work permit", "--url", "", allowed)
    host = f"[{web.host}]" if ":" in web.host else web.host
    return f"http://{host}:{web.port}/work/{order.work_order_id}"


def _history(at: Desk, order: "WorkOrder") -> "WorkHistory":
    from batteryd.permits.facts import zone_of
    from batteryd.report.work_history import WorkHistory

    entries = tuple(sorted(work_entries(at.ledger, order.work_order_id), key=lambda e: e.seq))
    *_, newest = entries_after(at.ledger, entries[-1].seq - 1)
    return WorkHistory(
        order=order,
        entries=entries,
        place=_place(at, order),
        zone=zone_of(order, inventory=at.inventory).key,
        made_at_s=at.now_s,
        ledger_seq=newest.seq,
        ledger_hash=newest.hash,
    )


def work_entries(ledger: "Ledger", order_id: str) -> "Iterator[WorkEntry]":
    """Read everything that was recorded about a work order, kind by kind."""
    from batteryd.report.work_history import WorkEntry
    from batteryd.store.records import (
        ACCEPTANCES,
        ATTESTATIONS,
        CLEARANCES,
        WORK_ORDERS,
        Revision,
    )

    records = ledger.records
    revisions: tuple[Revision[Any], ...] = (
        *records.history(WORK_ORDERS, order_id),
        *records.history(CLEARANCES, order_id),
        *records.revisions(ATTESTATIONS, prefix=f"{order_id}/"),
        *records.revisions(ACCEPTANCES, prefix=f"{order_id}/"),
    )
    for revision in revisions:
        yield WorkEntry(
            seq=revision.seq,
            at_s=revision.at_s,
            actor=revision.actor,
            action=revision.action,
            comment=revision.comment,
            value=revision.value,
        )


_ORDER = argument("order", metavar="WO", help="the work order, as work list shows it")

COMMANDS = (
    Command(("work", "permit"), work_permit, (
        _ORDER, OUTPUT,
        argument("--url", metavar="URL",
                 help="where the QR code leads (default: the order's page on this daemon)"),
        CONFIG,
    )),
    Command(("work", "report"), work_report, (
        _ORDER, OUTPUT,
        argument("--format", choices=("pdf", "json"), default="pdf",
                 help="pdf to read, json with every field (default pdf)"),
        CONFIG,
    )),
)  # fmt: skip
