from pathlib import Path

import pytest

from batteryd.errors import StoreFull
from batteryd.store.disk import DiskReserve, free_bytes
from batteryd.store.journal import Journal
from batteryd.store.journal_file import open_journal_file
from tests.builders import make_snapshot


def test_nothing_is_stored_while_the_reserve_is_touched_and_then_it_goes_on(tmp_path: Path) -> None:
    free = 10_000_000
    reserve = DiskReserve(tmp_path, size_bytes=5_000_000, free=lambda _: free)
    journal = Journal(open_journal_file(tmp_path / "journal.db"), reserve=reserve)
    journal.append([make_snapshot()])

    free = 4_999_999
    with pytest.raises(StoreFull, match="reserve of 5000000 bytes"):
        journal.append([make_snapshot()])
    free = 5_000_000
    last = journal.append([make_snapshot()])

    assert last == 2
    journal.file.close()


def test_free_space_is_that_of_the_disk_below_the_folder(tmp_path: Path) -> None:
    assert free_bytes(tmp_path) > 0
