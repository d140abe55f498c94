"""A roll-up in pieces: what is between two of them, and what a kill between them leaves behind."""

import pytest

from batteryd.domain.snapshot import Snapshot
from batteryd.errors import StoreError
from batteryd.store.cursors import ROLLUP, cursor
from batteryd.store.disk import DiskReserve
from batteryd.store.journal import Journal
from batteryd.store.limits import JournalLimits
from batteryd.store.retention import Retention
from batteryd.store.rollup import Rollup
from tests.builders import NOON_S, make_snapshot
from tests.journals import open_journal

RACKS = 5
DAY_S = 86_400.0


def polled(number: int, *, racks: int = RACKS, from_s: float = NOON_S) -> list[Snapshot]:
    """Return one poll of each rack, ten seconds after the one before."""
    return [
        make_snapshot(f"rack-{n}", at_s=from_s + 10 * number, values={"-:soc_pct": 50.0 + number})
        for n in range(racks)
    ]


def poll_counts(journal: Journal, table: str = "rollup_minute") -> dict[str, int]:
    with journal.file.read() as db:
        found = db.execute(f"SELECT asset, sum(poll_count) FROM {table} GROUP BY asset").fetchall()
    return {journal.names.asset_id(asset): count for asset, count in found}


def lines(journal: Journal) -> list[tuple[object, ...]]:
    """Return all that is stored in minutes and hours."""
    with journal.file.read() as db:
        return [
            row
            for table in ("rollup_minute", "rollup_hour")
            for row in db.execute(f"SELECT * FROM {table} ORDER BY asset, start_s, layout")
        ]


def rolled_up_row(journal: Journal) -> int:
    with journal.file.read() as db:
        return cursor(db, ROLLUP)


def finish(rollup: Rollup) -> None:
    while rollup.step():
        pass


@pytest.fixture
def minute(journal: Journal) -> Journal:
    """Return a journal with a minute of polls."""
    for number in range(6):
        journal.append(polled(number))
    return journal


def test_a_piece_has_all_polls_of_a_battery_before_the_next_battery(minute: Journal) -> None:
    rollup = Rollup(minute, rows_max=12)

    assert rollup.step() == 12

    assert poll_counts(minute) == {"rack-0": 6, "rack-1": 6}


def test_followers_are_waited_for_until_a_round_is_whole(minute: Journal) -> None:
    rollup = Rollup(minute, rows_max=12)

    rows = []
    while rollup.step():
        rows.append(rolled_up_row(minute))

    assert rows == [0, 0, 30]


@pytest.mark.parametrize("rows_max", [1, 4, 6, 7, 29])
def test_a_restart_between_any_two_pieces_loses_and_doubles_nothing(
    minute: Journal, rows_max: int
) -> None:
    taken = 0
    while (count := Rollup(minute, rows_max=rows_max).step()) and taken < 100:  # made anew: a start
        taken += count

    assert taken == RACKS * 6
    assert poll_counts(minute) == poll_counts(minute, "rollup_hour") == {
        f"rack-{n}": 6 for n in range(RACKS)
    }  # fmt: skip


def test_what_is_stored_is_the_same_with_and_without_restarts(minute: Journal) -> None:
    finish(Rollup(minute, rows_max=7))
    other = open_journal(minute.file.path.with_name("other.db"))
    for number in range(6):
        other.append(polled(number))

    while Rollup(other, rows_max=7).step():
        pass

    assert lines(other) == lines(minute)
    assert len(lines(other)) == 2 * RACKS
    other.file.close()


def test_polls_between_two_pieces_are_of_the_next_round(minute: Journal) -> None:
    rollup = Rollup(minute, rows_max=12)
    rollup.step()

    minute.append(polled(6))

    assert [rollup.step(), rollup.step(), rolled_up_row(minute)] == [12, 6, 30]
    assert [rollup.step(), rollup.step()] == [5, 0]
    assert poll_counts(minute) == {f"rack-{n}": 7 for n in range(RACKS)}


def test_polls_between_two_pieces_and_a_restart_are_of_the_next_round(minute: Journal) -> None:
    Rollup(minute, rows_max=12).step()
    minute.append(polled(6))

    again = Rollup(minute, rows_max=100)

    assert [again.step(), rolled_up_row(minute), again.step()] == [18, 30, 5]
    assert poll_counts(minute) == {f"rack-{n}": 7 for n in range(RACKS)}


def test_a_piece_that_cannot_be_written_is_tried_again(minute: Journal) -> None:
    rollup = Rollup(minute, rows_max=12)
    rollup.step()
    reserve = minute.reserve
    minute.reserve = DiskReserve(minute.file.path.parent, size_bytes=10, free=lambda _: 9)
    with pytest.raises(StoreError):
        rollup.step()

    minute.reserve = reserve
    finish(rollup)

    assert poll_counts(minute) == {f"rack-{n}": 6 for n in range(RACKS)}


def test_two_roll_ups_that_take_turns_count_nothing_twice(minute: Journal) -> None:
    one, other = Rollup(minute, rows_max=7), Rollup(minute, rows_max=4)

    assert [one.step(), other.step(), one.step(), other.step()] == [7, 4, 7, 4]
    finish(one)

    assert poll_counts(minute) == {f"rack-{n}": 6 for n in range(RACKS)}


def test_retention_leaves_the_rows_of_a_round_that_is_not_whole(journal: Journal) -> None:
    for number in range(6):
        journal.append(polled(number, from_s=NOON_S - 3 * DAY_S))
    rollup = Rollup(journal, rows_max=12)
    rollup.step()
    retention = Retention(journal, JournalLimits(raw_days=2, minute_days=10, hour_days=100))

    assert retention.step(NOON_S).raw == 0
    finish(rollup)

    assert poll_counts(journal) == {f"rack-{n}": 6 for n in range(RACKS)}
    assert retention.step(NOON_S).raw == 30


def test_rows_that_are_gone_in_the_middle_of_a_round_do_not_hold_it_up(minute: Journal) -> None:
    rollup = Rollup(minute, rows_max=12)
    rollup.step()
    with minute.file.write() as db:  # what a full disk may force
        db.execute("DELETE FROM snapshot WHERE asset = 3")

    finish(rollup)

    assert rolled_up_row(minute) == 30
    assert poll_counts(minute) == {f"rack-{n}": 6 for n in range(RACKS) if n != 2}


def test_of_many_racks_a_piece_leaves_at_most_one_unfinished(journal: Journal) -> None:
    for number in range(6):
        journal.append(polled(number, racks=600))
    rollup = Rollup(journal)

    seen = []
    while rollup.step():
        seen.append(poll_counts(journal))

    assert [len(counts) < 600 for counts in seen] == [True] * (len(seen) - 1) + [False]
    assert len(seen) > 1
    assert all(sum(count < 6 for count in counts.values()) <= 1 for counts in seen)
