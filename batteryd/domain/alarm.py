"""An alarm: its key, its priority, and the events that move it.

The key is made of site, asset, component and rule, so the same trouble has the same key after a
restart, and what is told of its end carries the key of its beginning.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple

from batteryd.domain.component import Component, Scope


class Priority(IntEnum):
    """How soon somebody must act; a higher number is more urgent."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def text(self) -> str:
        """Return the word that files and people use."""
        return self.name.lower()


PRIORITY_BY_TEXT = {p.text: p for p in Priority}

# Entries of the evidence: the unit of value and setpoint where it is not the quantity's own, and
# what they are in words ("above its peers"); and which reading a limit judged.
UNIT, MEASURE = "unit", "measure"
COLUMN = "column"


class AlarmKey(NamedTuple):
    """Identity of an alarm over its whole life and over restarts."""

    site_id: str
    asset_id: str  # a battery, a UPS, a room for an alarm of scope room, or `batteryd` itself
    component: Component
    rule: str

    def __str__(self) -> str:
        return f"{self.site_id}/{self.asset_id}/{self.component}/{self.rule}"


class Change(StrEnum):
    """What happened to the condition that an alarm is about."""

    RAISED = "raised"  # began, or grew to a higher priority
    RETURNED = "returned"  # is over: return to normal


@dataclass(frozen=True, slots=True)
class AlarmEvent:
    """A condition began, grew or ended. Made by rules, stored by the ledger, told by notify."""

    key: AlarmKey
    change: Change
    at_s: float
    scope: Scope
    priority: Priority
    quantity: str  # "" where the alarm is not about one quantity
    value: float | None
    setpoint: float | None
    why: str  # one sentence for a person at three in the morning
    action: str = ""  # the first thing to do
    evidence: Mapping[str, object] = field(default_factory=dict)  # JSON-able
    is_addition: bool = False  # more was seen of what has been told: recorded, told to nobody


class Condition(StrEnum):
    """Condition and acknowledgement of an alarm: the first of the two alarm machines."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED_UNACKNOWLEDGED = "returned_unacknowledged"


class Suppression(StrEnum):
    """Whether an alarm is kept from people: the second of the two alarm machines."""

    NONE = "none"
    SHELVED = "shelved"
    BY_DESIGN = "by_design"
    OUT_OF_SERVICE = "out_of_service"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Where one alarm stands now, as the ledger has it."""

    key: AlarmKey
    condition: Condition
    suppression: Suppression
    priority: Priority
    scope: Scope
    raised_at_s: float
    changed_at_s: float
    quantity: str
    value: float | None
    setpoint: float | None
    why: str
    action: str = ""
    evidence: Mapping[str, object] = field(default_factory=dict)
    returned_at_s: float | None = None
    acknowledged_by: str | None = None
    acknowledged_at_s: float | None = None
    suppressed_until_s: float | None = None

    @property
    def is_active(self) -> bool:
        """Whether the condition holds at present."""
        return self.condition in (Condition.UNACKNOWLEDGED, Condition.ACKNOWLEDGED)

    def as_event(self, *, at_s: float) -> AlarmEvent:
        """Return the event that this alarm would be if it happened now."""
        return AlarmEvent(
            key=self.key,
            change=Change.RAISED if self.is_active else Change.RETURNED,
            at_s=at_s,
            scope=self.scope,
            priority=self.priority,
            quantity=self.quantity,
            value=self.value,
            setpoint=self.setpoint,
            why=self.why,
            action=self.action,
            evidence=self.evidence,
        )
