"""What a command sees of the room without a daemon: the newest reading that did not fail."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from batteryd.domain.snapshot import Snapshot, failed_snapshot
from batteryd.permits.readings import LOOKBACK_S, last_good
from batteryd.store.journal import Journal
from tests.builders import NOON_S
from tests.journals import open_journal
from tests.work_site import LAYOUT, rack


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = open_journal(tmp_path / "journal.db")
    yield made
    made.file.close()


def failed(asset_id: str, *, at_s: float) -> Snapshot:
    return failed_snapshot(asset_id, LAYOUT, at_s=at_s, failure="timeout: no answer")


def test_the_newest_reading_of_each_asset_is_found(journal: Journal) -> None:
    journal.append([rack("R1", at_s=NOON_S - 20), rack("R2", at_s=NOON_S - 20)])
    journal.append([rack("R1", at_s=NOON_S - 10), rack("R8", at_s=NOON_S - 10)])

    found = last_good(journal, ["R1", "R2", "R3"], now_s=NOON_S)

    assert {name: s.observed_at_s for name, s in found.items()} == {
        "R1": NOON_S - 10,
        "R2": NOON_S - 20,
    }


def test_failed_polls_do_not_hide_the_reading_before_them(journal: Journal) -> None:
    journal.append([rack("R1", at_s=NOON_S - 40), rack("R1", at_s=NOON_S - 30, soc_pct=19.0)])
    journal.append([failed("R1", at_s=NOON_S - 20), failed("R1", at_s=NOON_S - 10)])

    found = last_good(journal, ["R1"], now_s=NOON_S)["R1"]

    assert found.observed_at_s == NOON_S - 30
    assert not found.is_failed


def test_behind_failed_polls_nobody_looks_back_for_ever(journal: Journal) -> None:
    journal.append([rack("R1", at_s=NOON_S - LOOKBACK_S - 1), failed("R1", at_s=NOON_S)])

    assert last_good(journal, ["R1"], now_s=NOON_S) == {}
