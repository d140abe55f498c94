"""Puts the commands together. Errors become exit codes, and one line that says what to do.

0 fine; 1 the answer is no; 2 usage or configuration; 3 unreachable; 4 no profile matches.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module

import batteryd
from batteryd.cli.frame import NO, NO_PROFILE, OK, UNREACHABLE, USAGE, Command, Run, complain
from batteryd.errors import BatterydError, ConfigError, LinkError, ProfileError

# The first kind that fits; the last fits every error of ours.
EXIT_CODES: tuple[tuple[type[BatterydError], int], ...] = (
    (ConfigError, USAGE),
    (ProfileError, NO_PROFILE),
    (LinkError, UNREACHABLE),
    (BatterydError, NO),
)

# In which modules the commands of a first word stand. One command loads its own alone: all of them
# take longer to load than a short command runs.
_HOMES: Mapping[str, tuple[str, ...]] = {
    "run": ("daemon",),
    "demo": ("daemon",),
    "check-config": ("daemon",),
    "status": ("daemon",),
    "probe": ("probe",),
    "replay": ("replay",),
    "alarms": ("alarms",),
    "rules": ("rules",),
    "health": ("health",),
    "work": ("work", "permit"),
    "finding": ("finding",),
    "register": ("register",),
    "warranty": ("warranty",),
    "report": ("report", "evidence"),
    "audit": ("audit",),
}

_GROUPS = {
    "alarms": "alarms, and who has seen them",
    "rules": "what rules have learned of a battery",
    "work": "work orders, and whether work may start",
    "finding": "what inspections noted, until somebody closes it",
    "register": "the register of batteries and its history",
    "warranty": "what is covered as of a day",
    "report": "reports that were made",
    "audit": "the audit chain",
}


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = sys.argv[1:] if argv is None else argv
    parser = _parser(commands(words[0] if words else ""))
    arguments = parser.parse_args(words)
    if arguments.run is None:
        parser.print_help()
        return USAGE
    run: Run = arguments.run
    try:
        return run(arguments)
    except BatterydError as error:
        code = next(code for kind, code in EXIT_CODES if isinstance(error, kind))
        return complain(error, code)
    except (KeyboardInterrupt, BrokenPipeError):
        return OK


def commands(word: str = "") -> tuple[Command, ...]:
    """Return the commands of the modules where a first word stands; without one, all."""
    found = _HOMES.get(word) or dict.fromkeys(name for names in _HOMES.values() for name in names)
    modules = [import_module(f"batteryd.cli.{name}") for name in found]
    return tuple(command for module in modules for command in module.COMMANDS)


def _parser(known: Iterable[Command]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="batteryd", description="Watches the lithium-ion batteries behind UPSs."
    )
    parser.add_argument("--version", action="version", version=f"batteryd {batteryd.__version__}")
    parser.set_defaults(run=None)
    top = parser.add_subparsers(title="commands", metavar="COMMAND")
    groups: dict[str, argparse._SubParsersAction[argparse.ArgumentParser]] = {}
    for command in known:
        *group, word = command.words
        if group and group[0] not in groups:
            made = top.add_parser(group[0], help=_GROUPS[group[0]])
            groups[group[0]] = made.add_subparsers(
                title="commands", metavar="COMMAND", required=True
            )
        home = groups[group[0]] if group else top
        text = command.run.__doc__ or ""
        one = home.add_parser(word, help=text, description=text)
        for argument in command.arguments:
            one.add_argument(*argument.flags, **argument.options)  # type: ignore[arg-type]
        one.set_defaults(run=command.run)
    return parser
