"""Commands that put on paper what people say of work: open, attest, accept-risk."""

import argparse
import sys

from batteryd.cli.frame import NO, OK, complain, print_json
from batteryd.cli.work_common import desk, order_in
from batteryd.cli.work_words import (
    accepted_line,
    order_as_json,
    order_lines,
    said_as_json,
    said_line,
)
from batteryd.domain.inventory import Inventory
from batteryd.domain.work import (
    Attestation,
    AttestationKind,
    RiskAcceptance,
    WorkKind,
    WorkOrder,
)
from batteryd.errors import ConfigError, Mistake


def work_open(arguments: argparse.Namespace) -> int:
    """Open a work order: what is planned, on which batteries, when, and who will be there."""
    from batteryd.permits.paper import mistakes_in_plan, names_of, open_order

    with desk(arguments) as at:
        plan = WorkOrder(
            work_order_id="",
            kind=WorkKind(arguments.kind),
            starts_at_s=arguments.starts_at_s,
            ends_at_s=arguments.ends_at_s,
            batteries=_batteries(arguments, at.inventory),
            people=names_of(arguments.person),
            title=arguments.title,
            contractor=arguments.contractor,
        )
        mistakes = (
            *_unknown_places(arguments, at.inventory),
            *mistakes_in_plan(plan, inventory=at.inventory, file="work open"),
        )
        if mistakes:
            raise ConfigError(mistakes)
        with at.ledger.transaction(at.now_s) as tx:
            order = open_order(tx, plan, by=arguments.by, now_s=at.now_s)
        unreached = at.configuration.notify.routing.without_channel(order.people)
    if arguments.json:
        print_json(order_as_json(order))
    else:
        print("\n".join(order_lines(order)))
    if unreached:
        print(
            f"note: notify.toml has no channel for {', '.join(unreached)}: they hear of a"
            " revocation through the ordinary routes only",
            file=sys.stderr,
        )
    return OK


def work_attest(arguments: argparse.Namespace) -> int:
    """Record what a named person attests before or after the work."""
    from batteryd.permits.paper import (
        attest,
        mistakes_in_attestation,
        names_of,
        refusals_of_attestation,
    )

    with desk(arguments) as at, at.ledger.transaction(at.now_s) as tx:
        order = order_in(tx, arguments.order)
        said = Attestation(
            work_order_id=order.work_order_id,
            kind=AttestationKind(arguments.kind),
            by=" ".join(arguments.by.split()),
            at_s=at.now_s,
            battery=arguments.battery,
            service=arguments.service,
            people=names_of(arguments.person),
            value=arguments.value,
            comment=arguments.comment,
        )
        mistakes = tuple(
            mistakes_in_attestation(said, inventory=at.inventory, order=order, file="work attest")
        )
        if mistakes:
            raise ConfigError(mistakes)
        refusals = refusals_of_attestation(said, order)
        if refusals:
            return complain(f"{order.work_order_id}: {'; '.join(refusals)}", NO)
        record_id = attest(tx, said)
    if arguments.json:
        print_json({"record": record_id, **said_as_json(said)})
    else:
        print(f"{record_id}: {said_line(said)}")
    return OK


def work_accept_risk(arguments: argparse.Namespace) -> int:
    """Record that two people take a risk on themselves, why, and until when."""
    from batteryd.permits.paper import accept_risk, names_of, refusals_of_acceptance

    with desk(arguments) as at, at.ledger.transaction(at.now_s) as tx:
        order = order_in(tx, arguments.order)
        accepted = RiskAcceptance(
            work_order_id=order.work_order_id,
            code=arguments.code,
            by=names_of(arguments.by),
            expires_at_s=arguments.expires_at_s,
            reason=arguments.reason.strip(),
            at_s=at.now_s,
        )
        refusals = refusals_of_acceptance(accepted, order, now_s=at.now_s)
        if refusals:
            return complain(f"{order.work_order_id}: {'; '.join(refusals)}", NO)
        record_id = accept_risk(tx, accepted, order=order)
    if arguments.json:
        print_json({"record": record_id, **said_as_json(accepted)})
    else:
        print(f"{record_id}: {accepted_line(accepted)}")
    return OK


def _batteries(arguments: argparse.Namespace, inventory: Inventory) -> tuple[str, ...]:
    """Return the batteries that were named, then those of the buses and rooms, each once."""
    beside = (
        b.asset_id for b in inventory.batteries.values()
        if b.dc_bus_id in arguments.dc_bus or b.room_id in arguments.room
    )  # fmt: skip
    return tuple(dict.fromkeys((*arguments.battery, *beside)))


def _unknown_places(arguments: argparse.Namespace, inventory: Inventory) -> tuple[Mistake, ...]:
    from batteryd.mistakes import unknown_text

    named = (
        ("dc-bus", "DC bus", arguments.dc_bus, inventory.dc_buses),
        ("room", "room", arguments.room, inventory.rooms),
    )
    return tuple(
        Mistake("work open", option, name, unknown_text(what, name, known=known))
        for option, what, names, known in named
        for name in names
        if name not in known
    )
