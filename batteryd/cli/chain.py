"""Reads the audit chain page by page: a report names entries, and where the chain ends."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batteryd.store.audit import AuditEntry
    from batteryd.store.ledger import Ledger

_PAGE_ENTRIES = 5000


def entries_after(ledger: "Ledger", seq: int = 0) -> "Iterator[AuditEntry]":
    """Yield entries in their order up to the newest; nothing where there is none."""
    while page := ledger.audit(after_seq=seq, limit=_PAGE_ENTRIES):
        yield from page
        seq = page[-1].seq
