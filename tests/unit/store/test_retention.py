import pytest

from batteryd.store.cursors import INFLUX, ROLLUP
from batteryd.store.disk import DiskReserve
from batteryd.store.journal import Journal
from batteryd.store.limits import JournalLimits
from batteryd.store.retention import NOTHING, Removed, Retention
from batteryd.store.rollup import Rollup
from tests.builders import NOON_S, make_snapshot

DAY_S = 86_400
LIMITS = JournalLimits(raw_days=2, minute_days=10, hour_days=100)


def fill(journal: Journal, *, days_ago: float, count: int = 1, asset_id: str = "rack-1") -> None:
    start_s = NOON_S - days_ago * DAY_S
    journal.append([make_snapshot(asset_id, at_s=start_s + i * 10) for i in range(count)])
    rollup = Rollup(journal)
    while rollup.step():
        pass


def sweep(retention: Retention) -> Removed:
    """Take steps until nothing is left to forget; return what they have removed."""
    total = NOTHING
    while (removed := retention.step(NOON_S)) != NOTHING:
        total = Removed(*map(sum, zip(total, removed, strict=True)))
    return total


def ages_days(journal: Journal) -> list[float]:
    rows = journal.rows_after(0, 100_000)
    return [round((NOON_S - s.observed_at_s) / DAY_S, 1) for _, s in rows]


def test_each_resolution_forgets_what_is_older_than_its_limit(journal: Journal) -> None:
    for days_ago in (101, 11, 3, 1):
        fill(journal, days_ago=days_ago)

    removed = sweep(Retention(journal, LIMITS))

    assert removed._replace(pages=0) == Removed(raw=3, minute=2, hour=1)
    assert ages_days(journal) == [1]


def test_rows_are_old_by_their_time_not_by_their_place(journal: Journal) -> None:
    fill(journal, days_ago=1)
    fill(journal, days_ago=3)  # the clock had jumped back
    fill(journal, days_ago=0.5)

    sweep(Retention(journal, LIMITS))

    assert ages_days(journal) == [1, 0.5]


def test_a_row_that_a_follower_has_not_read_is_never_too_old(journal: Journal) -> None:
    fill(journal, days_ago=5)
    fill(journal, days_ago=4)
    journal.move_cursor(INFLUX, to_row=1)

    removed = sweep(Retention(journal, LIMITS, followers=(ROLLUP, INFLUX)))

    assert removed.raw == 1
    assert removed.unread == 0
    assert ages_days(journal) == [4]


def test_the_size_limit_takes_the_oldest_polls_that_were_read_first(journal: Journal) -> None:
    fill(journal, days_ago=1.9, count=4_000)
    fill(journal, days_ago=0.5, count=1_000)
    limits = JournalLimits(raw_days=2, minute_days=10, hour_days=100, size_bytes_max=500_000)

    removed = sweep(Retention(journal, limits))

    assert removed.raw == 4_000
    assert removed.unread == 0
    assert set(ages_days(journal)) == {0.5, 0.4}


def test_unread_polls_go_last_counted_and_loudly(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    fill(journal, days_ago=1.9, count=4_000)
    journal.move_cursor(INFLUX, to_row=1_000)
    limits = JournalLimits(raw_days=2, minute_days=10, hour_days=100, size_bytes_max=100_000)
    retention = Retention(journal, limits, followers=(ROLLUP, INFLUX))

    removed = sweep(retention)

    assert removed.minute > 0
    assert removed.unread == retention.unread_removed == removed.raw - 1_000 > 0
    assert "polls lost to followers" in caplog.text


def test_a_step_is_bounded(journal: Journal) -> None:
    fill(journal, days_ago=3, count=3_000)
    fill(journal, days_ago=3, count=3_000, asset_id="rack-2")

    removed = Retention(journal, LIMITS).step(NOON_S)

    assert removed == Removed(raw=2_000)


def test_space_is_given_back_but_for_a_little(journal: Journal) -> None:
    fill(journal, days_ago=3, count=4_000)
    path = journal.file.path

    sweep(Retention(journal, LIMITS))
    with journal.file.write() as db:
        pages, free = db.execute(
            "SELECT page_count, freelist_count FROM pragma_page_count, pragma_freelist_count"
        ).fetchone()

    assert path.exists()
    assert 0 < free <= pages // 20 + 1


def test_on_a_full_disk_every_free_page_is_given_back(journal: Journal) -> None:
    fill(journal, days_ago=3, count=4_000)
    journal.reserve = DiskReserve(journal.file.path.parent, size_bytes=10, free=lambda _: 9)

    sweep(Retention(journal, LIMITS))

    with journal.file.read() as db:
        assert db.execute("SELECT freelist_count FROM pragma_freelist_count").fetchone() == (0,)


def test_an_empty_journal_has_nothing_to_forget(journal: Journal) -> None:
    assert sweep(Retention(journal, LIMITS)) == NOTHING


@pytest.mark.parametrize(
    "limits",
    [
        {"raw_days": 0},
        {"raw_days": 200},
        {"minute_days": 4000},
        {"size_bytes_max": 0},
        {"reserve_bytes": -1},
    ],
)
def test_limits_that_contradict_themselves_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        JournalLimits(**limits)
