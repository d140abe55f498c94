"""Records: work orders, attestations, findings, the register - whatever has a history.

There is no table of them. A revision of a record *is* an entry of the audit chain, so the chain
protects all of it, and what was known at an instant is what the chain said then:

    subject  /work-order/WO-7            the kind, then the record's id
    action   opened                      what happened to it
    detail   {"comment": ..., "value": {...}}    the whole record as it stands from now on

The subject of an alarm's entry begins with the id of a site, which is neither empty nor has a slash
in it. So no alarm can be taken for a record, whatever sites are called, and no other entry may
begin its subject with one (`is_record_subject`).

A value is written as pydantic dumps the frozen dataclass. A field that was added later reads as its
default. A value that would not read back as it was is refused when it is written.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from batteryd.domain.clearance import Clearance
from batteryd.domain.register import RegisterEntry, ServiceEntry
from batteryd.domain.work import Attestation, Finding, RiskAcceptance, WorkOrder
from batteryd.errors import StoreError
from batteryd.store.audit import Chain, instant_text

T = TypeVar("T")
Row = tuple[Any, ...]

_COLUMNS = "subject, at, actor, action, detail"
_REVISIONS = f"SELECT seq, {_COLUMNS} FROM audit WHERE"
# With a lone max(), SQLite takes the other columns from the row that has it.
_NEWEST = f"SELECT max(seq), {_COLUMNS} FROM audit WHERE"
_LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Body(Generic[T]):
    """The detail of a record's entry."""

    comment: str
    value: T


@dataclass(frozen=True)
class RecordKind(Generic[T]):
    """A kind of record: the word that subjects begin with, and the noun that is written."""

    name: str
    type: type[T]

    @cached_property
    def adapter(self) -> TypeAdapter[T]:
        """Return what turns the noun into JSON-able values."""
        return TypeAdapter(self.type)

    @cached_property
    def reader(self) -> TypeAdapter[Body[T]]:
        """Return what reads an entry's whole detail at once, which takes half the time."""
        return TypeAdapter(Body[self.type])  # type: ignore[name-defined]

    def subject(self, record_id: str) -> str:
        """Return the subject of the entries about one record."""
        return f"/{self.name}/{record_id}"


WORK_ORDERS = RecordKind("work-order", WorkOrder)
ATTESTATIONS = RecordKind("attestation", Attestation)
ACCEPTANCES = RecordKind("risk-acceptance", RiskAcceptance)
FINDINGS = RecordKind("finding", Finding)
CLEARANCES = RecordKind("clearance", Clearance)
REGISTER = RecordKind("register", RegisterEntry)
SERVICES = RecordKind("service", ServiceEntry)


@dataclass(frozen=True, slots=True)
class Revision(Generic[T]):
    """A record as it stood from one entry on."""

    seq: int  # of the audit entry
    record_id: str
    at_s: float  # when it was recorded
    actor: str
    action: str
    comment: str
    value: T


def is_record_subject(subject: str) -> bool:
    """Tell whether an entry with this subject is a revision of a record."""
    return subject.startswith("/")


