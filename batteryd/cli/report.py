"""Commands about reports that were made: verify."""

from batteryd.cli.frame import Command

COMMANDS: tuple[Command, ...] = ()
