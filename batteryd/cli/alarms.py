"""Commands about alarms."""

import argparse
import getpass
from typing import TYPE_CHECKING

from batteryd.cli.frame import (
    CONFIG,
    JSON,
    NO,
    OK,
    USAGE,
    Command,
    argument,
    complain,
    instant,
    open_ledger,
    print_json,
)
from batteryd.clock import SystemClock

if TYPE_CHECKING:
    from batteryd.domain.alarm import Alarm


def alarms_list(arguments: argparse.Namespace) -> int:
    """List open alarms, the most urgent first."""
    with open_ledger(arguments) as ledger:
        alarms = sorted(ledger.alarms(), key=lambda a: (-a.is_active, -a.priority, -a.raised_at_s))
    if arguments.json:
        print_json([_alarm_row(a) for a in alarms])
        return OK
    for alarm in alarms:
        print(f"{alarm.priority.text:<8} {alarm.condition.value:<23} {alarm.key}")
        print(f"         since {instant(alarm.raised_at_s)}  {alarm.why}")
    if not alarms:
        print("no alarm is open")
    return OK


def alarms_ack(arguments: argparse.Namespace) -> int:
    """Say that somebody has seen an alarm."""
    from batteryd.rules.lifecycle import acknowledge

    now_s = SystemClock().now_s()
    with open_ledger(arguments) as ledger, ledger.transaction(now_s) as tx:
        alarm = next((a for a in tx.alarms() if str(a.key) == arguments.key), None)
        if alarm is None:
            return complain(f"no open alarm {arguments.key}; see batteryd alarms list", USAGE)
        transition = acknowledge(alarm, by=arguments.by, now_s=now_s)
        if transition.is_refused:
            return complain(f"{arguments.key}: {transition.reason.value}", NO)
        tx.record(
            transition.alarm,
            action="acknowledged",
            reason=transition.reason.value,
            actor=arguments.by,
            at_s=now_s,
            comment=arguments.comment,
        )
    print(f"{arguments.key}: {transition.alarm.condition.value}, acknowledged by {arguments.by}")
    return OK


def _alarm_row(alarm: "Alarm") -> dict[str, object]:
    return {
        "key": str(alarm.key),
        "condition": alarm.condition.value,
        "suppression": alarm.suppression.value,
        "priority": alarm.priority.text,
        "scope": alarm.scope.value,
        "component": str(alarm.key.component),
        "raised_at": instant(alarm.raised_at_s),
        "returned_at": None if alarm.returned_at_s is None else instant(alarm.returned_at_s),
        "acknowledged_by": alarm.acknowledged_by,
        "value": alarm.value,
        "setpoint": alarm.setpoint,
        "why": alarm.why,
        "action": alarm.action,
    }


COMMANDS = (
    Command(("alarms", "list"), alarms_list, (CONFIG, JSON)),
    Command(("alarms", "ack"), alarms_ack, (
        argument("key", help="as alarms list shows it"),
        argument("--by", default=getpass.getuser(), help="who has seen it (default: you)"),
        argument("--comment", default="", help="what there is to say about it"),
        CONFIG,
    )),
)  # fmt: skip
