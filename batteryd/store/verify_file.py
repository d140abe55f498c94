"""Examines a ledger's file: the chain with its signatures, then what stands beside it."""

import heapq
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from batteryd.store import audit, checkpoint
from batteryd.store.audit import AuditEntry
from batteryd.store.checkpoint import Checkpoint
from batteryd.store.sqlite_file import read_only
from batteryd.store.verify import FINDINGS_MAX, NO_TRUST, Examination, Trust, examine
from batteryd.store.verify_tables import differences

_BEFORE_ALL = -(2**63)  # who inserts an entry may well give it a number below 1


def examine_file(path: Path, *, trust: Trust = NO_TRUST) -> Examination:
    """Verify a ledger, which may be a copy or in use; nothing in it is changed.

    Raises:
        StoreError: it cannot be read.
    """
    with read_only(path) as db:
        found = examine(chain_of(db, after_seq=_BEFORE_ALL), trust=trust)
        if found.broken:
            return found
        beside = heapq.nsmallest(FINDINGS_MAX, differences(db), key=lambda broken: broken.seq)
        return replace(found, broken=tuple(beside))


def chain_of(db: sqlite3.Connection, *, after_seq: int = 0) -> Iterator[AuditEntry | Checkpoint]:
    """Read entries and checkpoints in their order, each checkpoint after its entry."""
    return heapq.merge(
        audit.entries(db, after_seq=after_seq),
        checkpoint.checkpoints(db, after_seq=after_seq),
        key=lambda item: (item.seq, isinstance(item, Checkpoint)),
    )
