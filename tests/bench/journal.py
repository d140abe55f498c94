"""The journal and its way to InfluxDB, beside SQLite with a row a value and beside the client."""

import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from influxdb_client.client.write.point import Point
from influxdb_client.domain.write_precision import WritePrecision

from batteryd.domain.component import Component
from batteryd.domain.snapshot import Column, Layout, Snapshot
from batteryd.store.line_protocol import LineEncoder, Place
from batteryd.store.rollup import Rollup
from tests.bench.row import BenchRow
from tests.journals import open_journal

START_S = 1_764_072_000.0
ROUNDS = 3
BATCH_ROWS = 200  # what the poller collects in a fraction of a second
BATCHES = 25

_ROW_A_VALUE = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE sample (asset TEXT, column_name TEXT, at_ms INTEGER, value REAL, quality INTEGER);
    CREATE INDEX sample_by_time ON sample (asset, column_name, at_ms);
"""


def run() -> list[BenchRow]:
    """Measure on a disk that is synced at every commit."""
    return [_appending(width=272), _appending(width=15), _rolling_up(), _encoding()]


def _appending(*, width: int) -> BenchRow:
    batches = [_batch(number, width=width) for number in range(BATCHES)]
    value_count = BATCHES * BATCH_ROWS * width
    return BenchRow(
        f"journal, rows of {width} values",
        value_count / _best(lambda folder: _append(folder, batches)),
        BATCH_ROWS * width / _best(lambda folder: _append_row_a_value(folder, batches[0])),
        "values/s",
        "at least 300,000 values/s; bare: SQLite with a row a value",
    )


def _rolling_up() -> BenchRow:
    batches = [_batch(number, width=272) for number in range(BATCHES)]

    def roll_up(folder: Path) -> float:
        _append(folder, batches)
        journal = open_journal(folder / "journal.db")
        took_s = _timed(lambda: _roll_up_all(Rollup(journal)))
        journal.file.close()
        return took_s

    values_per_s = BATCHES * BATCH_ROWS * 272 / _best(roll_up)
    goal = "faster than the journal is filled"
    return BenchRow("roll-up to minutes and hours", values_per_s, None, "values/s", goal)


def _encoding() -> BenchRow:
    (snapshot, *_) = _batch(0, width=272)
    encoder = LineEncoder(lambda _: Place("daejeon", "room-5b"))
    encoder.encode(snapshot)  # compiles the template
    return BenchRow(
        "line protocol, 272 cells",
        _best(lambda _: _timed(lambda: encoder.encode(snapshot), times=500)) / 272 * 1e6,
        _best(lambda _: _timed(lambda: _client_points(snapshot), times=5)) / 272 * 1e6,
        "µs/point",
        "under 1 µs/point; bare: influxdb-client's Point",
    )


def _batch(number: int, *, width: int) -> list[Snapshot]:
    """Return a round of polls: 100 racks, polled every 10 s, at 3.6 V and some millivolts."""
    noise = np.random.default_rng(number)
    layout, quality = _layout(width), np.zeros(width, np.uint8)
    return [
        Snapshot(
            f"rack-{i % 100}",
            START_S + (number * BATCH_ROWS + i) // 100 * 10,
            layout,
            np.round(noise.normal(3.6, 0.01, width), 3),
            quality,
        )
        for i in range(BATCH_ROWS)
    ]


def _layout(width: int) -> Layout:
    cells = (Component(1, i // 14 + 1, i % 14 + 1) for i in range(width))
    return Layout.of(Column(cell, "cell_voltage_v") for cell in cells)


def _append(folder: Path, batches: list[list[Snapshot]]) -> float:
    journal = open_journal(folder / "journal.db")
    took_s = _timed(lambda: [journal.append(batch) for batch in batches])
    journal.file.close()
    return took_s


def _append_row_a_value(folder: Path, batch: list[Snapshot]) -> float:
    db = sqlite3.connect(folder / "bare.db")
    db.executescript(_ROW_A_VALUE)

    def append() -> None:
        db.executemany(
            "INSERT INTO sample VALUES (?, ?, ?, ?, 0)",
            (
                (s.asset_id, str(column), int(s.observed_at_s * 1000), value)
                for s in batch
                for column, value in zip(s.layout.columns, s.values.tolist(), strict=True)
            ),
        )
        db.commit()

    took_s = _timed(append)
    db.close()
    return took_s


def _roll_up_all(rollup: Rollup) -> None:
    while rollup.step():
        pass


def _client_points(snapshot: Snapshot) -> list[str]:
    at_ms = int(snapshot.observed_at_s * 1000)
    return [
        Point("battery")
        .tag("site", "daejeon")
        .tag("room", "room-5b")
        .tag("asset", snapshot.asset_id)
        .tag("component", str(column.component))
        .field(column.quantity, value)
        .time(at_ms, WritePrecision.MS)
        .to_line_protocol()
        for column, value in zip(snapshot.layout.columns, snapshot.values.tolist(), strict=True)
    ]


def _best(measure: Callable[[Path], float]) -> float:
    """Return the shortest of a few rounds, each in a folder of its own."""
    times_s = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            times_s.append(measure(Path(folder)))
    return min(times_s)


def _timed(act: Callable[[], object], *, times: int = 1) -> float:
    began_s = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - began_s) / times