class Records:
    """Reads records. `known_at_s` asks for what had been recorded by that instant."""

    def __init__(self, reading: Callable[[], AbstractContextManager[sqlite3.Connection]]) -> None:
        self._reading = reading

    def current(
        self, kind: RecordKind[T], *, known_at_s: float | None = None, prefix: str = ""
    ) -> dict[str, T]:
        """Return the newest revision of every record whose id begins with `prefix`, by id.

        Raises:
            StoreError: one cannot be read.
        """
        wanted, values = _those_of(kind, known_at_s=known_at_s, prefix=prefix)
        with self._reading() as db:
            found = (
                _revision(kind, row)
                for row in db.execute(f"{_NEWEST} {wanted} GROUP BY subject", values)
            )
            return {revision.record_id: revision.value for revision in found}

    def one(
        self, kind: RecordKind[T], record_id: str, *, known_at_s: float | None = None
    ) -> T | None:
        """Return the newest revision of one record; None where there was none."""
        at = _LAST_CHARACTER if known_at_s is None else instant_text(known_at_s)
        with self._reading() as db:
            row = db.execute(
                f"{_REVISIONS} subject = ? AND at <= ? ORDER BY seq DESC LIMIT 1",
                (kind.subject(record_id), at),
            ).fetchone()
        return None if row is None else _revision(kind, row).value

    def newest_seq(self, kind: RecordKind[Any]) -> int:
        """Return the number of the last entry about any record of a kind; 0 before the first."""
        wanted, values = _those_of(kind, known_at_s=None, prefix="")
        with self._reading() as db:
            found = db.execute(f"SELECT max(seq) FROM audit WHERE {wanted}", values).fetchone()[0]
        return 0 if found is None else int(found)

    def history(self, kind: RecordKind[T], record_id: str) -> tuple[Revision[T], ...]:
        """Return every revision of one record, oldest first."""
        with self._reading() as db:
            rows = db.execute(
                f"{_REVISIONS} subject = ? ORDER BY seq", (kind.subject(record_id),)
            ).fetchall()
        return tuple(_revision(kind, row) for row in rows)

    def revisions(
        self, kind: RecordKind[T], *, known_at_s: float | None = None, prefix: str = ""
    ) -> Iterator[Revision[T]]:
        """Read every revision of every record, in the order in which they were recorded."""
        wanted, values = _those_of(kind, known_at_s=known_at_s, prefix=prefix)
        with self._reading() as db:
            for row in db.execute(f"{_REVISIONS} {wanted} ORDER BY seq", values):
                yield _revision(kind, row)


class WritableRecords(Records):
    """Records inside a transaction: what it wrote is read back at once."""

    def __init__(
        self,
        writing: Callable[[], AbstractContextManager[sqlite3.Connection]],
        *,
        reading: Callable[[], AbstractContextManager[sqlite3.Connection]],
        chain: Chain,
        now_s: float,
    ) -> None:
        super().__init__(reading)
        self._writing = writing
        self._chain = chain
        self._now_s = now_s

    def put(
        self,
        kind: RecordKind[T],
        record_id: str,
        value: T,
        *,
        actor: str,
        action: str,
        comment: str = "",
    ) -> int:
        """Record how a record stands from now on; return the number of its audit entry.

        Raises:
            StoreError: it would not read back as it is (a number that is not finite, say).
        """
        with self._writing():
            entry = self._chain.append(
                now_s=self._now_s,
                actor=actor,
                action=action,
                subject=kind.subject(record_id),
                detail={"comment": comment, "value": _written(kind, value)},
            )
        return entry.seq


def _those_of(
    kind: RecordKind[Any], *, known_at_s: float | None, prefix: str
) -> tuple[str, tuple[str, ...]]:
    """Return the condition on the entries that are revisions of these records."""
    first = kind.subject(prefix)
    wanted, values = "subject >= ? AND subject < ?", (first, first + _LAST_CHARACTER)
    if known_at_s is None:
        return wanted, values
    return f"{wanted} AND at <= ?", (*values, instant_text(known_at_s))


def _written(kind: RecordKind[T], value: T) -> object:
    try:
        plain = kind.adapter.dump_python(value, mode="json", warnings="error")
        json.dumps(plain, allow_nan=False)
    except ValueError as error:  # what pydantic raises is one as well
        raise StoreError(f"a {kind.name} that would not read back as it is: {error}") from error
    return plain


def _revision(kind: RecordKind[T], row: Row) -> Revision[T]:
    seq, subject, at, actor, action, detail_json = row
    try:
        body = kind.reader.validate_json(detail_json)
    except ValidationError as error:
        raise StoreError(f"audit entry {seq} is no {kind.name}: {error}") from error
    return Revision(
        seq=seq,
        record_id=subject[len(kind.subject("")) :],
        at_s=datetime.fromisoformat(at).timestamp(),
        actor=actor,
        action=action,
        comment=body.comment,
        value=body.value,
    )
