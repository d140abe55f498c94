"""What is told to somebody: one row of the outbox, complete in itself.

A notification carries everything its message needs, so that it can be sent after a restart, by
another version, and long after the snapshot that caused it is gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class DeliveryState(StrEnum):
    """Where a notification is on its way."""

    PENDING = "pending"
    SENDING = "sending"  # written before the attempt: a crash in the middle leaves a trace
    SENT = "sent"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class NewNotification:
    """A notification about to be written together with its event."""

    channel: str  # name of a channel in notify.toml
    dedup_key: str  # str(AlarmKey): the same for the beginning and the end of an alarm
    body: Mapping[str, object]  # JSON-able: what templates may name


@dataclass(frozen=True, slots=True)
class Notification:
    """A row of the outbox."""

    notification_id: int
    event_id: int
    channel: str
    dedup_key: str
    body: Mapping[str, object]
    state: DeliveryState
    attempts: int
    created_at_s: float
    due_at_s: float  # while pending: the next attempt; while sending: when its claim runs out
    error: str | None = None  # of the last attempt
    finished_at_s: float | None = None  # when it was sent or given up

    @property
    def idempotency_key(self) -> str:
        """Return a key that is the same in every attempt to deliver this notification."""
        return f"{self.dedup_key}#{self.event_id}"
