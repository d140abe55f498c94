"""What commands that write a file share: the argument, the writing, and who signs."""

from pathlib import Path
from typing import TYPE_CHECKING

from batteryd.cli.frame import argument
from batteryd.errors import ConfigError

if TYPE_CHECKING:
    from batteryd.report.manifest import Signer

OUTPUT = argument(
    "-o", "--output", required=True, type=Path, metavar="FILE", help="the file to write"
)


def write_file(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all.

    Raises:
        ConfigError: it cannot be written there.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        allowed = f"a file that can be written ({error.strerror})"
        raise ConfigError.one(path, "", "", allowed) from None


def signer_in(state_dir: Path) -> "Signer | None":
    """Return who signs for an installation; None where its daemon has made no key yet.

    Raises:
        StoreError: there is a key that cannot be used.
    """
    from batteryd.report.manifest import Signer
    from batteryd.store.signing import SigningKey, key_path

    path = key_path(state_dir)
    if not path.exists():
        return None
    key = SigningKey.load(path)
    return Signer(key.public, key.sign)
