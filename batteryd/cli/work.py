"""Commands about work orders: open, check, attest, accept-risk, start, close, list."""

from batteryd.cli.frame import Command

COMMANDS: tuple[Command, ...] = ()
