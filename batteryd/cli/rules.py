"""Commands about rules: what they have learned of a battery, and have it forgotten."""

import argparse
from typing import TYPE_CHECKING

from batteryd.cli.alarm_words import name
from batteryd.cli.frame import (
    CONFIG,
    JSON,
    OK,
    Command,
    argument,
    instant,
    print_json,
)
from batteryd.cli.terminal import tell
from batteryd.errors import ConfigError

if TYPE_CHECKING:
    from batteryd.cli.work_common import Desk
    from batteryd.rules.rack import Rack
    from batteryd.store.learned import Kept, LearningReset
    from batteryd.store.records import Revision

_VALUE_AT = 51  # where a number stands, behind what it is called


def rules_show(arguments: argparse.Namespace) -> int:
    """Show what the rules have learned of a battery: since when, and how far it has come."""
    from batteryd.cli.learned_words import kept_as_json, kept_lines
    from batteryd.cli.work_common import desk

    with desk(arguments) as at:
        asset_id = _polled(at, arguments.battery)
        reset = _last_reset(at, asset_id)
        kept = _kept(at, asset_id, reset)
        racks = {row.family: _racks(at, asset_id, row.layout_id) for row in kept}
    if arguments.json:
        print_json(
            {
                "asset_id": asset_id,
                "reset": reset and {
                    "at": instant(reset.at_s), "by": reset.value.by, "why": reset.value.why,
                },
                "learned": [kept_as_json(row) for row in kept],
            }
        )  # fmt: skip
        return OK
    if reset is not None:
        print(f"reset {instant(reset.at_s)} by {reset.value.by}: {reset.value.why}")
    for row in kept:
        tell("\n".join(kept_lines(row, racks[row.family])), hang=_VALUE_AT)
    if not kept:
        print(f"nothing has been learned of {asset_id} yet")
    return OK


def rules_reset(arguments: argparse.Namespace) -> int:
    """Have everything forgotten that rules have learned of a battery, after work on it, say."""
    from batteryd.cli.work_common import desk
    from batteryd.store.learned import RESETS, LearningReset

    with desk(arguments) as at:
        asset_id = _polled(at, arguments.battery)
        reset = LearningReset(asset_id, by=arguments.by, why=arguments.why)
        with at.ledger.transaction(at.now_s) as tx:
            tx.records.put(RESETS, asset_id, reset, actor=arguments.by, action="reset")
    print(f"{asset_id} is learned anew; a running daemon does so within seconds")
    return OK


def _polled(at: "Desk", asset_id: str) -> str:
    """Return the id of something that is polled.

    Raises:
        ConfigError: nothing of this id is.
    """
    from batteryd.mistakes import unknown_text

    known = at.inventory.assets
    if asset_id not in known:
        allowed = unknown_text("polled battery", asset_id, known=known)
        raise ConfigError.one("rules", "battery", asset_id, allowed)
    return asset_id


def _last_reset(at: "Desk", asset_id: str) -> "Revision[LearningReset] | None":
    from batteryd.store.learned import RESETS

    history = at.ledger.records.history(RESETS, asset_id)
    return history[-1] if history else None


def _kept(at: "Desk", asset_id: str, reset: "Revision[LearningReset] | None") -> "tuple[Kept, ...]":
    """Return what is kept of an asset and counts: nothing from before its last reset does."""
    from contextlib import closing

    from batteryd.store.learned import LEARNED_FILE, LearnedStore

    path = at.configuration.settings.daemon.state_dir / LEARNED_FILE
    if not path.exists():
        return ()
    valid_from = 0 if reset is None else reset.seq
    with closing(LearnedStore.open(path)) as store:
        return tuple(kept for kept in store.of(asset_id) if kept.reset_seq >= valid_from)


def _racks(at: "Desk", asset_id: str, layout_id: str) -> "tuple[Rack, ...]":
    """Return the racks that were learned of; none where the journal no longer knows how."""
    from contextlib import closing

    from batteryd.rules.rack import racks_of
    from batteryd.store.journal_file import open_journal_file
    from batteryd.store.names import Names

    path = at.configuration.settings.daemon.state_dir / "journal.db"
    if not path.exists():
        return ()
    with closing(open_journal_file(path)) as file:
        layouts = [layout for _, layout in Names(file).layouts if layout.layout_id == layout_id]
    return racks_of(at.inventory.assets[asset_id], layouts[0]) if layouts else ()


_BATTERY = argument("battery", metavar="BATTERY", help="id of a polled battery or UPS")

COMMANDS = (
    Command(("rules", "show"), rules_show, (_BATTERY, CONFIG, JSON)),
    Command(("rules", "reset"), rules_reset, (
        _BATTERY,
        argument("--by", required=True, type=name, metavar="NAME", help="who wants it"),
        argument("--why", required=True, type=name, metavar="TEXT", help="what has changed"),
        CONFIG,
    )),
)  # fmt: skip
