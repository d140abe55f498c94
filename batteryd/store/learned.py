"""What rules have learned of each asset, kept over restarts: one row an asset and rule family.

It is a file of its own, `learned.db`. It is neither evidence (the ledger) nor history (the
journal), it is written again and again, and it can be lost: then everything is learned anew, which
takes some days. A damaged file is set aside like a damaged journal.

That somebody had learned state forgotten is evidence: that stands in the ledger, as a record. A row
says up to which of these entries it counts; one that is older than the last reset is void.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from batteryd.errors import StoreDamaged
from batteryd.store.learned_packing import pack, unpack
from batteryd.store.records import RecordKind
from batteryd.store.table_file import TableFile, TableSchema

_log = logging.getLogger(__name__)

LEARNED_FILE = "learned.db"

_CREATE = """
CREATE TABLE learned (
    asset_id TEXT NOT NULL,
    family TEXT NOT NULL,       -- of rule kinds, or the kind itself
    version INTEGER NOT NULL,   -- of what the family learns
    layout_id TEXT NOT NULL,
    since_s REAL NOT NULL,      -- when this learning began
    kept_at_s REAL NOT NULL,
    began_because TEXT NOT NULL,
    reset_seq INTEGER NOT NULL, -- the last reset in the ledger that it knows of; 0 for none
    state BLOB NOT NULL,
    PRIMARY KEY (asset_id, family)
) STRICT, WITHOUT ROWID
"""
_SCHEMA = TableSchema(
    holds="what rules have learned",
    table="learned",
    create=_CREATE,
    application_id=0x62746C6E,  # "btln"
    version=1,
)
_COLUMNS = (
    "asset_id, family, version, layout_id, since_s, kept_at_s, began_because, reset_seq, state"
)


@dataclass(frozen=True, slots=True)
class LearningReset:
    """Somebody had forgotten what was learned of an asset."""

    asset_id: str
    by: str
    why: str


RESETS = RecordKind("learning-reset", LearningReset)


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What one family of rules has learned of one asset."""

    asset_id: str
    family: str
    version: int
    layout_id: str
    since_s: float
    kept_at_s: float
    began_because: str  # in words: "first seen", "reset by Kim: ..."
    reset_seq: int = 0
    state: Mapping[str, object] = field(default_factory=dict)


class LearnedStore(TableFile):
    """The rows of one installation. One thread writes; the command line reads."""

    SCHEMA: ClassVar = _SCHEMA

    def of(self, asset_id: str) -> tuple[Kept, ...]:
        """Return what is kept of an asset, by family; a row that cannot be read is left out.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._file.read() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM learned WHERE asset_id = ? ORDER BY family", (asset_id,)
            ).fetchall()
        return tuple(kept for kept in map(_kept, rows) if kept is not None)

    def families_of(self, asset_id: str) -> frozenset[str]:
        """Return the families of which there is a row, also of one that cannot be read.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._file.read() as db:
            rows = db.execute("SELECT family FROM learned WHERE asset_id = ?", (asset_id,))
            return frozenset(str(family) for (family,) in rows)

    def put(self, kept: Iterable[Kept]) -> None:
        """Keep rows in the place of those before, in one transaction.

        Raises:
            StoreError: nothing was written.
        """
        rows = [
            (k.asset_id, k.family, k.version, k.layout_id, k.since_s, k.kept_at_s,
             k.began_because, k.reset_seq, pack(k.state))
            for k in kept
        ]  # fmt: skip
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            with self._file.write() as db:
                db.executemany(f"REPLACE INTO learned ({_COLUMNS}) VALUES ({marks})", rows)

    def drop_kept_before(self, at_s: float) -> int:
        """Drop what nobody has kept since, because its asset is gone; return how many rows.

        Raises:
            StoreError: nothing was dropped.
        """
        with self._file.write() as db:
            return db.execute("DELETE FROM learned WHERE kept_at_s < ?", (at_s,)).rowcount


def _kept(row: tuple[Any, ...]) -> Kept | None:
    written = Kept(*row)
    try:
        return replace(written, state=unpack(row[-1]))
    except StoreDamaged as damage:
        _log.error(
            "learned state cannot be read asset=%s family=%s reason=%r",
            written.asset_id, written.family, str(damage),
        )  # fmt: skip
        return None
