"""Commands about warranties."""

from batteryd.cli.frame import Command

COMMANDS: tuple[Command, ...] = ()
