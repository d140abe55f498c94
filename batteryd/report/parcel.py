"""What a manifest and its files lie in: a folder, or a zip archive.

Names are relative and use slashes in both. Whatever is wrong with one file (no permission, a broken
archive) is said of that file, and the others are still looked at.
"""

import zipfile
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from batteryd.errors import ReportError
from batteryd.report.manifest import FileDigest, digest_of

Read = TypeVar("Read")

SMALL_BYTES_MAX = 16 * 1024 * 1024  # a manifest, a signature, a key

_MISSING = (FileNotFoundError, NotADirectoryError, KeyError)
_UNREADABLE = (
    OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parcel:
    """Somewhere that files are. `names` lists them all, sorted; one that is there twice, twice."""

    names: Callable[[], tuple[str, ...]]
    opened: Callable[[str], AbstractContextManager[IO[bytes]]]

    def content(self, name: str) -> bytes | None:
        """Return a file of at most `SMALL_BYTES_MAX` bytes; None where there is none.

        Raises:
            ReportError: it cannot be read, or is longer.
        """
        content = self._read(name, lambda stream: stream.read(SMALL_BYTES_MAX + 1))
        if content is not None and len(content) > SMALL_BYTES_MAX:
            raise ReportError(f"longer than {SMALL_BYTES_MAX} bytes")
        return content

    def digest(self, name: str, *, size_bytes_max: int) -> FileDigest | None:
        """Return what a file hashes to, read to just past `size_bytes_max`; None: there is none.

        Raises:
            ReportError: it cannot be read.
        """
        return self._read(name, lambda s: digest_of(name, s, size_bytes_max=size_bytes_max))

    def _read(self, name: str, read: Callable[[IO[bytes]], Read]) -> Read | None:
        try:
            with self.opened(name) as stream:
                return read(stream)
        except _MISSING:
            return None
        except _UNREADABLE as error:
            raise ReportError(f"cannot be read ({error})") from None


def folder(path: Path) -> Parcel:
    """Return the files of a folder and of the folders below it."""

    def names() -> tuple[str, ...]:
        files = (found for found in path.rglob("*") if not found.is_dir())
        return tuple(sorted(found.relative_to(path).as_posix() for found in files))

    return Parcel(names=names, opened=lambda name: (path / name).open("rb"))


def archive(path: Path) -> Parcel:
    """Return the files of a zip archive.

    Raises:
        ReportError: its table of contents cannot be read.
    """
    try:
        opened = zipfile.ZipFile(path)
    except _UNREADABLE as error:
        raise ReportError(f"cannot be read as a zip archive ({error})") from None
    names = tuple(sorted(item.filename for item in opened.infolist() if not item.is_dir()))
    return Parcel(names=lambda: names, opened=lambda name: opened.open(name))
