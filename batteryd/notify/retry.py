"""When to try again, and when to stop: decided from the failure, without a clock or a socket.

The pause doubles from attempt to attempt up to a ceiling, and each is drawn from its upper half, so
that a hundred notifications which failed together do not come back together. A receiver that says
when to come back is obeyed up to an hour. After a day nobody is helped by a message any more: it is
given up, loudly.
"""

from dataclasses import dataclass

from batteryd.domain.notification import Notification
from batteryd.errors import DeliveryError


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Worth another attempt."""

    due_at_s: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Not worth another attempt."""

    reason: str


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The numbers behind the decision; the defaults are the daemon's."""

    first_pause_s: float = 5.0
    pause_s_max: float = 600.0
    retry_after_s_max: float = 3600.0
    give_up_after_s: float = 86_400.0  # from when the notification was made

    def decide(
        self, claim: Notification, failure: DeliveryError, *, now_s: float, jitter: float
    ) -> TryAgain | GiveUp:
        """Decide what a failed attempt leads to; `jitter` is anything from 0 to 1."""
        if failure.permanent:
            return GiveUp(str(failure))
        due_at_s = now_s + self._pause_s(claim.attempts, failure=failure, jitter=jitter)
        if due_at_s > claim.created_at_s + self.give_up_after_s:
            return GiveUp(f"not taken in {self.give_up_after_s / 3600:g} h; at last: {failure}")
        return TryAgain(due_at_s)

    def _pause_s(self, attempts: int, *, failure: DeliveryError, jitter: float) -> float:
        doublings = min(attempts - 1, 32)  # beyond that only the ceiling counts
        pause_s = min(self.first_pause_s * 2.0**doublings, self.pause_s_max)
        asked_s = min(failure.retry_after_s or 0.0, self.retry_after_s_max)
        return max(pause_s * (1 + jitter) / 2, asked_s)
