"""Commands that keep an alarm from people for a while, and give it back to them.

Shelving needs who, why and until when. What protects life is kept from nobody. What comes off the
shelf while it is active, or returned and not acknowledged, is told at that moment: the message is
written into the outbox here, and the daemon sends it.
"""

import argparse
from typing import TYPE_CHECKING

from batteryd.cli.alarm_words import HANG, alarm_as_json, alarm_as_text, alarm_of, refusal_text
from batteryd.cli.frame import NO, OK, USAGE, complain, instant, print_json
from batteryd.cli.terminal import tell
from batteryd.cli.work_common import Desk, desk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batteryd.domain.notification import NewNotification
    from batteryd.domain.snapshot import Snapshot
    from batteryd.rules.lifecycle import Transition


def alarms_shelve(arguments: argparse.Namespace) -> int:
    """Keep an alarm from people until an instant. It is followed all the while."""
    if (arguments.until_s is None) == (arguments.for_s is None):
        return complain("alarms shelve takes one of --until and --for", USAGE)
    from batteryd.rules.lifecycle import shelve

    with desk(arguments) as at, at.ledger.transaction(at.now_s) as tx:
        alarm = alarm_of(tx.alarms(), arguments.key)
        until_s = arguments.until_s or at.now_s + arguments.for_s
        protects_life = at.configuration.rulebook.protects_life(alarm.key.rule)
        transition = shelve(alarm, until_s=until_s, now_s=at.now_s, protects_life=protects_life)
        if not transition.is_refused:
            tx.record(
                transition.alarm,
                action="shelved",
                reason=transition.reason.value,
                actor=arguments.by,
                at_s=at.now_s,
                comment=f"{arguments.why} (until {instant(until_s)})",
            )
    return _answer(arguments, transition, now_s=at.now_s)


def alarms_unshelve(arguments: argparse.Namespace) -> int:
    """Take an alarm off the shelf. If it still stands, people are told of it now."""
    from batteryd.rules.lifecycle import unshelve

    with desk(arguments) as at:
        last_good = at.sight().last_good
        with at.ledger.transaction(at.now_s) as tx:
            alarm = alarm_of(tx.alarms(), arguments.key)
            transition = unshelve(alarm, now_s=at.now_s)
            if not transition.is_refused:
                tx.record(
                    transition.alarm,
                    action="unshelved",
                    reason=transition.reason.value,
                    actor=arguments.by,
                    at_s=at.now_s,
                    notifications=_notifications(at, transition, last_good=last_good),
                )
    return _answer(arguments, transition, now_s=at.now_s)


def _notifications(
    at: Desk, transition: "Transition", *, last_good: "Mapping[str, Snapshot]"
) -> "list[NewNotification]":
    from batteryd.domain.circumstances import Circumstances, day_at
    from batteryd.domain.notification import NewNotification
    from batteryd.warranty.coverage import assess

    if not transition.notify:
        return []
    alarm, inventory = transition.alarm, at.inventory
    event, battery = alarm.as_event(at_s=at.now_s), inventory.batteries.get(alarm.key.asset_id)
    day = day_at(inventory.sites.get(alarm.key.site_id), at_s=at.now_s)
    known = (
        [] if battery is None else [assess(battery.asset_id, battery.warranty, battery.dates, day)]
    )
    circumstances = Circumstances(inventory, last_good, {a.asset_id: a for a in known})
    message = circumstances.message(event, since_s=alarm.raised_at_s)
    room_id = message.room.room_id if message.room else None
    routing = at.configuration.notify.routing
    channels = routing.channels_for(event, room_id=room_id, people=message.people)
    return [NewNotification(name, str(alarm.key), message.as_body()) for name in channels]


def _answer(arguments: argparse.Namespace, transition: "Transition", *, now_s: float) -> int:
    if transition.is_refused:
        refused = refusal_text(transition.alarm, transition.reason)
        return complain(f"{arguments.key}: {refused}", NO)
    if arguments.json:
        print_json(alarm_as_json(transition.alarm))
    else:
        tell(alarm_as_text(transition.alarm, now_s=now_s), hang=HANG)
    return OK
