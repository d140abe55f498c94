"""Commands about devices and recordings: read one once, lead a recording past the rules."""

import argparse
import json
from pathlib import Path

from batteryd.cli.frame import JSON, OK, Command, argument
from batteryd.cli.probe import PROBE


def replay(arguments: argparse.Namespace) -> int:
    """Lead a recording past the rules and print what they raise."""
    from batteryd.replay.run import event_as_json, replay_file
    from batteryd.rules.rulebook_file import parse_rulebook
    from batteryd.settings.files import Files, toml_of
    from batteryd.settings.paths import packaged_config_dir

    rules = Files().read(arguments.rules or packaged_config_dir() / "rules.toml")
    rulebook = parse_rulebook(toml_of(rules), file=rules.name)
    for event in replay_file(arguments.recording, battery=arguments.battery, rulebook=rulebook):
        row = event_as_json(event)
        if arguments.json:
            print(json.dumps(row, ensure_ascii=False))
        else:
            print(f"{row['at']}  {row['priority']:<8} {row['event']:<8} {row['why']}")
    return OK


COMMANDS = (
    PROBE,
    Command(("replay",), replay, (
        argument("recording", type=Path, help="a wide CSV, plain or .gz"),
        argument("--battery", type=Path, metavar="FILE", help="a TOML that describes the battery"),
        argument("--rules", type=Path, metavar="FILE", help="rules.toml; default: the packaged"),
        JSON,
    )),
)  # fmt: skip
