import threading
from pathlib import Path

import numpy as np
import pytest

from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import (
    EMPTY_LAYOUT,
    Column,
    Layout,
    Snapshot,
    failed_snapshot,
    parse_column,
)
from batteryd.errors import StoreDamaged
from batteryd.store.journal import Journal
from tests.builders import NOON_S, make_layout, make_snapshot
from tests.journals import open_journal

SOC = parse_column("-:soc_pct")
SENSOR = parse_column("s1/m02/t1:temperature_c")


def test_a_snapshot_comes_back_with_its_values_exact_to_float32(journal: Journal) -> None:
    given = make_snapshot(values={"s1/m02/t1:temperature_c": 41.3, "-:voltage_v": 1234.567})

    journal.append([given])
    (found,) = journal.read("rack-1", NOON_S, NOON_S + 1)

    assert found.asset_id == "rack-1"
    assert found.observed_at_s == NOON_S
    assert found.layout.layout_id == given.layout.layout_id
    assert np.array_equal(found.values, given.values.astype(np.float32))
    assert not found.quality.any()


def test_a_bad_value_comes_back_as_nan_with_its_reason(journal: Journal) -> None:
    given = make_snapshot(values={"s1/m02/t1:temperature_c": None})

    journal.append([given])
    found = journal.latest()["rack-1"]

    at = found.layout.index[SENSOR]
    assert np.isnan(found.values[at])
    assert found.quality[at] == Quality.MISSING
    assert np.count_nonzero(found.quality) == 1


def test_a_number_marked_bad_is_not_kept(journal: Journal) -> None:
    layout = Layout.of([SOC, SENSOR])
    quality = np.array([Quality.SENTINEL, Quality.FROZEN], np.uint8)
    given = Snapshot("rack-1", NOON_S, layout, np.array([65535.0, 24.5]), quality)

    journal.append([given])
    found = journal.latest()["rack-1"]

    assert np.isnan(found.values[0])
    assert found.values[1] == 24.5
    assert found.quality.tolist() == [Quality.SENTINEL, Quality.FROZEN]


def test_a_failed_poll_is_a_row_like_any_other(journal: Journal) -> None:
    failed = failed_snapshot(
        "rack-1", make_layout(), at_s=NOON_S, failure="timeout: no answer in 1.0 s", duration_s=1.0
    )

    last = journal.append([failed])
    ((row, found),) = journal.rows_after(0, 10)

    assert row == last == 1
    assert found.failure == "timeout: no answer in 1.0 s"
    assert found.duration_s == 1.0
    assert (found.quality == Quality.LINK_FAILED).all()
    assert np.isnan(found.values).all()


def test_a_poll_that_failed_before_its_layout_was_known_is_kept(journal: Journal) -> None:
    journal.append([failed_snapshot("ups-1", EMPTY_LAYOUT, at_s=NOON_S, failure="refused: 161")])

    assert journal.latest()["ups-1"].failure == "refused: 161"


def test_rows_keep_their_order_when_the_clock_jumps_back(journal: Journal) -> None:
    journal.append([make_snapshot(at_s=NOON_S)])
    journal.append([make_snapshot(at_s=NOON_S - 3600)])
    journal.append([make_snapshot(at_s=NOON_S - 3590)])

    by_row = [s.observed_at_s for _, s in journal.rows_after(0, 10)]
    by_time = [s.observed_at_s for s in journal.read("rack-1", 0, NOON_S + 1)]

    assert by_row == [NOON_S, NOON_S - 3600, NOON_S - 3590]
    assert by_time == sorted(by_row)
    assert journal.latest()["rack-1"].observed_at_s == NOON_S - 3590


def test_a_range_begins_at_its_first_instant_and_ends_before_its_last(journal: Journal) -> None:
    journal.append([make_snapshot(at_s=NOON_S + i) for i in range(5)])

    found = [s.observed_at_s - NOON_S for s in journal.read("rack-1", NOON_S + 1, NOON_S + 3)]

    assert found == [1, 2]


