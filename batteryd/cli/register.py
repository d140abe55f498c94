"""Commands about the register of batteries: import, export, history."""

from batteryd.cli.frame import Command

COMMANDS: tuple[Command, ...] = ()
