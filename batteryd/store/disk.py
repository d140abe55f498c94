"""The disk below the store, and the part of it that the journal leaves free.

Journal and ledger are on one disk. Alarms matter more than history, so the journal stops while the
ledger can still write; it goes on by itself when space is back.
"""

import os
from collections.abc import Callable
from pathlib import Path

from batteryd.errors import StoreFull


def free_bytes(folder: Path) -> int:
    """Return what an ordinary user may still write on the disk that `folder` is on."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


class DiskReserve:
    """Space that is left to others. Asking costs one system call, so every batch asks."""

    def __init__(
        self, folder: Path, *, size_bytes: int, free: Callable[[Path], int] = free_bytes
    ) -> None:
        self._folder = folder
        self._size_bytes = size_bytes
        self._free = free

    @property
    def is_touched(self) -> bool:
        """Whether less is free than the reserve."""
        return self._free(self._folder) < self._size_bytes

    def require(self) -> None:
        """Refuse to store more while the reserve is touched.

        Raises:
            StoreFull: it is touched.
        """
        if self.is_touched:
            raise StoreFull(
                f"less than the reserve of {self._size_bytes} bytes is free in {self._folder}"
            )
