"""The anchor file: checkpoints kept elsewhere, so that cutting off the ledger's end is noticed.

One JSON line a checkpoint, in order, only ever appended: on a mount of another machine, or a medium
that is written once. What the anchor lacks (the mount was away) is appended when it is back. A line
that a crash left unfinished is ended and then repeated in full.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, pairwise
from pathlib import Path

from batteryd.errors import StoreDamaged, StoreError
from batteryd.store.checkpoint import Checkpoint, checkpoint_of

_END_BYTES = 4096  # more than any line: a checkpoint has about 300


class Anchor:
    """An anchor file, which need not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def newest(self) -> Checkpoint | None:
        """Return the last checkpoint that was anchored; None where there is none yet.

        Raises:
            StoreError: it cannot be read.
            StoreDamaged: its end is no checkpoint.
        """
        whole_lines = self._end().split(b"\n")[:-1]
        if not whole_lines:
            return None
        try:
            return checkpoint_of(whole_lines[-1].decode())
        except ValueError as error:
            raise StoreDamaged(f"{self.path}: its last line is no checkpoint") from error

    def append(self, checkpoints: Iterable[Checkpoint]) -> None:
        """Add checkpoints, down to the disk.

        Raises:
            StoreError: it cannot be read or written.
        """
        content = b"".join(f"{checkpoint.line}\n".encode() for checkpoint in checkpoints)
        if not content:
            return
        end = self._end()
        is_unfinished = bool(end) and not end.endswith(b"\n")
        with _translated(self.path), self.path.open("ab") as file:
            file.write(b"\n" + content if is_unfinished else content)
            file.flush()
            os.fsync(file.fileno())

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Read all of it, in order.

        Raises:
            StoreError: it cannot be read.
            StoreDamaged: a line is no checkpoint, or stands before an earlier one.
        """
        last_seq = 0
        for number, line in self._finished_lines():
            try:
                checkpoint = checkpoint_of(line)
            except ValueError as error:
                raise StoreDamaged(f"{self.path}: line {number} is no checkpoint") from error
            if checkpoint.seq <= last_seq:
                raise StoreDamaged(f"{self.path}: line {number} is out of order")
            last_seq = checkpoint.seq
            yield checkpoint

    def _finished_lines(self) -> Iterator[tuple[int, str]]:
        with (
            _translated(self.path),
            self.path.open(encoding="utf-8", errors="replace", newline="\n") as file,
        ):
            for number, (line, following) in enumerate(pairwise(chain(file, [""])), start=1):
                text = line.removesuffix("\n")
                is_repeated = following.startswith(text) and len(following) > len(line)
                if line.endswith("\n") and not is_repeated:
                    yield number, text

    def _end(self) -> bytes:
        with _translated(self.path):
            if not self.path.exists():
                return b""
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _END_BYTES))
                return file.read()


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"anchor file {path}: {error.strerror}") from error
