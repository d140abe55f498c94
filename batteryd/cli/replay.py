"""The command that leads what was read past the rules: a recording, or a stretch of the journal.

On a stretch of the journal it answers what a changed `rules.toml` would have done on this site's
own past, before anybody relies on it.
"""

import argparse
import itertools
import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from batteryd.cli.frame import (
    CONFIG,
    JSON,
    OK,
    USAGE,
    Command,
    argument,
    complain,
    configuration,
    instant,
)
from batteryd.cli.work_common import instant_of
from batteryd.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from batteryd.domain.alarm import AlarmEvent
    from batteryd.domain.inventory import Asset
    from batteryd.domain.snapshot import Snapshot
    from batteryd.replay.past import Past
    from batteryd.replay.tally import Tally
    from batteryd.settings.load import Configuration
    from batteryd.store.journal import Journal


def replay(arguments: argparse.Namespace) -> int:
    """Lead a recording, or a stretch of the journal, past the rules and print what they raise."""
    if (arguments.recording is None) == (arguments.journal is None):
        return complain("replay takes either a recording or --journal BATTERY", USAGE)
    return _of_recording(arguments) if arguments.journal is None else _of_journal(arguments)


def _of_recording(arguments: argparse.Namespace) -> int:
    from batteryd.replay.run import replay_file
    from batteryd.replay.tally import Tally
    from batteryd.rules.rulebook_file import parse_rulebook
    from batteryd.settings.files import Files, toml_of
    from batteryd.settings.paths import packaged_config_dir

    rules = Files().read(arguments.rules or packaged_config_dir() / "rules.toml")
    rulebook = parse_rulebook(toml_of(rules), file=rules.name)
    tally = Tally()
    events = replay_file(
        arguments.recording, battery=arguments.battery, rulebook=rulebook, tally=tally
    )
    return _print_events(events, tally, as_json=arguments.json)


def _of_journal(arguments: argparse.Namespace) -> int:
    from batteryd.replay.stretch import LEAD_S

    from_s, to_s = arguments.from_s, arguments.to_s
    if from_s is None or to_s is None or from_s >= to_s:
        return complain("--journal needs --from and a later --to", USAGE)
    found = configuration(arguments)
    asset = _polled(found, arguments.journal)
    with _journal_of(found) as journal:
        _require_polls(journal, asset, from_s=from_s, to_s=to_s)
        stretch = _Stretch(asset, from_s, to_s, _past_of(found, asset))
        polls = journal.read(asset.asset_id, from_s - LEAD_S, to_s)
        if arguments.rules is None:
            return _print_raised(polls, stretch, found, as_json=arguments.json)
        return _print_differences(polls, stretch, found, arguments)


class _Stretch(NamedTuple):
    """What is replayed."""

    asset: "Asset"
    from_s: float
    to_s: float
    past: "Past"


def _print_raised(
    polls: "Iterator[Snapshot]", stretch: _Stretch, found: "Configuration", *, as_json: bool
) -> int:
    """Print what the configured rules raise, after what they have learned before it."""
    from batteryd.replay.playback import Playback
    from batteryd.replay.stretch import since
    from batteryd.replay.tally import Tally

    tally = Tally()
    first = next(polls)
    _print_known(stretch, begins_s=first.observed_at_s, as_json=as_json)
    playback = Playback(found.rulebook, stretch.asset, past=stretch.past)
    counted = tally.of_polls(itertools.chain([first], polls), from_s=stretch.from_s)
    events = since(playback.all_of(counted), from_s=stretch.from_s)
    return _print_events(tally.of_events(events), tally, as_json=as_json)


def _print_differences(
    polls: "Iterator[Snapshot]",
    stretch: _Stretch,
    found: "Configuration",
    arguments: argparse.Namespace,
) -> int:
    from batteryd.cli.replay_words import comparison_as_json, comparison_lines
    from batteryd.replay.stretch import try_rules
    from batteryd.settings.load import load_rulebook

    trial = try_rules(
        polls,
        stretch.asset,
        configured=found.rulebook,
        changed=load_rulebook(arguments.rules, found),
        from_s=stretch.from_s,
        past=stretch.past,
    )
    _print_known(stretch, begins_s=stretch.from_s - trial.lead_s, as_json=arguments.json)
    if arguments.json:
        for comparison in trial.comparisons:
            print(json.dumps(comparison_as_json(comparison), ensure_ascii=False))
        return OK
    print(
        f"{stretch.asset.asset_id}, {instant(stretch.from_s)} to {instant(stretch.to_s)}: "
        f"{trial.poll_count} polls"
    )
    print("\n".join(comparison_lines(trial.comparisons)))
    return OK


