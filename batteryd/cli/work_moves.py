"""Commands that move a work order: check, start, close. Each says why where the answer is no."""

import argparse
from typing import TYPE_CHECKING

from batteryd.cli.frame import NO, OK, USAGE, complain, instant, print_json
from batteryd.cli.terminal import tell
from batteryd.cli.work_common import desk, order_in
from batteryd.cli.work_words import order_as_json, order_line
from batteryd.domain.clearance import Decision
from batteryd.domain.work import WorkState

if TYPE_CHECKING:
    from batteryd.domain.clearance import Clearance
    from batteryd.domain.work import WorkOrder
    from batteryd.permits.clearing import Checked
    from batteryd.permits.lifecycle import Reason


def work_check(arguments: argparse.Namespace) -> int:
    """Answer GO or HOLD with every reason, for a work order or for a case that is written down."""
    if (arguments.order is None) == (arguments.case is None):
        return complain("work check takes a work order, or --case FILE", USAGE)
    if arguments.case is not None:
        from batteryd.cli.work_case import check_case

        return check_case(arguments.case, as_json=arguments.json)
    from batteryd.permits.clearing import check

    with desk(arguments) as at:
        sight = at.sight()
        with at.ledger.transaction(at.now_s) as tx:
            order = order_in(tx, arguments.order)
            answer = check(tx, order, sight=sight, now_s=at.now_s, actor=arguments.by)
    return _answered(arguments, answer)


def work_start(arguments: argparse.Namespace) -> int:
    """Begin the work, if a GO stands and a check at this moment says the same."""
    from batteryd.permits.clearing import start

    with desk(arguments) as at:
        sight = at.sight()
        with at.ledger.transaction(at.now_s) as tx:
            order = order_in(tx, arguments.order)
            answer = start(tx, order, sight=sight, now_s=at.now_s, by=arguments.by)
    return _answered(arguments, answer)


def work_close(arguments: argparse.Namespace) -> int:
    """End a work order, once the room is watched again as it was before; or abandon it."""
    from batteryd.permits.closing import abandon, close

    with desk(arguments) as at:
        sight = at.sight()
        with at.ledger.transaction(at.now_s) as tx:
            order = order_in(tx, arguments.order)
            if arguments.abandon:
                answer = abandon(tx, order, now_s=at.now_s, by=arguments.by)
            else:
                answer = close(tx, order, sight=sight, now_s=at.now_s, by=arguments.by)
    if arguments.json:
        print_json({"reasons": list(answer.reasons), "order": order_as_json(answer.order)})
    elif answer.reasons:
        complain(f"{order.work_order_id} is not ended:\n  " + "\n  ".join(answer.reasons), NO)
    else:
        print(order_line(answer.order))
    return NO if answer.reasons else OK


def _answered(arguments: argparse.Namespace, answer: "Checked | Reason") -> int:
    from batteryd.clearance.answer import clearance_as_json, clearance_as_text
    from batteryd.permits.clearing import Checked

    if not isinstance(answer, Checked):
        return complain(f"{arguments.order}: {answer.value}", NO)
    order, clearance = answer
    if arguments.json:
        print_json({**clearance_as_json(clearance), "order": order_as_json(order)})
    else:
        tell(clearance_as_text(clearance), hang=9, flat=0)
        print(_standing(order, clearance))
    return OK if clearance.decision is Decision.GO else NO


def _standing(order: "WorkOrder", clearance: "Clearance") -> str:
    """Return what the decision means for the order, in a sentence."""
    match order.state:
        case WorkState.CLEARED | WorkState.STARTED:
            return f"{order.work_order_id} is {order.state}: the GO stands until {_until(order)}"
        case WorkState.REVOKED:
            return f"{order.work_order_id} is revoked: nobody works on it before a new GO"
        case WorkState.PLANNED if clearance.decision is Decision.GO:
            return (
                f"{order.work_order_id} stays planned: a GO of now would be over before the work"
                " begins; check again before it"
            )
        case WorkState.PLANNED | WorkState.CLOSED:
            return f"{order.work_order_id} is {order.state}"


def _until(order: "WorkOrder") -> str:
    return "unknown" if order.cleared_until_s is None else instant(order.cleared_until_s)
