"""A ledger with a bit of everything in it, and what somebody with an editor could do to it.

1 started      3 work order opened   5 alarm acknowledged   7 checkpoint
2 alarm raised 4 checkpoint          6 another alarm raised 8 rules reloaded
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from batteryd.domain.alarm import Condition
from batteryd.domain.notification import NewNotification
from batteryd.domain.work import WorkKind, WorkOrder
from batteryd.store.ledger import Ledger
from batteryd.store.records import WORK_ORDERS
from batteryd.store.signing import SigningKey
from tests.builders import NOON_S, make_alarm, make_key

MOVE = WorkOrder(
    work_order_id="WO-7",
    kind=WorkKind.RELOCATE,
    starts_at_s=NOON_S + 86400,
    ends_at_s=NOON_S + 100_800.5,
    batteries=("rack-1", "rack-2"),
    people=("김철수", "Lee"),
)


def write_story(ledger: Ledger, key: SigningKey, *, anchor: Path | None = None) -> None:
    """Write the eight entries."""
    hot = make_alarm(evidence={"neighbours_c": [24.5, 24.75]})
    with ledger.transaction(NOON_S) as tx:
        tx.audit(actor="batteryd", action="started", subject="batteryd", detail={"version": "1"})
        tx.record(
            hot, action="raised", reason="first_time", actor="batteryd", at_s=NOON_S - 2.5,
            notifications=[
                NewNotification(c, str(hot.key), {"why": hot.why}) for c in ("pager", "mail")
            ],
        )  # fmt: skip
        tx.records.put(WORK_ORDERS, "WO-7", MOVE, actor="김철수", action="opened")
    ledger.checkpoint(NOON_S + 60, key, anchor=anchor)
    seen = make_alarm(condition=Condition.ACKNOWLEDGED, acknowledged_by='김 "철수"')
    with ledger.transaction(NOON_S + 90) as tx:
        tx.record(seen, action="acknowledged", reason="by_person", actor="Kim", at_s=NOON_S + 90)
        tx.record(
            make_alarm(make_key("s1/m03/t1")),
            action="raised", reason="first_time", actor="batteryd", at_s=NOON_S + 90,
        )  # fmt: skip
    ledger.checkpoint(NOON_S + 660, key, anchor=anchor)
    with ledger.transaction(NOON_S + 700) as tx:
        tx.audit(actor="Kim", action="reloaded", subject="rules", detail={"sha256": "ab" * 32})


def tamper(path: Path, *statements: str) -> None:
    """Change a ledger as somebody could who has the file: the triggers dropped first."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        triggers = db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(statement)


def flip_a_bit(path: Path, *, table: str, column: str, where: str) -> None:
    """Flip the lowest bit of a byte in the middle of a text, or add one to a number."""
    tamper(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        value = db.execute(f"SELECT {column} FROM {table} WHERE {where}").fetchone()[0]
        if isinstance(value, str):
            raw = bytearray(value.encode())
            raw[len(raw) // 2] ^= 1
            change: bytes | int = bytes(raw)
            statement = f"UPDATE {table} SET {column} = CAST(? AS TEXT) WHERE {where}"
        else:
            change = (value or 0) + 1
            statement = f"UPDATE {table} SET {column} = ? WHERE {where}"
        db.execute(statement, (change,))
