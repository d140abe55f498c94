"""A small configuration that is right, laid out on the disk so that a test can spoil one file."""

import shutil
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent
GOOD = HERE / "good"
MISTAKES = HERE / "mistakes"

NO_ENVIRONMENT: Mapping[str, str] = {}
WITH_REGISTER = {"BATTERYD_FILES__INVENTORY": "register.csv"}

SECRET = "s3cret-of-the-cards"


def lay_out(folder: Path) -> Path:
    """Copy the good configuration, with its secrets, and return its batteryd.toml."""
    shutil.copytree(GOOD, folder, dirs_exist_ok=True)
    write_secret(folder / "community", SECRET)
    return folder / "batteryd.toml"


def write_secret(path: Path, text: str, *, mode: int = 0o640) -> None:
    """Write a secret's file."""
    path.write_text(text)
    path.chmod(mode)