def _print_known(stretch: _Stretch, *, begins_s: float, as_json: bool) -> None:
    """Say what rules knew at the beginning; programs read the events alone."""
    from batteryd.cli.replay_words import learned_from

    known = learned_from(stretch.past, begins_s=begins_s, from_s=stretch.from_s, to_s=stretch.to_s)
    print(known, file=sys.stderr if as_json else sys.stdout)


def _past_of(found: "Configuration", asset: "Asset") -> "Past":
    """Return the work that was going on and the resets; nothing where there is no ledger."""
    from batteryd.replay.past import NOTHING
    from batteryd.replay.people import past_of
    from batteryd.store.learned import RESETS
    from batteryd.store.ledger import Ledger
    from batteryd.store.records import WORK_ORDERS

    path = found.settings.daemon.state_dir / "ledger.db"
    if not path.exists():
        return NOTHING
    with closing(Ledger(path)) as ledger:
        return past_of(
            asset.asset_id,
            orders=ledger.records.revisions(WORK_ORDERS),
            resets=ledger.records.revisions(RESETS),
            inventory=found.inventory,
        )


def _print_events(events: "Iterable[AlarmEvent]", tally: "Tally", *, as_json: bool) -> int:
    """Print events as they come, and at the end how much there was; programs count themselves."""
    from batteryd.replay.run import event_as_json
    from batteryd.rules.found import addition_in

    for event in events:
        row = event_as_json(event)
        if as_json:
            print(json.dumps(row, ensure_ascii=False))
        else:
            said = addition_in(event.why)
            print(f"{row['at']}  {row['priority']:<8} {row['event']:<8} {said}")
    if not as_json:
        print(tally)
    return OK


def _polled(found: "Configuration", asset_id: str) -> "Asset":
    from batteryd.mistakes import unknown_text

    assets = found.inventory.assets
    if asset_id not in assets:
        allowed = unknown_text("polled battery", asset_id, known=assets)
        raise ConfigError.one("replay", "--journal", asset_id, allowed)
    return assets[asset_id]


@contextmanager
def _journal_of(found: "Configuration") -> "Iterator[Journal]":
    from batteryd.store.disk import DiskReserve
    from batteryd.store.journal import Journal
    from batteryd.store.journal_file import open_journal_file

    state_dir = found.settings.daemon.state_dir
    path = state_dir / "journal.db"
    if not path.exists():
        raise ConfigError.one(path, "", "", "a journal; the daemon makes it when it first starts")
    with closing(open_journal_file(path)) as file:
        yield Journal(file, reserve=DiskReserve(state_dir, size_bytes=0))


def _require_polls(journal: "Journal", asset: "Asset", *, from_s: float, to_s: float) -> None:
    from batteryd.store.history import LocalHistory
    from batteryd.store.resolution import RAW

    if next(journal.read(asset.asset_id, from_s, to_s), None) is not None:
        return
    begins_s = LocalHistory(journal).begins_s(asset.asset_id, RAW)
    since = "it has none at all" if begins_s == float("inf") else f"they begin {instant(begins_s)}"
    allowed = f"a stretch of which the journal has polls of {asset.asset_id}; {since}"
    raise ConfigError.one("replay", "--from", instant(from_s), allowed)


COMMANDS = (
    Command(("replay",), replay, (
        argument("recording", nargs="?", type=Path, help="a wide CSV, plain or .gz"),
        argument("--battery", type=Path, metavar="FILE",
                 help="a TOML that describes the recording's battery"),
        argument("--journal", metavar="BATTERY",
                 help="a battery whose journal is led past the rules"),
        argument("--from", dest="from_s", type=instant_of, metavar="ISO",
                 help="with --journal: from when, with its offset"),
        argument("--to", dest="to_s", type=instant_of, metavar="ISO",
                 help="with --journal: until when"),
        argument("--rules", type=Path, metavar="FILE",
                 help="rules.toml (default: the packaged), with --journal: to compare with yours"),
        CONFIG, JSON,
    )),
)  # fmt: skip
