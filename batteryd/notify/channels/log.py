"""Tells by a line in batteryd's own log, which the system's journal keeps and forwards."""

import logging

from batteryd.domain.notification import Notification
from batteryd.notify.template import context_of

_log = logging.getLogger(__name__)

_LEVELS = {"raised": logging.WARNING, "returned": logging.INFO}
_FIELDS = (
    "change", "priority", "rule", "room", "asset", "component", "value", "setpoint", "unit", "why",
)  # fmt: skip


class LogChannel:
    """Writes one line of key=value pairs a notification."""

    async def send(self, notification: Notification) -> None:
        """Write the line; it cannot fail."""
        context = context_of(notification, secrets={})
        fields = " ".join(f"{name}={context[name]!r}" for name in _FIELDS)
        level = _LEVELS.get(context["change"], logging.WARNING)
        _log.log(level, "alarm key=%r %s", notification.dedup_key, fields)

    async def close(self) -> None:
        """Nothing is open."""
