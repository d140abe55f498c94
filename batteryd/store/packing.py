"""A snapshot as one row of the journal, and back.

Values become one blob of little-endian float32, a column after the other, in the order of the
layout; NaN stands where the quality is bad, so a value that must not be used cannot be. Most polls
are all good and keep no quality; a failed poll keeps neither, its `failure` says everything.
float32 holds 7 digits: a millivolt in 1500 V, far finer than any sensor here.
"""

from typing import NamedTuple

import numpy as np

from batteryd.domain.quality import BAD_FROM
from batteryd.domain.snapshot import Layout, Snapshot, failed_snapshot
from batteryd.errors import StoreDamaged

FLOAT32 = np.dtype("<f4")


class PackedRow(NamedTuple):
    """The columns of table `snapshot` after the row number, in order."""

    asset: int
    at_ms: int
    layout: int
    value: bytes | None
    quality: bytes | None
    failure: str | None
    duration_ms: int


def pack(snapshot: Snapshot, *, asset: int, layout: int) -> PackedRow:
    """Return the row that keeps a snapshot."""
    at_ms, duration_ms = to_ms(snapshot.observed_at_s), to_ms(snapshot.duration_s)
    if snapshot.failure is not None:
        return PackedRow(asset, at_ms, layout, None, None, snapshot.failure, duration_ms)
    values, quality = snapshot.values, snapshot.quality.tobytes()
    all_good = quality.count(0) == len(quality)
    if not all_good:
        values = np.where(snapshot.quality >= BAD_FROM, np.nan, values)
    # A number beyond float32 becomes infinite rather than an exception: it was implausible anyway.
    with np.errstate(over="ignore"):
        value = values.astype(FLOAT32).tobytes()
    return PackedRow(asset, at_ms, layout, value, None if all_good else quality, None, duration_ms)


def unpack(row: PackedRow, *, asset_id: str, layout: Layout) -> Snapshot:
    """Return the snapshot that a row keeps.

    Raises:
        StoreDamaged: the blobs do not fit the layout.
    """
    at_s, duration_s = row.at_ms / 1000, row.duration_ms / 1000
    if row.value is None:
        failure = row.failure or "unknown"
        return failed_snapshot(asset_id, layout, at_s=at_s, failure=failure, duration_s=duration_s)
    values = np.frombuffer(row.value, FLOAT32).astype(np.float64)
    if row.quality is None:
        quality = np.zeros(len(values), np.uint8)
    else:
        quality = np.frombuffer(row.quality, np.uint8)
    if not len(values) == len(quality) == len(layout):
        raise StoreDamaged(f"a row of {asset_id} at {at_s} does not fit layout {layout.layout_id}")
    return Snapshot(asset_id, at_s, layout, values, quality, None, duration_s)


def to_ms(at_s: float) -> int:
    """Return whole milliseconds: the resolution of time in the journal."""
    return round(at_s * 1000)
