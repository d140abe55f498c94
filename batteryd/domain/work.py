"""Planned work on batteries: the order, what people attest, which risks two of them accept.

A work order names batteries, people and a time. Attestations and risk acceptances are said by
named people at an instant; nothing here decides anything, `clearance` does.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class WorkKind(StrEnum):
    """What is going to be done. What has to be true before differs by it."""

    RELOCATE = "relocate"
    DISCONNECT = "disconnect"
    REPLACE = "replace"
    TEST = "test"  # a discharge test, new firmware
    INSPECT = "inspect"  # nothing is opened or unplugged


class WorkState(StrEnum):
    """Where a work order stands.

        planned --GO--> cleared --start--> started --close--> closed
        cleared, started --something changed--> revoked --GO--> cleared

    A revoked order whose work had begun keeps `started_at_s`: people are in the room.
    """

    PLANNED = "planned"
    CLEARED = "cleared"
    STARTED = "started"
    REVOKED = "revoked"
    CLOSED = "closed"


class AttestationKind(StrEnum):
    """What a named person can attest."""

    # before the work, about the whole order
    BRIEFING = "briefing"  # `people` says who was there
    INSULATED_TOOLS = "insulated_tools"
    INSULATED_CONDUCTORS = "insulated_conductors"
    SUPERVISOR_ON_SITE = "supervisor_on_site"
    CONTRACTOR_IS_AWARDED_FIRM = "contractor_is_awarded_firm"
    # about one battery; `value` is what was read, in volts
    ABSENCE_OF_VOLTAGE = "absence_of_voltage"
    # about one service
    OWNER_NOTIFIED = "owner_notified"
    RECOVERY_COPY_CONFIRMED = "recovery_copy_confirmed"
    # everybody has left: what was opened may be closed again, and that revokes nothing any more
    WORK_ENDED = "work_ended"
    # after the work, about one battery that is no longer there
    BATTERY_REMOVED = "battery_removed"
    # after the work, about the whole order
    ISOLATION_UNDONE = "isolation_undone"
    FINDINGS_RECORDED = "findings_recorded"


@dataclass(frozen=True, slots=True)
class Attestation:
    """What one named person said."""

    work_order_id: str
    kind: AttestationKind
    by: str
    at_s: float
    battery: str | None = None  # where it is about one
    service: str | None = None  # where it is about one
    people: tuple[str, ...] = ()  # of a briefing: who was there
    value: float | None = None  # V, of an absence-of-voltage reading
    comment: str = ""


@dataclass(frozen=True, slots=True)
class RiskAcceptance:
    """Two people who take a risk on themselves, with a reason and until when.

    `findings` are those that were open when they signed: they know of no other. None: not written.
    """

    work_order_id: str
    code: str  # the hold that it lifts: PW-01 or PW-02
    by: tuple[str, ...]
    expires_at_s: float
    reason: str
    at_s: float
    findings: tuple[str, ...] | None = None  # ids


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """A piece of work and where it stands. A change pages `people`: they are on the permit."""

    work_order_id: str
    kind: WorkKind
    starts_at_s: float
    ends_at_s: float
    batteries: tuple[str, ...]  # asset ids
    people: tuple[str, ...]
    title: str = ""
    state: WorkState = WorkState.PLANNED
    opened_by: str = ""
    opened_at_s: float = 0.0
    contractor: str = ""
    source: str = ""  # e.g. the UID of a calendar entry; "" where a person typed it
    changed_at_s: float | None = None  # when it last became other work: another kind or batteries
    cleared_at_s: float | None = None  # of the last GO
    cleared_until_s: float | None = None
    started_at_s: float | None = None
    started_by: str = ""
    revoked_at_s: float | None = None
    revoked_because: tuple[str, ...] = ()
    closed_at_s: float | None = None
    closed_by: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that an inspection noted about a battery, open until somebody closes it."""

    finding_id: str
    asset_id: str
    opened_on: date
    opened_by: str
    text: str
    document: str | None = None
    document_sha256: str | None = None
    closed_on: date | None = None
    closed_by: str = ""
    evidence: str = ""  # why it may be closed: what was measured or replaced
    evidence_sha256: str | None = None
