"""How far each follower of the journal has come: a name and the row number it has finished.

The roll-up has three numbers more, of the round that it is in (see `rollup_round`).
"""

import sqlite3

ROLLUP = "rollup"
ROLLUP_ROUND = "rollup_round"
ROLLUP_ASSET = "rollup_asset"
ROLLUP_ROW = "rollup_row"
INFLUX = "influx"


def cursor(db: sqlite3.Connection, name: str) -> int:
    """Return the last row that the follower has finished; 0 where it has not begun."""
    found = db.execute("SELECT row FROM cursor WHERE name = ?", (name,)).fetchone()
    return 0 if found is None else int(found[0])


def move_cursor(db: sqlite3.Connection, name: str, *, to_row: int) -> None:
    """Note that a follower has finished `to_row`; call it inside a write transaction."""
    db.execute(
        "INSERT INTO cursor (name, row) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET row = excluded.row",
        (name, to_row),
    )
