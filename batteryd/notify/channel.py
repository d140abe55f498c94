"""What a channel is to the outbox: somewhere that one notification can be sent to."""

from typing import Protocol

from batteryd.domain.notification import Notification


class Channel(Protocol):
    """A way to reach somebody."""

    async def send(self, notification: Notification) -> None:
        """Make one attempt; return when the other side has taken the notification.

        Raises:
            DeliveryError: it has not, or nobody knows whether it has.
        """
        ...

    async def close(self) -> None:
        """Let go of connections. Closing twice is fine."""
        ...
