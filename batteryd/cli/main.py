"""Puts the commands together. Errors become exit codes, and one line that says what to do.

0 fine; 1 the answer is no; 2 usage or configuration; 3 unreachable; 4 no profile matches.
"""

import argparse

import batteryd
from batteryd.cli import (
    alarms,
    audit,
    daemon,
    device,
    evidence,
    finding,
    permit,
    register,
    report,
    rules,
    warranty,
    work,
)
from batteryd.cli.frame import NO, NO_PROFILE, OK, UNREACHABLE, USAGE, Command, Run, complain
from batteryd.errors import BatterydError, ConfigError, LinkError, ProfileError

# The first kind that fits; the last fits every error of ours.
EXIT_CODES: tuple[tuple[type[BatterydError], int], ...] = (
    (ConfigError, USAGE),
    (ProfileError, NO_PROFILE),
    (LinkError, UNREACHABLE),
    (BatterydError, NO),
)

COMMANDS: tuple[Command, ...] = (
    *daemon.COMMANDS,
    *device.COMMANDS,
    *alarms.COMMANDS,
    *rules.COMMANDS,
    *work.COMMANDS,
    *permit.COMMANDS,
    *finding.COMMANDS,
    *register.COMMANDS,
    *warranty.COMMANDS,
    *report.COMMANDS,
    *evidence.COMMANDS,
    *audit.COMMANDS,
)

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
    parser = _parser()
    arguments = parser.parse_args(argv)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="batteryd", description="Watches the lithium-ion batteries behind UPSs."
    )
    parser.add_argument("--version", action="version", version=f"batteryd {batteryd.__version__}")
    parser.set_defaults(run=None)
    top = parser.add_subparsers(title="commands", metavar="COMMAND")
    groups: dict[str, argparse._SubParsersAction[argparse.ArgumentParser]] = {}
    for command in COMMANDS:
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
