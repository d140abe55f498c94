"""The answer before work starts: GO, or HOLD with every reason.

A refusal is a result, not an exception. The answer is decision support: it says what was seen and
by which check, and is neither an interlock nor a lock-out/tag-out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Decision(StrEnum):
    """The answer."""

    GO = "GO"
    HOLD = "HOLD"


class HoldCode(StrEnum):
    """Why work must not start; docs/clearance.md has a paragraph for each."""

    LIFE_OVER = "PW-01"
    FINDING_OPEN = "PW-02"
    CHARGE_TOO_HIGH = "PW-03"
    NOT_ISOLATED = "PW-04"
    NOT_OBSERVED = "PW-05"
    ALARM_IN_ROOM = "PW-06"
    ATTESTATION_MISSING = "PW-07"
    OWNER_NOT_NOTIFIED = "PW-08"
    PERMIT_VOID = "PW-09"


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason, about one thing."""

    code: HoldCode
    subject: str  # id of a battery, room, service or work order
    text: str  # one sentence for the shift lead
    evidence: Mapping[str, object] = field(default_factory=dict)  # JSON-able: what was seen, when


@dataclass(frozen=True, slots=True)
class ImpactedService:
    """A service that the work can take down, and how it is reached."""

    name: str
    grade: int | None  # None: nobody knows it any more
    reached_by: str  # "UPS ups-1" or "room room-5b"


@dataclass(frozen=True, slots=True)
class Clearance:
    """The decision on one work order at one instant."""

    work_order_id: str
    decision: Decision
    as_of_s: float
    holds: tuple[Hold, ...]
    warnings: tuple[Hold, ...]  # the same checks where they only warn
    accepted: tuple[HoldCode, ...]  # lifted by a risk acceptance
    impact: tuple[ImpactedService, ...]  # the most important grade first
    valid_until_s: float | None  # of a GO: when it ends by itself; None for a HOLD

    @property
    def codes(self) -> tuple[HoldCode, ...]:
        """Return the codes that hold, each once, in their order."""
        return tuple(sorted({hold.code for hold in self.holds}))
