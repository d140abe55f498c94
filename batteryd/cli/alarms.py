"""Commands about alarms."""

import argparse
import getpass

from batteryd.cli.alarm_file import alarms_show
from batteryd.cli.alarm_shelf import alarms_shelve, alarms_unshelve
from batteryd.cli.alarm_words import (
    HANG,
    alarm_as_json,
    alarm_as_text,
    alarm_of,
    duration_s,
    name,
    refusal_text,
)
from batteryd.cli.frame import (
    CONFIG,
    JSON,
    NO,
    OK,
    Command,
    argument,
    complain,
    open_ledger,
    print_json,
)
from batteryd.cli.terminal import tell
from batteryd.cli.work_common import instant_of
from batteryd.clock import SystemClock


def alarms_list(arguments: argparse.Namespace) -> int:
    """List open alarms, the most urgent first."""
    with open_ledger(arguments) as ledger:
        alarms = sorted(ledger.alarms(), key=lambda a: (-a.is_active, -a.priority, -a.raised_at_s))
    if arguments.json:
        print_json([alarm_as_json(a) for a in alarms])
        return OK
    now_s = SystemClock().now_s()
    for alarm in alarms:
        tell(alarm_as_text(alarm, now_s=now_s), hang=HANG)
    if not alarms:
        print("no alarm is open")
    return OK


def alarms_ack(arguments: argparse.Namespace) -> int:
    """Say that somebody has seen an alarm."""
    from batteryd.rules.lifecycle import acknowledge

    now_s = SystemClock().now_s()
    with open_ledger(arguments) as ledger, ledger.transaction(now_s) as tx:
        alarm = alarm_of(tx.alarms(), arguments.key)
        transition = acknowledge(alarm, by=arguments.by, now_s=now_s)
        if transition.is_refused:
            return complain(f"{arguments.key}: {refusal_text(alarm, transition.reason)}", NO)
        tx.record(
            transition.alarm,
            action="acknowledged",
            reason=transition.reason.value,
            actor=arguments.by,
            at_s=now_s,
            comment=arguments.comment,
        )
    if arguments.json:
        print_json(alarm_as_json(transition.alarm))
        return OK
    print(f"{arguments.key}: {transition.alarm.condition.value}, acknowledged by {arguments.by}")
    return OK


_KEY = argument("key", help="as alarms list shows it")

COMMANDS = (
    Command(("alarms", "list"), alarms_list, (CONFIG, JSON)),
    Command(("alarms", "show"), alarms_show, (_KEY, CONFIG, JSON)),
    Command(("alarms", "ack"), alarms_ack, (
        _KEY,
        argument("--by", default=getpass.getuser(), type=name, metavar="NAME",
                 help="who has seen it (default: you)"),
        argument("--comment", default="", metavar="TEXT", help="what there is to say about it"),
        CONFIG, JSON,
    )),
    Command(("alarms", "shelve"), alarms_shelve, (
        _KEY,
        argument("--by", required=True, type=name, metavar="NAME", help="who shelves it"),
        argument("--why", required=True, type=name, metavar="TEXT", help="why it may be shelved"),
        argument("--until", dest="until_s", type=instant_of, metavar="ISO",
                 help="until when, with its offset: 2025-09-26T19:30+09:00"),
        argument("--for", dest="for_s", type=duration_s, metavar="TIME",
                 help="for how long instead: 30m, 2h or 1d; 7 days at most"),
        CONFIG, JSON,
    )),
    Command(("alarms", "unshelve"), alarms_unshelve, (
        _KEY,
        argument("--by", required=True, type=name, metavar="NAME", help="who takes it off"),
        CONFIG, JSON,
    )),
)  # fmt: skip
