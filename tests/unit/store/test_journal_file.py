import sqlite3
from pathlib import Path

import pytest

from batteryd.errors import StoreDamaged, StoreError, StoreFull
from batteryd.store.disk import DiskReserve
from batteryd.store.journal import Journal
from batteryd.store.journal_file import open_journal_file, open_or_set_aside
from tests.builders import NOON_S, make_snapshot
from tests.journals import open_journal


def test_a_full_disk_rolls_the_batch_back_and_recovers_by_itself(journal: Journal) -> None:
    journal.append([make_snapshot()])
    writer = journal.file._writer
    pages = writer.execute("PRAGMA page_count").fetchone()[0]

    writer.execute(f"PRAGMA max_page_count = {pages + 2}").fetchall()
    with pytest.raises(StoreFull, match="full"):
        journal.append([make_snapshot(at_s=NOON_S + i) for i in range(500)])
    assert journal.last_row() == 1
    writer.execute("PRAGMA max_page_count = 4294967294").fetchall()

    assert journal.append([make_snapshot()]) == 2


@pytest.mark.parametrize("keep", [0.0, 0.5])
def test_a_damaged_journal_is_refused(tmp_path: Path, keep: float) -> None:
    path = _written(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)] + b"\xa5" * 8192)

    with pytest.raises(StoreDamaged, match=r"journal\.db"):
        open_journal_file(path)


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE invoice (number INTEGER)")
    other.close()

    with pytest.raises(StoreDamaged, match="not a journal"):
        open_journal_file(path)


def test_a_versioned_database_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 1")
    other.close()

    with pytest.raises(StoreDamaged, match="not a journal"):
        open_journal_file(path)


def test_a_damaged_journal_is_set_aside_and_a_new_one_begun(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = _written(tmp_path)
    damaged = b"\xa5" * 8192
    path.write_bytes(damaged)

    file = open_or_set_aside(path, now_s=NOON_S)

    assert Journal(file, reserve=DiskReserve(tmp_path, size_bytes=0)).last_row() == 0
    assert path.with_name("journal.db.damaged-1764072000").read_bytes() == damaged
    assert "journal damaged, set aside" in caplog.text
    file.close()


def test_a_journal_of_a_newer_version_is_refused_and_left_in_place(tmp_path: Path) -> None:
    path = _written(tmp_path)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()

    with pytest.raises(StoreError, match="newer batteryd"):
        open_or_set_aside(path, now_s=NOON_S)

    assert [p.name for p in tmp_path.iterdir()] == ["journal.db"]


def test_a_journal_in_a_missing_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere/journal\.db"):
        open_journal_file(tmp_path / "nowhere" / "journal.db")


def _written(folder: Path) -> Path:
    journal = open_journal(folder / "journal.db")
    journal.append([make_snapshot(at_s=NOON_S + i) for i in range(500)])
    journal.file.close()
    return journal.file.path
