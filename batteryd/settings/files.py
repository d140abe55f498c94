"""Reads the files of a configuration, and says in the operator's words why one cannot be read.

What was read is remembered with its digest: a report names the revision of the inventory it was
made from, and a reload tells what has changed.
"""

import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batteryd.errors import ConfigError

FILE_BYTES_MAX = 64 * 1024 * 1024  # a register of 100,000 batteries has about 25 MB

_TOML_PLACE = re.compile(r"^(?P<what>.*) \((?:at )?(?P<where>[^()]*)\)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file as it was read; it is never read twice."""

    path: Path
    content: bytes

    @property
    def name(self) -> str:
        """What mistakes call this file."""
        return str(self.path)

    @property
    def sha256(self) -> str:
        """Hex digest of the content."""
        return hashlib.sha256(self.content).hexdigest()


class Files:
    """Reads files of bounded size, and remembers the digest of each."""

    def __init__(self) -> None:
        self._read: list[SourceFile] = []

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of everything that was read, by path."""
        return {file.name: file.sha256 for file in self._read}

    def read(self, path: Path) -> SourceFile:
        """Read a file.

        Raises:
            ConfigError: it is missing, unreadable, no file, or larger than `FILE_BYTES_MAX`.
        """
        try:
            with path.open("rb") as opened:
                content = opened.read(FILE_BYTES_MAX + 1)
        except OSError as error:
            allowed = f"a file that can be read ({error.strerror})"
            raise ConfigError.one(path, "", "", allowed) from None
        if len(content) > FILE_BYTES_MAX:
            raise ConfigError.one(path, "", "", f"a file of at most {FILE_BYTES_MAX} bytes")
        self._read.append(SourceFile(path, content))
        return self._read[-1]


def toml_of(file: SourceFile) -> dict[str, Any]:
    """Parse a TOML file.

    Raises:
        ConfigError: the text is not TOML; the key says in which line and column.
    """
    try:
        return tomllib.loads(file.content.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = file.content.count(b"\n", 0, error.start) + 1
        raise ConfigError.one(file.path, f"line {line}", "", "text in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        found = _TOML_PLACE.match(str(error))
        what, where = (found["what"], found["where"]) if found else (str(error), "")
        raise ConfigError.one(file.path, where, "", f"TOML ({what})") from None


def revision_of(*digests: str) -> str:
    """Return one digest for several; where the files stand does not matter."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()
