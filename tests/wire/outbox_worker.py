"""Runs an outbox with one webhook on a ledger, until it is killed."""

import asyncio
import sys
from pathlib import Path

from batteryd.clock import SystemClock
from batteryd.notify.channel_settings import WebhookSettings
from batteryd.notify.channels.webhook import WebhookChannel
from batteryd.notify.outbox import Outbox
from batteryd.notify.secrets import Secrets
from batteryd.store.ledger import Ledger


async def main(path: Path, url: str) -> None:
    settings = WebhookSettings(kind="webhook", url=url)
    hook = WebhookChannel(settings, secrets=Secrets({}, names=()))
    await Outbox(Ledger(path).outbox, {"hook": hook}, clock=SystemClock()).run()


asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
