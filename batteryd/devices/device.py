"""One polled asset: its reader, its endpoint, and whether it is lost at present.

`PolledDevice.poll` always ends in a snapshot. Whatever goes wrong while reading is the content of a
failed snapshot, because silence is data; a reader that breaks in a way nobody foresaw costs its own
asset and no other. A loss is told once when it is sure and once when it is over, so a site that is
down for a night leaves two lines an asset.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from batteryd.clock import Clock
from batteryd.devices.endpoint import Endpoint
from batteryd.devices.link import RawReading, Reader
from batteryd.devices.quality_watch import QualityWatch
from batteryd.domain.inventory import Asset
from batteryd.domain.nameplate import Nameplate
from batteryd.domain.snapshot import Snapshot, failed_snapshot
from batteryd.errors import LinkError, LinkTimeout

DEADLINE_S = 8.0  # for one poll once its turn has come; real seconds, as the network's are
LOST_AFTER_POLLS = 2  # one lost datagram is no loss
NAMEPLATE_EVERY_S = 24 * 3600.0
NAMEPLATE_RETRY_S = 3600.0

T = TypeVar("T")

log = logging.getLogger(__name__)


class PolledDevice:
    """An asset with the means to read it."""

    def __init__(
        self,
        asset: Asset,
        *,
        reader: Reader,
        endpoint: Endpoint,
        clock: Clock,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self.asset = asset
        self.asset_id = asset.asset_id
        self.interval_s = asset.source.poll_interval_s or reader.poll_interval_s
        self._reader = reader
        self._endpoint = endpoint
        self._clock = clock
        self._deadline_s = deadline_s
        self._failed_polls = 0  # in a row
        self._failed_since_s = 0.0
        self._is_defect_told = False
        self._nameplate_due_s = 0.0
        self._restarts_seen = 0
        self._quality = QualityWatch()

    async def poll(self, *, is_urgent: bool = False) -> Snapshot:
        """Read once, when the endpoint is free. Never raises.

        Somebody waits for an urgent poll, so it goes out even while the endpoint is left alone.
        """
        async with self._endpoint.turn:
            cause = self._endpoint.pause_cause(self.asset_id, at_s=self._steady_s())
            if cause is not None and not is_urgent:
                return self._note_failure(f"backoff: {cause}")
            started_s = self._clock.monotonic_s()
            try:
                raw = await self._in_time(self._reader.read)
            except LinkError as error:
                self._endpoint.failed(self.asset_id, error, at_s=self._steady_s())
                return self._note_failure(f"{error.reason}: {error}", started_s=started_s)
            except Exception as error:  # noqa: BLE001  one broken reader must not end the polling
                self._note_defect(error)
                return self._note_failure(f"internal: {type(error).__name__}", started_s=started_s)
            self._endpoint.answered(self.asset_id)
            return self._note_success(raw, started_s=started_s)

    @property
    def is_nameplate_due(self) -> bool:
        """Whether identity and dates should be read: at first, daily, after loss and restart."""
        return not self._failed_polls and self._steady_s() >= self._nameplate_due_s

    async def read_nameplate(self) -> Nameplate | None:
        """Read identity and dates, or return None and try again later. Never raises.

        A device that refuses this is not lost: its values are what matters.
        """
        self._nameplate_due_s = self._steady_s() + NAMEPLATE_RETRY_S
        async with self._endpoint.turn:
            try:
                nameplate = await self._in_time(self._reader.read_nameplate)
            except LinkError as error:
                log.debug("nameplate not read asset=%s failure=%r", self.asset_id, str(error))
                return None
            except Exception as error:  # noqa: BLE001  as in poll
                self._note_defect(error)
                return None
        self._nameplate_due_s = self._steady_s() + NAMEPLATE_EVERY_S
        return nameplate

    async def close(self) -> None:
        """Let go of link and endpoint."""
        self._endpoint.forget(self.asset_id)
        await self._reader.close()

    async def _in_time(self, read: Callable[[], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(self._deadline_s):
                return await read()
        except TimeoutError as error:
            raise LinkTimeout(f"not finished in {self._deadline_s:g} s") from error

    def _note_success(self, raw: RawReading, *, started_s: float) -> Snapshot:
        if self._failed_polls:
            self._note_recovery()
        if self._restarts_seen != self._reader.restart_count:
            self._restarts_seen = self._reader.restart_count
            self._nameplate_due_s = 0.0
        layout = self._reader.layout
        self._quality.judge(raw, layout=layout, at_s=self._steady_s())
        return Snapshot(
            asset_id=self.asset_id,
            observed_at_s=self._clock.now_s(),
            layout=layout,
            values=raw.values,
            quality=raw.quality,
            duration_s=self._clock.monotonic_s() - started_s,
        )

    def _note_failure(self, failure: str, *, started_s: float | None = None) -> Snapshot:
        if not self._failed_polls:
            self._failed_since_s = self._steady_s()
        self._failed_polls += 1
        if self._failed_polls == LOST_AFTER_POLLS:
            log.warning(
                "device lost asset=%s endpoint=%s failure=%r",
                self.asset_id, self._endpoint.name, failure,
            )  # fmt: skip
        return failed_snapshot(
            self.asset_id,
            self._reader.layout,
            at_s=self._clock.now_s(),
            failure=failure,
            duration_s=0.0 if started_s is None else self._clock.monotonic_s() - started_s,
        )

    def _note_recovery(self) -> None:
        if self._failed_polls >= LOST_AFTER_POLLS:
            log.warning(
                "device back asset=%s endpoint=%s lost_s=%.0f failed_polls=%d",
                self.asset_id, self._endpoint.name,
                self._steady_s() - self._failed_since_s, self._failed_polls,
            )  # fmt: skip
            self._nameplate_due_s = 0.0  # it may be another device at the same address
        self._failed_polls = 0
        self._is_defect_told = False

    def _note_defect(self, error: Exception) -> None:
        if not self._is_defect_told:
            log.error("reader broke asset=%s", self.asset_id, exc_info=error)
        self._is_defect_told = True

    def _steady_s(self) -> float:
        # Seconds of the daemon's clock, but never jumping: outages and pauses are durations.
        return self._clock.monotonic_s() * self._clock.rate
