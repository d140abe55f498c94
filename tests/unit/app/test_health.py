"""Health in a living daemon: measured beside the watch, kept, caught up with after a restart."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from batteryd.app.health import HealthWatch
from batteryd.domain.health import HealthPoints, Measured
from batteryd.domain.snapshot import Snapshot
from batteryd.errors import StoreFull
from batteryd.health.limits import DEFAULT_LIMITS
from batteryd.store.health import HEALTH_FILE, HealthStore
from batteryd.store.journal import Journal
from tests.journals import open_journal
from tests.polling import ManualClock
from tests.worn_racks import REST_S, WornRack, deep, step


class FullStore(HealthStore):
    """A store whose disk is full."""

    is_full = True

    def put(self, asset_id: str, measured: Iterable[Measured]) -> None:
        if self.is_full:
            raise StoreFull("health.db: no space")
        super().put(asset_id, measured)


class House:
    """One rack's journal and points, and the watch over them, which can be started anew."""

    def __init__(self, folder: Path, rack: WornRack) -> None:
        self.rack = rack
        self.clock = ManualClock(at_s=0.0)
        self.journal: Journal = open_journal(folder / "journal.db")
        self.store = FullStore.open(folder / HEALTH_FILE)
        self.store.is_full = False
        self.start()

    def start(self) -> None:
        self.watch = HealthWatch(
            store=self.store, journal=self.journal, limits=DEFAULT_LIMITS, clock=self.clock
        )
        self.watch.follow({"rack-1": self.rack.asset})

    def live(self, snapshots: Sequence[Snapshot]) -> None:
        for at in range(0, len(snapshots), 50):
            some = snapshots[at : at + 50]
            self.journal.append(some)
            self.watch.take(some)
        self.clock.wall_s = snapshots[-1].observed_at_s

    @property
    def points(self) -> HealthPoints:
        return self.store.of("rack-1")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, WornRack())
    yield made
    made.journal.file.close()
    made.store.close()


def test_discharges_become_points(house: House) -> None:
    house.live(list(step(house.rack)))
    house.live(list(deep(house.rack)))

    assert len(house.points.resistance) == 2
    assert house.points.capacity[0].capacity_ah == pytest.approx(60.0, rel=0.02)


@pytest.mark.parametrize("part", [0.3, 0.5, 0.9])
def test_a_restart_in_the_middle_of_a_discharge_loses_nothing(house: House, part: float) -> None:
    polls = list(deep(house.rack))
    stop = int(part * len(polls))

    house.live(polls[:stop])
    house.start()
    house.live(polls[stop + 6 : stop + 9])  # a minute went by
    house.watch.catch_up()
    house.live(polls[stop + 9 :])
    house.live(list(house.rack.live((REST_S, 0.0))))  # after a gap a rest begins anew

    (point,) = house.points.capacity
    assert point.capacity_ah == pytest.approx(60.0, rel=0.02)
    assert point.gap_s in (0.0, 70.0)
    assert len(house.points.resistance) == 1


def test_what_is_found_again_after_a_restart_is_the_same_row(house: House) -> None:
    house.live(list(deep(house.rack)))
    before = house.points

    house.start()
    house.watch.catch_up()

    assert [p.at_s for p in house.points.resistance] == [p.at_s for p in before.resistance]
    assert [p.at_s for p in house.points.capacity] == [p.at_s for p in before.capacity]


def test_a_value_that_breaks_a_meter_costs_that_asset_only(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    polls = list(deep(house.rack))
    house.watch.follow({"rack-1": house.rack.asset, "rack-2": house.rack.asset})
    broken = [replace(polls[0], asset_id="rack-2", values=polls[0].values[:0])]

    house.watch.take(broken * 3)
    house.live(polls)

    assert len(house.points.capacity) == 1
    assert caplog.text.count("health is no longer measured asset=rack-2") == 1


def test_what_a_full_disk_refuses_is_kept_when_there_is_room_again(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.store.is_full = True
    house.live(list(step(house.rack)))
    house.live(list(step(house.rack)))
    assert house.points.resistance == ()

    house.store.is_full = False
    house.watch.take([])

    assert len(house.points.resistance) == 2
    assert caplog.text.count("health cannot be stored") == 1


def test_an_asset_that_leaves_the_register_is_no_longer_measured(house: House) -> None:
    house.watch.follow({})

    house.live(list(deep(house.rack)))

    assert house.points == HealthPoints()


def test_a_reload_that_changes_nothing_does_not_begin_a_measurement_anew(house: House) -> None:
    polls = list(deep(house.rack))

    house.live(polls[:500])
    house.watch.follow({"rack-1": house.rack.asset})
    house.live(polls[500:])

    assert len(house.points.capacity) == 1


def test_points_outlive_the_process(house: House, tmp_path: Path) -> None:
    house.live(list(step(house.rack)))

    with closing(HealthStore.open(tmp_path / HEALTH_FILE)) as read:
        assert len(read.of("rack-1").resistance) == 1
