"""A journal for tests: on a disk that is never full."""

from pathlib import Path

from batteryd.store.disk import DiskReserve
from batteryd.store.journal import Journal
from batteryd.store.journal_file import open_journal_file


def open_journal(path: Path) -> Journal:
    """Open or create a journal that keeps no reserve."""
    return Journal(open_journal_file(path), reserve=DiskReserve(path.parent, size_bytes=0))
