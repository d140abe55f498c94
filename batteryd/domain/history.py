"""What happened to an alarm: one entry of its history, as the ledger remembers it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from batteryd.domain.alarm import AlarmKey, Condition, Priority, Suppression


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """A change, an acknowledgement or a suppression, with where the alarm stood after it.

    `event_id` is also the number of the audit entry that it was recorded with.
    """

    event_id: int
    key: AlarmKey
    action: str  # past tense: "raised", "returned", "acknowledged", "shelved" ...
    reason: str  # why the alarm moved so, in the words of the lifecycle
    actor: str  # "batteryd" or a person
    at_s: float  # when it happened
    recorded_at_s: float
    condition: Condition
    suppression: Suppression
    priority: Priority
    value: float | None
    setpoint: float | None
    why: str
    comment: str = ""  # what the person said
    evidence: Mapping[str, object] = field(default_factory=dict)
