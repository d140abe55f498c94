"""Which key a command signs with, where no daemon does it for the operator.

The installation's key signs where there is one that this user may read; its id is the one that
auditors were given. Somebody who makes a report from a file on a desk has a key of their own, made
on first use. A command never makes the installation's key for another user: the daemon could not
read it.
"""

import os
import sys
from pathlib import Path

from batteryd.errors import ConfigError, StoreError
from batteryd.report.manifest import Signer
from batteryd.settings.load import load_configuration
from batteryd.store.signing import SigningKey, key_path


def signer_for(key_file: Path | None, *, config: Path) -> Signer:
    """Return who signs: with the key that is named, the installation's, or the user's own.

    Raises:
        ConfigError: the key that is named cannot be used.
        StoreError: the key cannot be used or made.
    """
    path = key_file or _installation_key(config) or _own_key()
    is_new = not path.exists()
    try:
        key = SigningKey.load_or_create(path)
    except StoreError as error:
        if key_file is None:
            raise
        raise ConfigError.one("report", "--key", str(path), f"a signing key ({error})") from error
    if is_new:
        print(f"batteryd: made the signing key {key.key_id} in {path}", file=sys.stderr)
    return Signer(key.public, key.sign)


def _installation_key(config: Path) -> Path | None:
    try:
        state_dir = load_configuration(config, environ=os.environ).settings.daemon.state_dir
    except ConfigError:
        return None
    path = key_path(state_dir)
    is_ours = state_dir.is_dir() and state_dir.stat().st_uid == os.geteuid()
    return path if os.access(path, os.R_OK) or (is_ours and not path.exists()) else None


def _own_key() -> Path:
    state_home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return key_path(Path(state_home) / "batteryd")