def test_a_long_range_is_read_page_by_page_without_loss(journal: Journal) -> None:
    journal.append([make_snapshot(at_s=NOON_S + i // 2) for i in range(1201)])

    assert sum(1 for _ in journal.read("rack-1", 0, NOON_S * 2)) == 1201


def test_followers_get_rows_after_their_cursor(journal: Journal) -> None:
    journal.append([make_snapshot(f"rack-{i}") for i in range(5)])

    found = journal.rows_after(2, 2)

    assert [(row, s.asset_id) for row, s in found] == [(3, "rack-2"), (4, "rack-3")]


def test_row_numbers_are_never_used_again(journal: Journal) -> None:
    journal.append([make_snapshot(), make_snapshot()])
    with journal.file.write() as db:
        db.execute("DELETE FROM snapshot")

    assert journal.append([make_snapshot()]) == 3


def test_a_series_is_one_column_over_all_layouts_of_the_asset(journal: Journal) -> None:
    narrow = Layout.of([SENSOR])
    journal.append(
        [
            Snapshot("rack-1", NOON_S, narrow, np.array([24.5]), np.zeros(1, np.uint8)),
            make_snapshot(at_s=NOON_S + 10, values={"s1/m02/t1:temperature_c": 41.3}),
            make_snapshot(at_s=NOON_S + 20, values={"s1/m02/t1:temperature_c": None}),
            make_snapshot("rack-2", at_s=NOON_S + 10, values={"s1/m02/t1:temperature_c": 99.0}),
            failed_snapshot("rack-1", narrow, at_s=NOON_S + 30, failure="timeout"),
        ]
    )

    series = journal.series("rack-1", SENSOR, NOON_S, NOON_S + 60)

    assert series.at_s.tolist() == [NOON_S, NOON_S + 10, NOON_S + 20]
    assert series.value[:2].tolist() == [24.5, np.float32(41.3)]
    assert np.isnan(series.value[2])
    assert series.quality.tolist() == [Quality.GOOD, Quality.GOOD, Quality.MISSING]


@pytest.mark.parametrize(
    ("asset_id", "column"), [("rack-9", SOC), ("rack-1", parse_column("s9:voltage_v"))]
)
def test_what_was_never_seen_is_an_empty_series(
    journal: Journal, asset_id: str, column: Column
) -> None:
    journal.append([make_snapshot()])

    assert len(journal.series(asset_id, column, 0, NOON_S * 2).at_s) == 0
    assert list(journal.read("rack-9", 0, NOON_S * 2)) == []


def test_an_empty_batch_changes_nothing(journal: Journal) -> None:
    journal.append([make_snapshot()])

    assert journal.append([]) == 1


def test_a_journal_opened_again_goes_on_where_it_was(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    journal.append([make_snapshot(), make_snapshot("rack-2")])
    journal.file.close()

    again = open_journal(tmp_path / "journal.db")
    last = again.append([make_snapshot("rack-2", at_s=NOON_S + 10)])

    assert last == 3
    assert again.latest()["rack-1"].observed_at_s == NOON_S
    assert again.latest()["rack-2"].observed_at_s == NOON_S + 10
    again.file.close()


def test_a_row_that_does_not_fit_its_layout_is_damage_not_a_wrong_value(journal: Journal) -> None:
    journal.append([make_snapshot()])
    with journal.file.write() as db:
        db.execute("UPDATE snapshot SET value = x'0000803f'")

    with pytest.raises(StoreDamaged, match="does not fit layout"):
        journal.latest()


def test_readers_in_other_threads_see_whole_batches(journal: Journal) -> None:
    seen: list[int] = []

    def watch() -> None:
        while not seen or seen[-1] < 400:
            seen.append(journal.last_row())

    readers = [threading.Thread(target=watch) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(40):
        journal.append([make_snapshot() for _ in range(10)])
    for reader in readers:
        reader.join()

    assert {count % 10 for count in seen} == {0}
