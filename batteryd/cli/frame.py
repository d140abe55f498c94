"""What every command is made of: its words, its arguments, its exit codes, the files it opens.

A command is a function that takes its arguments and returns an exit code; a module of this package
lists its commands in `COMMANDS`. Heavy imports stand inside the functions: `batteryd --help` must
not wait for pymodbus.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from batteryd.cli.terminal import tell
from batteryd.errors import ConfigError

if TYPE_CHECKING:
    from batteryd.settings.load import Configuration
    from batteryd.store.ledger import Ledger

OK, NO, USAGE, UNREACHABLE, NO_PROFILE = 0, 1, 2, 3, 4

Run = Callable[[argparse.Namespace], int]


class Argument(NamedTuple):
    """One argument of a command, as argparse wants it."""

    flags: tuple[str, ...]
    options: dict[str, object]


class Command(NamedTuple):
    """A command: its words, what it does, its arguments."""

    words: tuple[str, ...]
    run: Run
    arguments: tuple[Argument, ...] = ()


def argument(*flags: str, **options: object) -> Argument:
    """Return an argument; the words are those of `ArgumentParser.add_argument`."""
    return Argument(flags, options)


CONFIG = argument(
    "-c", "--config", type=Path, default=Path("/etc/batteryd/batteryd.toml"), metavar="FILE",
    help="batteryd.toml (default /etc/batteryd/batteryd.toml)",
)  # fmt: skip
JSON = argument("--json", action="store_true", help="print JSON")


def configuration(arguments: argparse.Namespace) -> "Configuration":
    """Read the configuration that a command names.

    Raises:
        ConfigError: with every mistake in every file.
    """
    from batteryd.settings.load import load_configuration

    return load_configuration(arguments.config, environ=os.environ)


def open_ledger(arguments: argparse.Namespace) -> "AbstractContextManager[Ledger]":
    """Open the ledger of the configured daemon; it is closed at the end of the block.

    Raises:
        ConfigError: no daemon has made one yet.
    """
    return ledger_in(configuration(arguments).settings.daemon.state_dir)


def ledger_in(state_dir: Path) -> "AbstractContextManager[Ledger]":
    """Open the ledger of a state directory; it is closed at the end of the block.

    Raises:
        ConfigError: no daemon has made one yet.
    """
    from contextlib import closing

    from batteryd.store.ledger import Ledger

    path = state_dir / "ledger.db"
    if not path.exists():
        raise ConfigError.one(path, "", "", "a ledger; the daemon makes it when it first starts")
    return closing(Ledger(path))


def print_json(value: object) -> None:
    """Print a value as JSON, with names in the letters they are written in."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def instant(at_s: float) -> str:
    """Return an instant as people and programs read it, UTC."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def complain(what: object, code: int) -> int:
    """Say on stderr what is wrong; return the exit code."""
    tell(f"batteryd: {what}", hang=4, to=sys.stderr)
    return code
