"""What was measured of each battery's health, kept for as long as a battery lasts.

It is a file of its own, `health.db`: points are rare (one a discharge) and have to outlive the
journal, whose readings go after weeks. A point is one row; its numbers are a blob without code in
it (`learned_packing`). Measuring the same stretch again gives the same rows, so a catch-up after a
restart, or a second look at the journal, doubles nothing.

It stays small: of more than `POINTS_MAX` points of a kind the oldest and the newest stay, and of
those between every second one goes. A rack of 238 cells takes about 2 kB a discharge.
"""

import logging
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, ClassVar

import numpy as np

from batteryd.domain.component import parse_component
from batteryd.domain.health import (
    CapacityPoint,
    HealthPoints,
    Measured,
    Refusal,
    ResistancePoint,
    sorted_points,
)
from batteryd.errors import StoreDamaged
from batteryd.store.learned_packing import pack, unpack
from batteryd.store.table_file import TableFile, TableSchema

_log = logging.getLogger(__name__)

HEALTH_FILE = "health.db"

POINTS_MAX = 400  # of a kind and string
_FIRST_KEPT, _LAST_KEPT = 50, 150

_CREATE = """
CREATE TABLE point (
    asset_id TEXT NOT NULL,
    kind TEXT NOT NULL,      -- resistance, capacity or refusal
    string TEXT NOT NULL,
    at_s REAL NOT NULL,
    state BLOB NOT NULL,
    PRIMARY KEY (asset_id, kind, string, at_s)
) STRICT, WITHOUT ROWID
"""
_SCHEMA = TableSchema(
    holds="what was measured of health",
    table="point",
    create=_CREATE,
    application_id=0x6274686C,  # "bthl"
    version=1,
)
_KINDS: Mapping[str, type[Measured]] = {
    "resistance": ResistancePoint,
    "capacity": CapacityPoint,
    "refusal": Refusal,
}
_KIND_OF = {made: kind for kind, made in _KINDS.items()}


class HealthStore(TableFile):
    """The points of one installation."""

    SCHEMA: ClassVar = _SCHEMA

    def put(self, asset_id: str, measured: Iterable[Measured]) -> None:
        """Keep points, in one transaction; one that is there already is written again.

        Raises:
            StoreError: nothing was written.
        """
        rows = [
            (asset_id, _KIND_OF[type(one)], str(one.string), one.at_s, pack(_state(one)))
            for one in measured
        ]
        if not rows:
            return
        with self._file.write() as db:
            db.executemany("REPLACE INTO point VALUES (?, ?, ?, ?, ?)", rows)
            for place in {row[:3] for row in rows}:
                _thin_out(db, place)

    def of(self, asset_id: str) -> HealthPoints:
        """Return all points of an asset, by time; a row that cannot be read is left out.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._file.read() as db:
            rows = db.execute(
                "SELECT kind, string, at_s, state FROM point WHERE asset_id = ? ORDER BY at_s",
                (asset_id,),
            ).fetchall()
        return sorted_points(one for one in map(_measured, rows) if one is not None)


def _state(measured: Measured) -> dict[str, object]:
    if not isinstance(measured, ResistancePoint):
        return {n: v for n, v in asdict(measured).items() if n not in ("string", "at_s")}
    return {
        "method": measured.method,
        "cells": " ".join(str(cell) for cell in measured.cells),
        "mohm": measured.mohm.astype(np.float32),
        "temperature_c": measured.temperature_c.astype(np.float32),
        "step_a": measured.step_a,
        "step_c": measured.step_c,
        "window_s": measured.window_s,
        "soc_pct": measured.soc_pct,
    }


def _measured(row: tuple[Any, ...]) -> Measured | None:
    kind, string, at_s, blob = row
    try:
        state = unpack(blob)
        if kind == "resistance":
            _unpack_arrays(state)
        made = _KINDS[kind]
        return made(string=parse_component(string), at_s=at_s, **state)  # type: ignore[arg-type]
    except (StoreDamaged, ValueError, TypeError, KeyError) as damage:
        _log.error("health point cannot be read kind=%s at_s=%s reason=%r", kind, at_s, str(damage))
        return None


def _unpack_arrays(state: dict[str, object]) -> None:
    state["cells"] = tuple(parse_component(text) for text in str(state["cells"]).split())
    for name in ("mohm", "temperature_c"):
        state[name] = np.asarray(state[name], dtype=np.float64)


def _thin_out(db: sqlite3.Connection, place: tuple[str, str, str]) -> None:
    where = "asset_id = ? AND kind = ? AND string = ?"
    times = [
        row[0] for row in db.execute(f"SELECT at_s FROM point WHERE {where} ORDER BY at_s", place)
    ]
    if len(times) > POINTS_MAX:
        going = times[_FIRST_KEPT : len(times) - _LAST_KEPT : 2]
        db.executemany(
            f"DELETE FROM point WHERE {where} AND at_s = ?", ((*place, at_s) for at_s in going)
        )
