"""Commands about inspection findings: open, close, list."""

from batteryd.cli.frame import Command

COMMANDS: tuple[Command, ...] = ()
