from pathlib import Path

import numpy as np
import pytest

from batteryd.domain.component import Component
from batteryd.domain.snapshot import (
    EMPTY_LAYOUT,
    Column,
    Layout,
    Snapshot,
    failed_snapshot,
    parse_column,
)
from batteryd.errors import StoreDamaged, StoreError
from batteryd.store.disk import DiskReserve
from batteryd.store.journal import Journal
from batteryd.store.packing import FLOAT32
from batteryd.store.rollup import Rollup
from tests.builders import NOON_S, make_layout, make_snapshot

SENSOR = "s1/m02/t1:temperature_c"
AT = make_layout().index[parse_column(SENSOR)]


def temperatures(journal: Journal, table: str) -> list[tuple[int, float, float, float, int]]:
    """Return start, minimum, mean, maximum and polls of one sensor of rack-1."""
    with journal.file.read() as db:
        rows = db.execute(
            f"SELECT start_s, minimum, mean, maximum, poll_count FROM {table}"
            " WHERE asset = 1 ORDER BY start_s"
        ).fetchall()
    return [
        (start_s - int(NOON_S), *(float(np.frombuffer(b, FLOAT32)[AT]) for b in blobs), polls)
        for start_s, *blobs, polls in rows
    ]


def poll(at_s: float, temperature_c: float | None) -> Snapshot:
    return make_snapshot(at_s=NOON_S + at_s, values={SENSOR: temperature_c})


def test_polls_become_minutes_and_hours(journal: Journal) -> None:
    journal.append([poll(0, 24.0), poll(30, 25.0), poll(60, 41.5), poll(3600, 26.0)])

    assert Rollup(journal).step() == 4

    assert temperatures(journal, "rollup_minute") == [
        (0, 24.0, 24.5, 25.0, 2),
        (60, 41.5, 41.5, 41.5, 1),
        (3600, 26.0, 26.0, 26.0, 1),
    ]
    assert temperatures(journal, "rollup_hour") == [
        (0, 24.0, pytest.approx(30.166666), 41.5, 3),
        (3600, 26.0, 26.0, 26.0, 1),
    ]


def test_a_late_poll_lands_in_its_old_minute(journal: Journal) -> None:
    rollup = Rollup(journal)
    journal.append([poll(0, 24.0), poll(600, 26.0)])
    rollup.step()

    journal.append([poll(10, 30.0)])
    rollup.step()

    assert temperatures(journal, "rollup_minute")[0] == (0, 24.0, 27.0, 30.0, 2)


def test_small_steps_give_what_one_step_gives(journal: Journal) -> None:
    journal.append([poll(i * 7, 24.0 + i) for i in range(30)])
    rollup = Rollup(journal, rows_max=4)

    steps = [rollup.step() for _ in range(9)]

    assert steps == [4] * 7 + [2, 0]
    ((start_s, minimum, mean, maximum, polls),) = temperatures(journal, "rollup_hour")
    assert (start_s, minimum, maximum, polls) == (0, 24.0, 53.0, 30)
    assert mean == pytest.approx(38.5)


def test_failed_polls_move_the_cursor_and_count_for_nothing(journal: Journal) -> None:
    failed = failed_snapshot("rack-1", make_layout(), at_s=NOON_S, failure="timeout")
    unknown = failed_snapshot("rack-1", EMPTY_LAYOUT, at_s=NOON_S, failure="timeout")
    journal.append([failed, unknown, poll(1, 24.0)])
    rollup = Rollup(journal)

    assert rollup.step() == 3
    assert rollup.step() == 0
    assert temperatures(journal, "rollup_minute") == [(0, 24.0, 24.0, 24.0, 1)]


def test_a_column_that_is_sometimes_bad_keeps_its_own_count(journal: Journal) -> None:
    rollup = Rollup(journal)
    for at_s, temperature_c in enumerate((24.0, None, 27.0)):
        journal.append([poll(at_s, temperature_c)])
        rollup.step()  # one at a time: the stored counts are read back twice

    assert temperatures(journal, "rollup_minute") == [(0, 24.0, 25.5, 27.0, 3)]


def test_a_step_that_fails_in_the_middle_counts_nothing_twice(journal: Journal) -> None:
    rollup = Rollup(journal)
    journal.append([poll(0, 24.0), poll(1, 25.0)])
    with journal.file.write() as db:
        db.execute("ALTER TABLE rollup_hour RENAME TO elsewhere")
    with pytest.raises(StoreError, match="no such table"):
        rollup.step()
    with journal.file.write() as db:
        db.execute("ALTER TABLE elsewhere RENAME TO rollup_hour")

    assert rollup.step() == 2

    assert temperatures(journal, "rollup_minute") == [(0, 24.0, 24.5, 25.0, 2)]


def test_two_roll_ups_at_once_count_nothing_twice(journal: Journal) -> None:
    journal.append([poll(0, 24.0), poll(1, 25.0)])
    other = Rollup(journal)

    def other_goes_first(_: Path) -> int:
        journal.reserve = DiskReserve(journal.file.path.parent, size_bytes=0)
        return other.step()

    folder = journal.file.path.parent
    journal.reserve = DiskReserve(folder, size_bytes=0, free=other_goes_first)

    assert Rollup(journal).step() == 0
    assert temperatures(journal, "rollup_minute") == [(0, 24.0, 24.5, 25.0, 2)]


def test_wide_rows_make_short_steps(journal: Journal) -> None:
    layout = Layout.of(Column(Component(1, 1, i), "cell_voltage_v") for i in range(1, 5001))
    values, quality = np.full(5000, 3.652), np.zeros(5000, np.uint8)
    journal.append([Snapshot("rack-1", NOON_S + i, layout, values, quality) for i in range(150)])
    rollup = Rollup(journal)

    steps = [rollup.step() for _ in range(4)]

    assert sum(steps[:3]) == 150
    assert max(steps) <= 100  # 2 MB
    assert steps[3] == 0


def test_a_row_that_does_not_fit_its_layout_is_damage(journal: Journal) -> None:
    journal.append([poll(0, 24.0)])
    with journal.file.write() as db:
        db.execute("UPDATE snapshot SET value = x'0000803f'")

    with pytest.raises(StoreDamaged, match="does not fit layout"):
        Rollup(journal).step()
