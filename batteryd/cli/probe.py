"""The command that asks one device: reads it once, records it, or reads it from a recording."""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from batteryd.cli.frame import CONFIG, JSON, OK, USAGE, Command, argument, complain, print_json
from batteryd.cli.output import write_file
from batteryd.clock import SystemClock
from batteryd.errors import BatterydError, ConfigError
from batteryd.mistakes import unknown_text

if TYPE_CHECKING:
    from batteryd.devices.address import Address
    from batteryd.devices.probe_answer import ProbeAnswer
    from batteryd.devices.profile import Profile
    from batteryd.devices.recorder import Recorded

_PLACES_SHOWN_MAX = 20


def probe(arguments: argparse.Namespace) -> int:
    """Read one device once and show what it says, in our words and units."""
    if (arguments.target is None) == (arguments.replay is None):
        return complain("either a TARGET or --replay FILE", USAGE)
    if arguments.record is not None and arguments.target is None:
        return complain("--record goes with a TARGET", USAGE)
    profiles = _profiles(arguments)
    if arguments.profile is not None and arguments.profile not in profiles:
        allowed = unknown_text("profile", arguments.profile, known=sorted(profiles))
        raise ConfigError.one("probe", "--profile", arguments.profile, allowed)
    if arguments.replay is not None:
        answer = _replayed(arguments, profiles)
    elif arguments.record is not None:
        answer = _recorded(arguments, profiles)
    else:
        answer = _asked(arguments, profiles)
    from batteryd.devices.probe_text import answer_text

    if arguments.json:
        print_json(answer.as_json())
    else:
        print(answer_text(answer))
    return OK


def _profiles(arguments: argparse.Namespace) -> "Mapping[str, Profile]":
    """Read the profiles.

    Raises:
        ConfigError: something is wrong in a folder that was named.
    """
    from batteryd.settings.collect import Collector
    from batteryd.settings.files import Files
    from batteryd.settings.profiles import read_profiles

    collector = Collector()
    folder = arguments.profiles or arguments.config.parent / "profiles"
    found = read_profiles(folder, files=Files(), collector=collector)
    if arguments.profiles is not None and collector.mistakes:
        raise ConfigError(collector.mistakes)
    return {name: profile for name, profile in found.items() if profile is not None}


def _asked(arguments: argparse.Namespace, profiles: "Mapping[str, Profile]") -> "ProbeAnswer":
    from batteryd.devices.probe import probe as ask

    return asyncio.run(
        ask(
            _address(arguments),
            profiles,
            profile_name=arguments.profile,
            timeout_s=arguments.timeout,
            clock=SystemClock(),
        )
    )


def _replayed(arguments: argparse.Namespace, profiles: "Mapping[str, Profile]") -> "ProbeAnswer":
    from batteryd.devices.recording_file import parse_recording
    from batteryd.devices.replayed import probe_recording
    from batteryd.settings.files import Files

    file = Files().read(arguments.replay)
    return asyncio.run(
        probe_recording(
            parse_recording(file.content, file=file.name),
            profiles,
            target=file.name,
            profile_name=arguments.profile,
            clock=SystemClock(),
        )
    )


def _recorded(arguments: argparse.Namespace, profiles: "Mapping[str, Profile]") -> "ProbeAnswer":
    """Write a recording, also of a device that no profile fits: that is the one to record."""
    import batteryd
    from batteryd.devices.recorder import Recorder
    from batteryd.devices.recording_file import recording_text

    recorder = Recorder(
        profiles,
        clock=SystemClock(),
        timeout_s=arguments.timeout,
        note=f"Recorded and made anonymous by batteryd {batteryd.__version__}.",
        profile_name=arguments.profile,
        kept=tuple(text.encode() for text in arguments.keep),
    )
    recorded = asyncio.run(recorder.record(_address(arguments)))
    write_file(arguments.record, recording_text(recorded.recording).encode())
    print("\n".join(_summary(recorded, file=arguments.record)), file=sys.stderr)
    if isinstance(recorded.answer, BatterydError):
        raise recorded.answer
    return recorded.answer


def _summary(recorded: "Recorded", *, file: Path) -> Iterator[str]:
    yield f"{file}: {recorded.recording.size} recorded"
    counted = Counter(row.kind for row in recorded.replaced)
    kinds = ", ".join(f"{count} x {kind}" for kind, count in sorted(counted.items()))
    yield f"replaced: {kinds or 'nothing'}"
    for row in recorded.replaced[:_PLACES_SHOWN_MAX]:
        yield f"  {row.kind:<16} {row.place}"
    if len(recorded.replaced) > _PLACES_SHOWN_MAX:
        yield f"  and {len(recorded.replaced) - _PLACES_SHOWN_MAX} more"
    yield from (f"not asked to the end: {cut}" for cut in recorded.cuts)
    if recorded.differences:
        yield f"not read as the device was: {', '.join(recorded.differences)}"
    yield "Look through the file before you give it away. --keep TEXT leaves a text as it is."


def _address(arguments: argparse.Namespace) -> "Address":
    from batteryd.devices.address import parse_address

    try:
        return parse_address(arguments.target)
    except ValueError as error:
        raise ConfigError.one("TARGET", "", "", str(error)) from None


COMMANDS = (
    Command(("probe",), probe, (
        argument(
            "target", nargs="?", metavar="TARGET",
            help="snmp://host[:161]?community=public&version=2c or modbus://host/UNIT",
        ),
        argument("--profile", metavar="NAME", help="read with this profile; default: recognise"),
        argument("--profiles", type=Path, metavar="FOLDER",
                 help="profiles that count before others"),
        argument("--timeout", type=float, default=2.0, metavar="S", help="for one answer"),
        argument("--record", type=Path, metavar="FILE", help="write an anonymous recording, too"),
        argument(
            "--keep", action="append", default=[], metavar="TEXT",
            help="a text that may stay in the recording, such as the model's name; repeatable",
        ),
        argument("--replay", type=Path, metavar="FILE",
                 help="read a recording instead of a device"),
        CONFIG, JSON,
    )),
)  # fmt: skip
