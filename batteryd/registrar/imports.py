"""Writes what people bring: the entries of an import, the file itself, and approvals.

An entry is approved by a person who did not enter it. Its approval is an entry of its own, of the
same effective day, so that nothing else about it changes and both names stay in the history.
"""

import base64
import hashlib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from batteryd.domain.person import same_person
from batteryd.domain.register import RegisterEntry, RegisterFile
from batteryd.registrar.history import IMPORTED, REGISTER_FILES
from batteryd.store.ledger_transaction import Transaction
from batteryd.store.records import REGISTER
from batteryd.warranty.register import counting


class Approval(NamedTuple):
    """What can be approved, and what cannot; only where nothing is refused is it recorded."""

    approved: tuple[RegisterEntry, ...]
    refused: tuple[str, ...]  # why, one sentence each


def record_entries(
    tx: Transaction, entries: Iterable[RegisterEntry], *, actor: str, comment: str = ""
) -> None:
    """Record entries of the register."""
    for entry in entries:
        action = "retired" if entry.is_retired else "entered"
        tx.records.put(REGISTER, entry.asset_id, entry, actor=actor, action=action, comment=comment)


def packed_file(name: str, content: bytes) -> RegisterFile:
    """Return a file as it is kept."""
    packed = base64.b64encode(zlib.compress(content)).decode("ascii")
    return RegisterFile(name, hashlib.sha256(content).hexdigest(), packed)


def keep_file(tx: Transaction, file: RegisterFile, *, actor: str) -> None:
    """Keep a file as it was imported, unless it is the one that was imported last."""
    held = tx.records.one(REGISTER_FILES, IMPORTED)
    if held is None or held.sha256 != file.sha256:
        tx.records.put(REGISTER_FILES, IMPORTED, file, actor=actor, action="imported")


def approve(tx: Transaction, asset_ids: Sequence[str], *, by: str, day: date) -> Approval:
    """Approve the entries of these batteries that count on a day: all of them, or none."""
    found = {
        asset_id: counting(tx.records.history(REGISTER, asset_id), day=day).get(asset_id)
        for asset_id in asset_ids
    }
    refused = tuple(
        f"{asset_id}: {why}"
        for asset_id, entry in found.items()
        if (why := _why_not(entry, by=by, day=day))
    )
    if refused:
        return Approval((), refused)
    approved = tuple(replace(entry, approved_by=by) for entry in found.values() if entry)
    for entry in approved:
        tx.records.put(REGISTER, entry.asset_id, entry, actor=by, action="approved")
    return Approval(approved, ())


def _why_not(entry: RegisterEntry | None, *, by: str, day: date) -> str | None:
    """Return why an entry cannot be approved; None where it can."""
    if entry is None:
        return f"not in the register on {day}"
    if entry.approved_by is not None:
        return f"its entry of {entry.effective_on} is approved by {entry.approved_by}"
    if same_person(entry.entered_by, by):
        return f"{entry.entered_by} entered it; another person has to approve it"
    return None
