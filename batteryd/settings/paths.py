"""Where files are looked for when nobody names them.

`config/` is `/etc/batteryd`, file for file. A wheel carries the same files under
`share/batteryd/config`, so that the profiles it knows come with it.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

SYSTEM_CONFIG_FILE = Path("/etc/batteryd/batteryd.toml")


def packaged_config_dir() -> Path:
    """Return the example configuration: of the checkout, or of the installed wheel."""
    checkout = Path(__file__).resolve().parents[2] / "config"
    if (checkout / SYSTEM_CONFIG_FILE.name).is_file():
        return checkout
    return Path(sys.prefix) / "share" / "batteryd" / "config"


def profile_files(*folders: Path) -> Iterator[Path]:
    """Yield every profile once; a folder named earlier wins over a later one, file by file."""
    seen: set[str] = set()
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            if path.name not in seen:
                seen.add(path.name)
                yield path
