"""The journal's small numbers for assets and layouts, and back.

A row names its asset and layout by an integer: an id would cost more than a UPS's fifteen values.
Numbers are given once and kept for ever. Both tables are small and written by this process alone,
so they are held in memory.
"""

import sqlite3
from collections.abc import Iterable

from batteryd.domain.snapshot import Layout, Snapshot
from batteryd.store.sqlite_file import SqliteFile

_NEW_ASSET = "INSERT INTO asset (asset_id) VALUES (?) RETURNING asset"
_NEW_LAYOUT = "INSERT INTO layout (layout_id, text) VALUES (?, ?) RETURNING layout"


class Names:
    """Numbers of assets and layouts in one journal."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        with file.read() as db:
            assets = db.execute("SELECT asset, asset_id FROM asset").fetchall()
            layouts = db.execute("SELECT layout, text FROM layout").fetchall()
        self._asset_ids: dict[int, str] = dict(assets)
        self._assets: dict[str, int] = {asset_id: number for number, asset_id in assets}
        self._layouts: dict[int, Layout] = {
            number: Layout.from_text(text) for number, text in layouts
        }
        self._layout_numbers: dict[str, int] = {
            x.layout_id: number for number, x in self._layouts.items()
        }

    def register(self, snapshots: Iterable[Snapshot]) -> None:
        """Give numbers to assets and layouts that have none yet; usually all have one."""
        new_assets: set[str] = set()
        new_layouts: dict[str, Layout] = {}
        for snapshot in snapshots:
            if snapshot.asset_id not in self._assets:
                new_assets.add(snapshot.asset_id)
            if (layout := snapshot.layout).layout_id not in self._layout_numbers:
                new_layouts[layout.layout_id] = layout
        if not new_assets and not new_layouts:
            return
        with self._file.write() as db:
            assets = {a: _insert(db, _NEW_ASSET, a) for a in sorted(new_assets)}
            numbers = {i: _insert(db, _NEW_LAYOUT, i, x.text) for i, x in new_layouts.items()}
        # Only now: had the commit failed, the numbers would belong to somebody else later.
        self._asset_ids |= {number: a for a, number in assets.items()}
        self._assets |= assets
        self._layouts |= {numbers[i]: x for i, x in new_layouts.items()}
        self._layout_numbers |= numbers

    def asset(self, asset_id: str) -> int | None:
        """Return the number of an asset; None where the journal has never seen it."""
        return self._assets.get(asset_id)

    def asset_number(self, asset_id: str) -> int:
        """Return the number of a registered asset."""
        return self._assets[asset_id]

    def asset_id(self, asset: int) -> str:
        """Return the asset that a number stands for."""
        return self._asset_ids[asset]

    def layout_number(self, layout: Layout) -> int:
        """Return the number of a registered layout."""
        return self._layout_numbers[layout.layout_id]

    def layout(self, number: int) -> Layout:
        """Return the layout that a number stands for."""
        return self._layouts[number]

    @property
    def assets(self) -> tuple[int, ...]:
        """Return every asset's number, in the order they were first seen."""
        return tuple(self._asset_ids)

    @property
    def layouts(self) -> tuple[tuple[int, Layout], ...]:
        """Return every layout with its number."""
        return tuple(self._layouts.items())


def _insert(db: sqlite3.Connection, sql: str, *values: str) -> int:
    return int(db.execute(sql, values).fetchone()[0])
