"""What rules have learned, kept: as it was, without code in it, and never in the way of a start."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.errors import StoreDamaged, StoreError
from batteryd.store.learned import LEARNED_FILE, Kept, LearnedStore
from batteryd.store.learned_packing import pack, unpack
from tests.builders import NOON_S

OFFSETS = {
    "version": 3,
    "layout_id": "0123456789abcdef",
    "offset_k": np.array([0.4, -1.2, np.nan]),
    "is_learned": np.array([True, True, False]),
    "learned_s": np.array([[7200, 3600, 0]], np.int64),
    "room": "방 5B",
    "common_c": 24.25,
}
KEPT = Kept(
    asset_id="rack-1",
    family="detection",
    version=3,
    layout_id="0123456789abcdef",
    since_s=NOON_S - 86_400,
    kept_at_s=NOON_S,
    began_because="first seen",
    reset_seq=7,
    state=OFFSETS,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / LEARNED_FILE


@pytest.fixture
def store(path: Path) -> Iterator[LearnedStore]:
    opened = LearnedStore.open(path)
    yield opened
    opened.close()


def same(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray):
        assert isinstance(other, np.ndarray)
        assert one.dtype == other.dtype
        return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    return one == other


def test_what_was_learned_reads_back_as_it_was(store: LearnedStore) -> None:
    store.put([KEPT])

    (read,) = store.of("rack-1")

    assert read.state.keys() == OFFSETS.keys()
    assert all(same(read.state[name], value) for name, value in OFFSETS.items())
    assert replace(read, state={}) != KEPT  # compared by its parts, as arrays have no single answer
    assert (read.since_s, read.kept_at_s, read.began_because) == (
        NOON_S - 86_400, NOON_S, "first seen",
    )  # fmt: skip
    assert (read.version, read.layout_id, read.reset_seq) == (3, "0123456789abcdef", 7)


@given(
    st.dictionaries(
        st.text(max_size=10),
        st.integers() | st.floats(allow_nan=False) | st.text() | st.booleans() | st.none(),
    ),
    st.lists(st.floats(width=32), max_size=40),
)
def test_any_numbers_and_texts_survive(values: dict[str, object], numbers: list[float]) -> None:
    learned = {**values, "array": np.array(numbers, np.float32)}

    read = unpack(pack(learned))

    assert all(same(read[name], value) for name, value in learned.items())


def test_arrays_that_were_read_can_be_written_to() -> None:
    read = unpack(pack(OFFSETS))

    offsets = read["offset_k"]
    assert isinstance(offsets, np.ndarray)
    offsets += 0.1

    assert offsets[0] == pytest.approx(0.5)


def test_numbers_of_numpy_become_plain_ones() -> None:
    assert unpack(pack({"swing_k": np.float64(1.5), "count": np.int32(4)})) == {
        "swing_k": 1.5,
        "count": 4,
    }


@pytest.mark.parametrize("value", [object(), {1, 2}, np.array([object()]), 1j])
def test_nothing_but_numbers_and_texts_is_kept(value: object) -> None:
    with pytest.raises(StoreError, match="cannot be kept"):
        pack({"odd": value})


@pytest.mark.parametrize("length", [0, 3, 20, 100])
def test_a_blob_that_breaks_off_is_damage_and_not_a_crash(length: int) -> None:
    with pytest.raises(StoreDamaged):
        unpack(pack(OFFSETS)[:length])


def test_a_later_row_takes_the_place_of_the_one_before(store: LearnedStore) -> None:
    store.put([KEPT, replace(KEPT, family="health")])
    store.put([replace(KEPT, kept_at_s=NOON_S + 300)])

    assert [(k.family, k.kept_at_s - NOON_S) for k in store.of("rack-1")] == [
        ("detection", 300.0),
        ("health", 0.0),
    ]
    assert store.of("rack-2") == ()


def test_rows_of_assets_that_are_long_gone_are_dropped(store: LearnedStore) -> None:
    store.put([KEPT, replace(KEPT, asset_id="rack-2", kept_at_s=NOON_S - 100 * 86_400)])

    assert store.drop_kept_before(NOON_S - 90 * 86_400) == 1
    assert store.of("rack-2") == ()
    assert len(store.of("rack-1")) == 1


def test_a_row_that_cannot_be_read_costs_itself(
    store: LearnedStore, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store.put([KEPT, replace(KEPT, family="health")])
    with sqlite3.connect(path) as db:
        db.execute("UPDATE learned SET state = x'00' WHERE family = 'detection'")
    db.close()

    assert [kept.family for kept in store.of("rack-1")] == ["health"]
    assert "asset=rack-1 family=detection" in caplog.text


@pytest.mark.parametrize("damage", ["no database", "another database", "a newer one"])
def test_a_file_that_cannot_be_used_is_set_aside_and_a_new_one_begun(
    path: Path, damage: str
) -> None:
    if damage == "no database":
        path.write_bytes(b"\x00" * 5000)
    else:
        version = 0 if damage == "another database" else 99
        with sqlite3.connect(path) as db:
            db.executescript(f"CREATE TABLE other (x); PRAGMA user_version = {version};")
        db.close()

    store = LearnedStore.open_or_set_aside(path, now_s=NOON_S)
    store.put([KEPT])

    assert len(store.of("rack-1")) == 1
    assert path.with_name(f"{LEARNED_FILE}.damaged-{NOON_S:.0f}").exists()
    store.close()
