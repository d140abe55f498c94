"""Puts a report into the world: the file, its manifest, the signature and the key that checks it.

Each file appears whole or not at all, under its name only once it is complete. The manifest hashes
what was written to the disk, not what was meant to be.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import BinaryIO

from batteryd.errors import ConfigError
from batteryd.report.manifest import SUFFIX, Signer, digest_of, manifest_files

Write = Callable[[BinaryIO], None]


def issue(
    path: Path,
    write: Write,
    *,
    header: Mapping[str, object],
    made: Mapping[str, object],
    signer: Signer | None,
) -> tuple[Path, ...]:
    """Write a report to `path` and its manifest beside it; return every file, the report first.

    Raises:
        ConfigError: a file cannot be written there.
    """
    try:
        _write_whole(path, write)
        with path.open("rb") as stream:
            digest = digest_of(path.name, stream)
        beside = manifest_files(
            f"{path.name}{SUFFIX}", (digest,), header=header, made=made, signer=signer
        )
        for name, content in beside.items():
            _write_whole(path.with_name(name), partial(_put, content))
    except OSError as error:
        allowed = f"a file that can be written ({error.strerror})"
        raise ConfigError.one(path, "", "", allowed) from None
    return (path, *(path.with_name(name) for name in beside))


def _put(content: bytes, out: BinaryIO) -> None:
    out.write(content)


def _write_whole(path: Path, write: Write) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as out:
            write(out)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
