"""A journal in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from batteryd.store.journal import Journal
from tests.journals import open_journal


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = open_journal(tmp_path / "journal.db")
    yield journal
    journal.file.close()
