"""Commands about devices and recordings: read one once, lead a recording past the rules."""

import argparse
import asyncio
import json
from pathlib import Path

from batteryd.cli.frame import CONFIG, JSON, OK, USAGE, Command, argument, complain
from batteryd.clock import SystemClock


def probe(arguments: argparse.Namespace) -> int:
    """Read one device once and show what it says, in our words and units."""
    from batteryd.devices.address import parse_address
    from batteryd.devices.probe import probe as ask
    from batteryd.settings.collect import Collector
    from batteryd.settings.files import Files
    from batteryd.settings.profiles import read_profiles

    try:
        address = parse_address(arguments.target)
    except ValueError as error:
        return complain(error, USAGE)
    collector = Collector()
    folder = arguments.config.parent / "profiles"
    found = read_profiles(folder, files=Files(), collector=collector)
    profiles = {name: profile for name, profile in found.items() if profile is not None}
    if arguments.profile is not None and arguments.profile not in profiles:
        known = ", ".join(sorted(profiles))
        return complain(f"no profile {arguments.profile}; there are {known}", USAGE)
    answer = asyncio.run(
        ask(
            address,
            profiles,
            profile_name=arguments.profile,
            timeout_s=arguments.timeout,
            clock=SystemClock(),
        )
    )
    print(json.dumps(answer.as_json(), indent=2) if arguments.json else answer.as_text())
    return OK


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
    Command(("probe",), probe, (
        argument("target", help="snmp://host[:161]?community=public&version=2c or modbus://host/UNIT"),
        argument("--profile", metavar="NAME", help="read with this profile; default: recognise"),
        argument("--timeout", type=float, default=2.0, metavar="S", help="for one answer"),
        CONFIG, JSON,
    )),
    Command(("replay",), replay, (
        argument("recording", type=Path, help="a wide CSV, plain or .gz"),
        argument("--battery", type=Path, metavar="FILE", help="a TOML that describes the battery"),
        argument("--rules", type=Path, metavar="FILE", help="rules.toml; default: the packaged"),
        JSON,
    )),
)  # fmt: skip
