"""The command that imports planned work from a calendar."""

import argparse
from typing import TYPE_CHECKING

from batteryd.cli.frame import NO, OK, complain, print_json
from batteryd.cli.work_common import desk
from batteryd.cli.work_words import batteries_text, order_as_json

if TYPE_CHECKING:
    from batteryd.domain.work import WorkOrder
    from batteryd.permits.schedule import Difference


def work_import(arguments: argparse.Namespace) -> int:
    """Open, change and cancel work orders as a calendar (iCalendar) says."""
    from batteryd.permits.schedule import apply, differences
    from batteryd.settings.files import Files
    from batteryd.settings.work_calendar import read_calendar
    from batteryd.store.records import WORK_ORDERS

    def is_left(difference: "Difference") -> bool:
        return arguments.dry_run or difference.refused is not None

    with desk(arguments) as at:
        events = read_calendar(Files().read(arguments.file), inventory=at.inventory)
        plans = [(event.plan, event.is_cancelled) for event in events]
        with at.ledger.transaction(at.now_s) as tx:
            found = differences(plans, tx.records.current(WORK_ORDERS), now_s=at.now_s)
            done = [
                (
                    difference,
                    None
                    if is_left(difference)
                    else apply(tx, difference, by=arguments.by, now_s=at.now_s),
                )
                for difference in found
            ]
    if arguments.json:
        print_json([_as_json(difference, after) for difference, after in done])
    else:
        _print(done, is_dry_run=arguments.dry_run)
    return NO if any(difference.refused for difference in found) else OK


def _print(done: "list[tuple[Difference, WorkOrder | None]]", *, is_dry_run: bool) -> None:
    for difference, after in done:
        if difference.refused is None:
            print(_line(difference, after))
        else:
            complain(f"{_line(difference, after)}: {difference.refused.value}", NO)
    if not done:
        print("nothing to change")
    elif is_dry_run:
        print("a dry run: nothing was changed")


def _line(difference: "Difference", after: "WorkOrder | None") -> str:
    order = after or difference.order
    number = order.work_order_id if order is not None else "new"
    plan, fields = difference.plan, ", ".join(difference.fields)
    what = f"{plan.kind.value} {batteries_text(plan)}  {plan.title}".rstrip()
    return f"{difference.action.value:<7} {number:<7} {what}{f'  ({fields})' if fields else ''}"


def _as_json(difference: "Difference", after: "WorkOrder | None") -> dict[str, object]:
    order = after or difference.order
    return {
        "action": difference.action.value,
        "order": None if order is None else order_as_json(order),
        "plan": order_as_json(difference.plan),
        "fields": list(difference.fields),
        "refused": difference.refused and difference.refused.value,
    }
