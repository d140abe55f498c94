"""Commands about devices and recordings: read one once, lead a recording past the rules."""

from batteryd.cli.probe import PROBE
from batteryd.cli.replay import REPLAY

COMMANDS = (PROBE, REPLAY)
