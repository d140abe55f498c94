"""Commands about the audit chain: does it hold, a copy for auditors, and the key that signs it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from batteryd.cli.frame import (
    CONFIG,
    NO,
    OK,
    USAGE,
    Command,
    argument,
    complain,
    configuration,
    ledger_in,
)
from batteryd.clock import SystemClock
from batteryd.errors import ConfigError

if TYPE_CHECKING:
    from batteryd.settings.model import Settings
    from batteryd.store.verify import Examination, Trust

_LEDGER = argument(
    "--ledger", type=Path, metavar="FILE",
    help="a ledger, or a copy of one, without a configuration",
)  # fmt: skip
_VERIFY = (
    CONFIG,
    _LEDGER,
    argument(
        "--export", type=Path, metavar="FILE",
        help="verify what `batteryd audit export` wrote, without a configuration",
    ),
    argument(
        "--public-key", type=Path, metavar="FILE",
        help="the key that must have signed it (default: the one of this installation)",
    ),
    argument(
        "--anchor", type=Path, metavar="FILE",
        help="checkpoints that were kept elsewhere (default: audit.anchor_file)",
    ),
)  # fmt: skip
_OUTPUT = argument(
    "-o", "--output", type=Path, required=True, metavar="FILE", help="the file to write"
)
_BY = argument("--by", required=True, metavar="NAME", help="who does it")


def audit_verify(arguments: argparse.Namespace) -> int:
    """Verify the audit chain, its signatures and the tables beside it; name what does not hold."""
    from batteryd.store.ledger_export import examine_export
    from batteryd.store.verify_file import examine_file

    if arguments.ledger and arguments.export:
        return complain("--ledger or --export, not both", USAGE)
    alone = arguments.ledger or arguments.export
    settings = None if alone else configuration(arguments).settings
    trust = _trust(arguments, settings)
    if arguments.export:
        found = examine_export(arguments.export, trust=trust)
    else:
        found = examine_file(_ledger_path(arguments, settings), trust=trust)
    if found.broken:
        return complain(f"the audit chain is broken: {_listed(found)}", NO)
    print(f"the audit chain holds: {_summary(found)}")
    if found.checkpoint and not trust.keys:
        print("whose key that is, only --public-key can tell: the file names it itself")
    return OK


def audit_export(arguments: argparse.Namespace) -> int:
    """Write the audit chain with its checkpoints as JSON lines, to be verified elsewhere."""
    from batteryd.store.ledger_export import write_export

    settings = None if arguments.ledger else configuration(arguments).settings
    ledger = _ledger_path(arguments, settings)
    if arguments.output.exists() and arguments.output.samefile(ledger):
        raise ConfigError.one("audit export", "-o", str(arguments.output), "not the ledger itself")
    end = write_export(ledger, to=arguments.output)
    print(f"{arguments.output}: {end.entry_count} entries, {end.checkpoint_count} checkpoints")
    return OK


def audit_key(arguments: argparse.Namespace) -> int:
    """Print the public key that auditors need, and its id."""
    from batteryd.store.signing import load_public

    path = _public_key_path(configuration(arguments).settings)
    if not path.exists():
        raise ConfigError.one(path, "", "", "a key; the daemon makes it when it first starts")
    key = load_public(path)
    print(f"key {key.key_id}\n{key.pem.decode()}", end="")
    return OK


def audit_rotate_key(arguments: argparse.Namespace) -> int:
    """Let a new signing key follow the present one, which vouches for it."""
    from batteryd.store import key_rotation
    from batteryd.store.signing import key_path

    now_s = SystemClock().now_s()
    settings = configuration(arguments).settings
    with ledger_in(settings.daemon.state_dir) as ledger:
        rotation = key_rotation.begin(key_path(settings.daemon.state_dir))
        ledger.rotate_key(now_s, rotation, by=arguments.by)
        rotation.finish()
        print(f"key {rotation.old.key_id} is retired; key {rotation.new.key_id} signs from now on")
        ledger.checkpoint(now_s, rotation.new, anchor=settings.audit.anchor_file)
    return OK


def _trust(arguments: argparse.Namespace, settings: "Settings | None") -> "Trust":
    """Return what a chain is held against: as asked, or else as configured."""
    from batteryd.store.checkpoint_anchor import Anchor
    from batteryd.store.signing import load_public
    from batteryd.store.verify import Trust

    key_file, anchor_file = arguments.public_key, arguments.anchor
    if settings is not None:
        ours = _public_key_path(settings)
        key_file = key_file or (ours if ours.exists() else None)
        anchor_file = anchor_file or settings.audit.anchor_file
    return Trust(
        keys=(load_public(key_file),) if key_file else (),
        anchored=Anchor(anchor_file).checkpoints() if anchor_file else (),
    )


def _public_key_path(settings: "Settings") -> Path:
    from batteryd.store.signing import key_path

    return key_path(settings.daemon.state_dir).with_suffix(".pub")


def _ledger_path(arguments: argparse.Namespace, settings: "Settings | None") -> Path:
    path: Path = settings.daemon.state_dir / "ledger.db" if settings else arguments.ledger
    if not path.exists():
        raise ConfigError.one(path, "", "", "a ledger; the daemon makes it when it first starts")
    return path


def _listed(found: "Examination") -> str:
    return "\n  ".join(str(broken) for broken in found.broken)


def _summary(found: "Examination") -> str:
    parts = [f"{found.entry_count} entries, newest hash {found.newest_hash}"]
    if found.checkpoint is None:
        parts.append("no checkpoint yet")
    else:
        parts.append(f"last checkpoint at entry {found.checkpoint.seq} of {found.checkpoint.at}")
        parts.append(f"signed by key {found.checkpoint.key_id}")
    if found.anchored:
        parts.append(f"anchored up to entry {found.anchored.seq}")
    return ", ".join(parts)


COMMANDS = (
    Command(("audit", "verify"), audit_verify, _VERIFY),
    Command(("audit", "export"), audit_export, (CONFIG, _LEDGER, _OUTPUT)),
    Command(("audit", "key"), audit_key, (CONFIG,)),
    Command(("audit", "rotate-key"), audit_rotate_key, (CONFIG, _BY)),
)
