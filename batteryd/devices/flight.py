"""The polls in the air: at most one a device, and not more than a bound in all.

A poll that may not begin is missed, not queued. Polling that has fallen behind has nothing to catch
up with: the next poll says everything that the missed one would have said.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from batteryd.devices.device import PolledDevice
from batteryd.domain.snapshot import Snapshot

CANCEL_S_MAX = 1.0  # for a cancelled poll to let go of its socket

PollTask = asyncio.Task[Snapshot]

log = logging.getLogger(__name__)


class Flight:
    """Running polls by device."""

    def __init__(self, *, in_flight_max: int) -> None:
        self._in_flight_max = in_flight_max
        self._tasks: dict[PolledDevice, PollTask] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def has_room_for(self, device: PolledDevice) -> bool:
        """Whether a poll of this device may begin now."""
        return device not in self._tasks and len(self._tasks) < self._in_flight_max

    def task_of(self, device: PolledDevice) -> PollTask | None:
        """Return the running poll of a device."""
        return self._tasks.get(device)

    def begin(self, device: PolledDevice, poll: Coroutine[Any, Any, Snapshot]) -> PollTask:
        """Run a poll of a device that has none in the air."""
        task = asyncio.create_task(poll)
        self._tasks[device] = task
        task.add_done_callback(self._landing_of(device))
        return task

    async def drain(self, devices: Iterable[PolledDevice], *, drain_s: float) -> None:
        """Wait for the polls of these devices, and cancel those that outlast `drain_s`."""
        tasks = [self._tasks[device] for device in devices if device in self._tasks]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=drain_s)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=CANCEL_S_MAX)

    def _landing_of(self, device: PolledDevice) -> Callable[[PollTask], None]:
        def land(task: PollTask) -> None:
            del self._tasks[device]
            # A poll never raises; what it hands its snapshot to might.
            if not task.cancelled() and (error := task.exception()) is not None:
                log.error("snapshot not taken asset=%s", device.asset_id, exc_info=error)

        return land
