"""Commands that show work orders: list, show."""

import argparse

from batteryd.cli.frame import OK, instant, print_json
from batteryd.cli.terminal import tell
from batteryd.cli.work_common import desk, order_in
from batteryd.cli.work_words import (
    accepted_line,
    decision_text,
    order_as_json,
    order_line,
    order_lines,
    revision_as_json,
    said_as_json,
    said_line,
)
from batteryd.domain.work import WorkState


def work_list(arguments: argparse.Namespace) -> int:
    """List work orders that are not closed, the next one first."""
    from batteryd.store.records import CLEARANCES, WORK_ORDERS

    with desk(arguments) as at:
        found = at.ledger.records.current(WORK_ORDERS).values()
        decided = at.ledger.records.current(CLEARANCES)
    orders = sorted(
        (o for o in found if arguments.all or o.state is not WorkState.CLOSED),
        key=lambda order: order.starts_at_s,
    )
    if arguments.json:
        print_json(
            [
                {
                    **order_as_json(order),
                    "decision": last and last.decision.value,
                    "codes": [code.value for code in last.codes] if last else [],
                    "decision_age_s": last and at.now_s - last.as_of_s,
                }
                for order in orders
                for last in (decided.get(order.work_order_id),)
            ]
        )
        return OK
    for order in orders:
        last = decided.get(order.work_order_id)
        tell(f"{order_line(order)}  {decision_text(last, now_s=at.now_s)}")
    if not orders:
        print("no work order is open")
    return OK


def work_show(arguments: argparse.Namespace) -> int:
    """Show a work order: what people said about it, the last decision, and its history."""
    from batteryd.clearance.answer import clearance_as_json, clearance_as_text
    from batteryd.permits.dossier import read_dossier
    from batteryd.store.records import CLEARANCES, WORK_ORDERS

    with desk(arguments) as at:
        dossier = read_dossier(at.ledger, order_in(at.ledger, arguments.order))
        order_id = dossier.order.work_order_id
        last = at.ledger.records.one(CLEARANCES, order_id)
        history = at.ledger.records.history(WORK_ORDERS, order_id)
    if arguments.json:
        print_json(
            {
                "order": order_as_json(dossier.order),
                "attestations": [said_as_json(said) for said in dossier.attestations],
                "risk_acceptances": [said_as_json(said) for said in dossier.acceptances],
                "clearance": last and clearance_as_json(last),
                "history": [revision_as_json(revision) for revision in history],
            }
        )
        return OK
    for line in order_lines(dossier.order):
        tell(line, hang=13)
    for said in dossier.attestations:
        tell(f"  {said_line(said)}", hang=4)
    for accepted in dossier.acceptances:
        tell(f"  {accepted_line(accepted)}", hang=4)
    if last is not None:
        print(f"last decision, {decision_text(last, now_s=at.now_s)}:")
        tell(clearance_as_text(last), hang=9, flat=0)
    for revision in history:
        print(f"  {instant(revision.at_s)}  {revision.action} by {revision.actor}")
    return OK
