"""A journal in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from batteryd.store.journal import Journal
from batteryd.store.journal_file import JournalFile


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    file = JournalFile(tmp_path / "journal.db")
    yield Journal(file)
    file.close()
