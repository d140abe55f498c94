"""Summaries as rows of a roll-up table, and back.

A line is kept as three float32 blobs (minimum, mean, maximum) and, only where some column was
sometimes bad, a blob of counts. The mean is kept instead of the total because float32 has seven
digits: folding an hour together in sixty steps moves a mean by less than one part in a million.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from batteryd.store.fold import Matrix, Summaries
from batteryd.store.packing import FLOAT32
from batteryd.store.resolution import Resolution
from batteryd.store.wanted import rows_of

_COUNT32 = np.dtype("<u4")

_COLUMNS = "asset, start_s, layout, poll_count, minimum, mean, maximum, count"


def load(
    db: sqlite3.Connection, resolution: Resolution, *, layout: int, like: Summaries
) -> Summaries:
    """Return the stored lines of the same assets and periods as `like`, where there are any."""
    found = rows_of(
        db,
        ("asset", "start_s", "layout"),
        [(*key, layout) for key in zip(like.asset.tolist(), like.start_s.tolist(), strict=True)],
        f"SELECT {_COLUMNS} FROM wanted"
        f" CROSS JOIN {resolution.table} USING (asset, start_s, layout)",
    )
    return _from_rows(tuple(found), width=like.minimum.shape[1])


def load_column(
    db: sqlite3.Connection,
    resolution: Resolution,
    *,
    asset: int,
    layout: int,
    index: int,
    from_s: float,
    to_s: float,
) -> Summaries:
    """Return one column of the periods that overlap a range, as lines of asset 0."""
    at = 4 * index + 1  # a position in a blob counts from 1
    found = db.execute(
        "SELECT 0, start_s, layout, poll_count, substr(minimum, ?, 4), substr(mean, ?, 4),"
        f" substr(maximum, ?, 4), substr(count, ?, 4) FROM {resolution.table}"
        " WHERE asset = ? AND start_s > ? AND start_s < ? AND layout = ?",
        (at, at, at, at, asset, from_s - resolution.period_s, to_s, layout),
    ).fetchall()
    return _from_rows(found, width=1)


def load_lines(
    db: sqlite3.Connection,
    resolution: Resolution,
    *,
    asset: int,
    layout: int,
    width: int,
    from_s: float,
    to_s: float,
) -> Summaries:
    """Return every column of the periods that begin in a range, by time."""
    found = db.execute(
        f"SELECT {_COLUMNS} FROM {resolution.table}"
        " WHERE asset = ? AND start_s >= ? AND start_s < ? AND layout = ? ORDER BY start_s",
        (asset, from_s, to_s, layout),
    ).fetchall()
    return _from_rows(found, width=width)


def save(db: sqlite3.Connection, resolution: Resolution, lines: Summaries, *, layout: int) -> None:
    """Write lines in place of those of the same asset, period and layout."""
    db.executemany(
        f"INSERT INTO {resolution.table} ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (asset, start_s, layout) DO UPDATE SET poll_count = excluded.poll_count,"
        " minimum = excluded.minimum, mean = excluded.mean, maximum = excluded.maximum,"
        " count = excluded.count",
        _to_rows(lines, layout=layout),
    )


def _to_rows(lines: Summaries, *, layout: int) -> Iterator[tuple[object, ...]]:
    minimum, mean, maximum = (m.astype(FLOAT32) for m in (lines.minimum, lines.mean, lines.maximum))
    uniform = (lines.count == lines.poll_count[:, np.newaxis]).all(axis=1)
    for i in range(len(lines)):
        yield (
            int(lines.asset[i]),
            int(lines.start_s[i]),
            layout,
            int(lines.poll_count[i]),
            minimum[i].tobytes(),
            mean[i].tobytes(),
            maximum[i].tobytes(),
            None if uniform[i] else lines.count[i].astype(_COUNT32).tobytes(),
        )


def _from_rows(rows: Sequence[tuple[Any, ...]], *, width: int) -> Summaries:
    asset, start_s, _, poll_count, minimum, mean, maximum, count = _transposed(rows)
    counts = np.repeat(np.array(poll_count, np.int64), width).reshape(-1, width)
    for line, blob in zip(counts, count, strict=True):
        if blob is not None:
            line[:] = np.frombuffer(blob, _COUNT32)
    return Summaries(
        asset=np.array(asset, np.int64),
        start_s=np.array(start_s, np.int64),
        poll_count=np.array(poll_count, np.int64),
        minimum=_matrix(minimum, width=width),
        total=np.where(counts > 0, _matrix(mean, width=width) * counts, 0.0),
        maximum=_matrix(maximum, width=width),
        count=counts,
    )


def _transposed(rows: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
    return tuple(zip(*rows, strict=True)) if rows else ((),) * len(_COLUMNS.split(", "))


def _matrix(blobs: Sequence[bytes], *, width: int) -> Matrix:
    return np.frombuffer(b"".join(blobs), FLOAT32).astype(np.float64).reshape(-1, width)
