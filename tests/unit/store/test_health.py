"""Points of health, kept: as they were, once each, bounded, and never in the way of a start."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from batteryd.domain.component import Component
from batteryd.domain.health import Refusal, ResistancePoint
from batteryd.errors import StoreDamaged
from batteryd.store.health import HEALTH_FILE, POINTS_MAX, HealthStore
from tests.builders import NOON_S
from tests.worn_racks import capacity_point, resistance_point

CAPACITY = capacity_point(NOON_S, temperature_c=24.5, reported_to_pct=None)
REFUSAL = Refusal(NOON_S, Component(1), 33.5, "it was charged before it had rested")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / HEALTH_FILE


@pytest.fixture
def store(path: Path) -> Iterator[HealthStore]:
    opened = HealthStore.open(path)
    yield opened
    opened.close()


def test_points_read_back_as_they_were_in_the_next_process(path: Path) -> None:
    measured = resistance_point(0.82, np.nan, temperature_c=np.array([24.5, np.nan]))
    with closing(HealthStore.open(path)) as before:
        before.put("rack-1", [measured, CAPACITY, REFUSAL])

    with closing(HealthStore.open(path)) as after:
        found = after.of("rack-1")

    assert (found.capacity, found.refusals) == ((CAPACITY,), (REFUSAL,))
    (read,) = found.resistance
    assert read.mohm == pytest.approx([0.82, np.nan], nan_ok=True)
    assert read.temperature_c == pytest.approx([24.5, np.nan], nan_ok=True)
    assert (read.cells, read.string, read.at_s) == (measured.cells, measured.string, NOON_S)
    assert (read.step_a, read.step_c, read.window_s, read.soc_pct, read.method) == (
        67.0, 1.0, 30.0, 96.0, 1,
    )  # fmt: skip


def test_what_is_measured_again_is_not_doubled(store: HealthStore) -> None:
    store.put("rack-1", [CAPACITY, REFUSAL])
    store.put("rack-1", [replace(CAPACITY, capacity_ah=61.3)])

    assert [point.capacity_ah for point in store.of("rack-1").capacity] == [61.3]


def test_points_are_those_of_their_battery_and_by_time(store: HealthStore) -> None:
    store.put("rack-1", [CAPACITY, replace(CAPACITY, at_s=NOON_S - 86_400)])
    store.put("rack-2", [replace(CAPACITY, capacity_ah=50.0)])

    assert [p.at_s for p in store.of("rack-1").capacity] == [NOON_S - 86_400, NOON_S]
    assert [p.capacity_ah for p in store.of("rack-2").capacity] == [50.0]
    assert store.of("rack-3").capacity == ()


def test_it_stays_small_and_keeps_the_first_and_the_last(store: HealthStore) -> None:
    points = [resistance_point(0.8, at_s=NOON_S + n * 86_400) for n in range(3 * POINTS_MAX)]
    for at in range(0, len(points), 30):
        store.put("rack-1", points[at : at + 30])

    kept = [point.at_s for point in store.of("rack-1").resistance]

    assert len(kept) <= POINTS_MAX
    assert kept[:50] == [point.at_s for point in points[:50]]
    assert kept[-150:] == [point.at_s for point in points[-150:]]


def test_a_rack_of_238_cells_takes_about_2_kb_a_discharge(path: Path, store: HealthStore) -> None:
    cells = tuple(Component(1, m, c) for m in range(1, 18) for c in range(1, 15))
    chance = np.random.default_rng(1)
    point: ResistancePoint = replace(
        resistance_point(0.8),
        cells=cells,
        mohm=chance.normal(0.9, 0.05, 238),
        temperature_c=np.repeat(chance.normal(24, 1, 17), 14),
    )

    store.put("rack-1", [point])

    with closing(sqlite3.connect(path)) as db:
        (size,) = db.execute("SELECT length(state) FROM point").fetchone()
    assert size < 2500


def test_a_row_that_cannot_be_read_costs_that_row_only(
    path: Path, store: HealthStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.put("rack-1", [CAPACITY, replace(CAPACITY, at_s=NOON_S + 1)])
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE point SET state = x'00' WHERE at_s = ?", (NOON_S,))
        db.commit()

    assert [point.at_s for point in store.of("rack-1").capacity] == [NOON_S + 1]
    assert "health point cannot be read" in caplog.text


@pytest.mark.parametrize("content", [b"no database at all", b""])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with closing(HealthStore.open_or_set_aside(path, now_s=NOON_S)) as store:
        store.put("rack-1", [CAPACITY])
        assert store.of("rack-1").capacity == (CAPACITY,)

    assert bool(list(path.parent.glob("*.damaged-*"))) is bool(content)


@pytest.mark.parametrize("spoil", ["PRAGMA user_version = 2", "CREATE TABLE other (a)"])
def test_a_file_of_a_newer_version_or_of_something_else_is_refused(path: Path, spoil: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(spoil)

    with pytest.raises(StoreDamaged):
        HealthStore.open(path)
