"""The scheduled reports of a running daemon, made from its own ledger and journal."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from batteryd.app.schedules import FileChannel, Schedules
from batteryd.app.warranty.of_ledger import Installation
from batteryd.app.warranty.scheduled import make_scheduled
from batteryd.clock import Clock
from batteryd.errors import StoreError
from batteryd.notify.channel import Channel
from batteryd.notify.channels.smtp import SmtpChannel
from batteryd.report.manifest import Signer
from batteryd.settings.load import Configuration
from batteryd.settings.model import Schedule
from batteryd.store.journal import Journal
from batteryd.store.ledger import Ledger
from batteryd.store.signing import SigningKey, key_path

LOOK_EVERY_S = 60.0

_log = logging.getLogger(__name__)


class Reports:
    """Looks once a minute whether a report is due. A reload replaces `configuration`."""

    def __init__(
        self,
        configuration: Configuration,
        ledger: Ledger,
        journal: Journal,
        *,
        channels: Callable[[], Mapping[str, Channel]],
        clock: Clock,
    ) -> None:
        self.configuration = configuration
        self._ledger = ledger
        self._journal = journal
        self._channels = channels
        self._clock = clock
        self._state_dir = configuration.settings.daemon.state_dir
        self._schedules = Schedules(
            ledger,
            make=self._make,
            folder=self._state_dir / "reports",
            channel=self._mail_channel,
            clock=clock,
        )

    @property
    def trouble(self) -> tuple[str, ...]:
        """Return which reports could not be made, and why."""
        return tuple(self._schedules.trouble.values())

    async def run(self) -> None:
        """Make and mail what is due, for as long as the daemon lives."""
        while True:
            try:
                await self._schedules.step(self.configuration.settings.schedule)
            except StoreError as error:
                _log.warning("scheduled reports not looked at error=%r", str(error))
            except Exception:  # noqa: BLE001  outermost: reports must not end the watch
                _log.error("scheduled reports broke", exc_info=True)
            await self._clock.sleep(LOOK_EVERY_S)

    def _make(self, schedule: Schedule, folder: Path, now_s: float) -> tuple[Path, ...]:
        key = SigningKey.load_or_create(key_path(self._state_dir))
        site = Installation(self.configuration, self._ledger, self._journal)
        signer = Signer(key.public, key.sign)
        return make_scheduled(site, schedule, folder=folder, now_s=now_s, signer=signer)

    def _mail_channel(self, name: str) -> FileChannel | None:
        channel = self._channels().get(name)
        return channel if isinstance(channel, SmtpChannel) else None
