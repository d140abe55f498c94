"""What the ledger knows about one work order, read in one go.

A dossier is read inside a transaction where something is decided on it, and without one where
somebody only looks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from batteryd.clearance.facts import Grant
from batteryd.domain.alarm import Alarm
from batteryd.domain.work import (
    Attestation,
    AttestationKind,
    Finding,
    RiskAcceptance,
    WorkOrder,
)
from batteryd.permits.lifecycle import STANDING
from batteryd.store.records import ACCEPTANCES, ATTESTATIONS, FINDINGS, RecordKind, Records

T = TypeVar("T")

# What was read when a GO was given; the id is that of the work order. Later readings are compared
# with it for as long as the GO stands, however often it is renewed.
GRANTS = RecordKind("grant", Grant)


class LedgerReader(Protocol):
    """A ledger, or a transaction in one."""

    @property
    def records(self) -> Records:
        """Work orders and what belongs to them."""
        ...

    def alarms(self, *, open_only: bool = True) -> tuple[Alarm, ...]:
        """Return alarms, newest change first."""
        ...


@dataclass(frozen=True, slots=True)
class Dossier:
    """A work order with everything that people said about it, and what batteryd saw around it."""

    order: WorkOrder
    attestations: tuple[Attestation, ...] = ()  # oldest first
    acceptances: tuple[RiskAcceptance, ...] = ()
    findings: tuple[Finding, ...] = ()  # of every battery there is
    alarms: tuple[Alarm, ...] = ()  # open and past
    grant: Grant | None = None  # the GO that stands; None where none does

    @property
    def work_has_ended(self) -> bool:
        """Whether somebody has attested, since the work began, that everybody has left."""
        return self.was_said(AttestationKind.WORK_ENDED)

    def was_said(self, kind: AttestationKind) -> bool:
        """Whether somebody has attested something since the work began."""
        since_s = self.order.started_at_s
        return since_s is not None and any(
            said.kind is kind and said.at_s >= since_s for said in self.attestations
        )


def read_dossier(
    ledger: LedgerReader, order: WorkOrder, *, alarms: tuple[Alarm, ...] | None = None
) -> Dossier:
    """Read what there is about an order; `alarms`, open and past, where they are known already.

    Raises:
        StoreError: the ledger cannot be read.
    """
    records, order_id = ledger.records, order.work_order_id
    prefix = f"{order_id}/"
    stands = order.state in STANDING
    return Dossier(
        order=order,
        attestations=_oldest_first(records.current(ATTESTATIONS, prefix=prefix)),
        acceptances=_oldest_first(records.current(ACCEPTANCES, prefix=prefix)),
        findings=tuple(records.current(FINDINGS).values()),
        alarms=ledger.alarms(open_only=False) if alarms is None else alarms,
        grant=records.one(GRANTS, order_id) if stands else None,
    )


def _oldest_first(found: Mapping[str, T]) -> tuple[T, ...]:
    """Return records of ids such as WO-1/10 by their last number."""
    return tuple(found[key] for key in sorted(found, key=number_of))


def number_of(record_id: str) -> int:
    """Return the number at the end of `WO-7` or `WO-7/12`."""
    return int(record_id.rpartition("/")[2].rpartition("-")[2])
