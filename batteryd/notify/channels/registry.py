"""Makes the channels of notify.toml: one row a kind."""

from collections.abc import Mapping

from pydantic import SecretStr

from batteryd.notify.channel import Channel
from batteryd.notify.channel_settings import (
    AnyChannelSettings,
    LogSettings,
    SmtpSettings,
    WebhookSettings,
)
from batteryd.notify.channels.log import LogChannel
from batteryd.notify.channels.smtp import SmtpChannel
from batteryd.notify.channels.webhook import WebhookChannel
from batteryd.notify.routing import Routing
from batteryd.notify.secrets import Secrets


def build_channels(routing: Routing, *, secrets: Mapping[str, SecretStr]) -> dict[str, Channel]:
    """Make every channel; `secrets` holds at least `routing.secret_names`.

    Raises:
        OSError: the `ca_file` of a channel cannot be read.
    """
    return {name: _build(settings, secrets) for name, settings in routing.channels.items()}


def _build(settings: AnyChannelSettings, values: Mapping[str, SecretStr]) -> Channel:
    secrets = Secrets(values, names=settings.secret_names)
    match settings:
        case LogSettings():
            return LogChannel()
        case WebhookSettings():
            return WebhookChannel(settings, secrets=secrets)
        case SmtpSettings():
            return SmtpChannel(settings, secrets=secrets)
