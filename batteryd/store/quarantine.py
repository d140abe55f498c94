"""Lines that InfluxDB would not take, kept in the journal with the server's words.

The samples themselves are in the journal as well; what is kept here is for the person who finds out
why. The table is bounded: the oldest entries go, and are counted.
"""

from collections.abc import Sequence

from batteryd.store.influx_batch import RejectedLine
from batteryd.store.sqlite_file import SqliteFile

ENTRIES_MAX = 10_000


class Quarantine:
    """The quarantine table of one journal."""

    def __init__(self, file: SqliteFile, *, entries_max: int = ENTRIES_MAX) -> None:
        self._file = file
        self._entries_max = entries_max
        self.dropped_count = 0  # since the start

    def add(self, lines: Sequence[RejectedLine], *, now_s: float) -> None:
        """Keep lines; one that is there already (sent again after a restart) is left as it is."""
        with self._file.write() as db:
            db.executemany(
                "INSERT OR IGNORE INTO quarantine (line, answer, at_s) VALUES (?, ?, ?)",
                ((rejected.line, rejected.answer, now_s) for rejected in lines),
            )
            oldest_kept = "SELECT entry FROM quarantine ORDER BY entry DESC LIMIT 1 OFFSET ?"
            dropped = db.execute(
                f"DELETE FROM quarantine WHERE entry <= ({oldest_kept})", (self._entries_max,)
            ).rowcount
        self.dropped_count += dropped

    def entries(self, *, limit: int = 100) -> list[RejectedLine]:
        """Return the newest entries, newest first."""
        with self._file.read() as db:
            found = db.execute(
                "SELECT line, answer FROM quarantine ORDER BY entry DESC LIMIT ?", (limit,)
            ).fetchall()
        return [RejectedLine(*row) for row in found]

    def count(self) -> int:
        """Return the number of entries."""
        with self._file.read() as db:
            return int(db.execute("SELECT count(*) FROM quarantine").fetchone()[0])
