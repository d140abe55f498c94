"""The timer behind the poller: APScheduler, with one job for each slot in use.

What APScheduler does not do is watched for here. It lives by the system's wall time, and after a
step backwards it would wait until the clock has caught up: an operator who corrects the hour would
switch off the polling for an hour. Wall time is therefore compared with monotonic time, and after
a step every slot is set anew.
"""

import logging
from asyncio import Task, create_task
from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from batteryd.clock import Clock
from batteryd.devices.slots import Slot

STEP_S_MIN = 0.5  # a smaller step only shows as lag, once
WATCH_EVERY_S = 1.0

FireSlot = Callable[[Slot, float], None]  # slot, seconds since it was due

log = logging.getLogger(__name__)


class Timetable:
    """Calls `fire` whenever a slot in use is due, late rather than never."""

    def __init__(self, fire: FireSlot, *, wall: Clock) -> None:
        self._fire = fire
        self._wall = wall
        self._offset_s = self._wall_offset_s()
        self._watch: Task[None] | None = None
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            # Firings that piled up while the process stood still are one firing, and it happens.
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )
        # It tells of every firing at level INFO.
        logging.getLogger("apscheduler.executors.default").setLevel(logging.WARNING)

    def start(self) -> None:
        """Begin to fire; needs a running event loop."""
        self._scheduler.start()
        self._watch = create_task(self._watch_for_steps(), name="watch for clock steps")

    def stop(self) -> None:
        """Fire no more."""
        if self._watch is not None:
            self._watch.cancel()
            self._scheduler.shutdown(wait=False)
        self._watch = None

    def use(self, slot: Slot) -> None:
        """Fire this slot from now on."""
        self._scheduler.add_job(self._on_due, self._trigger(slot), args=(slot,), id=_job_id(slot))

    def drop(self, slot: Slot) -> None:
        """Do not fire this slot any more."""
        self._scheduler.remove_job(_job_id(slot))

    def realign(self) -> None:
        """Set every slot anew by the wall time of now."""
        for job in self._scheduler.get_jobs():
            (slot,) = job.args
            self._scheduler.reschedule_job(job.id, trigger=self._trigger(slot))

    async def _on_due(self, slot: Slot) -> None:
        # A coroutine, because APScheduler runs plain functions in a thread.
        self._fire(slot, slot.late_s(now_s=self._wall.now_s()))

    def _trigger(self, slot: Slot) -> IntervalTrigger:
        due_s = slot.next_due_s(now_s=self._wall.now_s())
        due_at = datetime.fromtimestamp(due_s, UTC)
        return IntervalTrigger(seconds=slot.period_s, start_date=due_at, timezone=UTC)

    async def _watch_for_steps(self) -> None:
        while True:
            await self._wall.sleep(WATCH_EVERY_S)
            step_s = self._wall_offset_s() - self._offset_s
            if abs(step_s) >= STEP_S_MIN:
                log.warning("system clock stepped step_s=%+.1f; polling goes on", step_s)
                self._offset_s += step_s
                self.realign()

    def _wall_offset_s(self) -> float:
        return self._wall.now_s() - self._wall.monotonic_s()


def _job_id(slot: Slot) -> str:
    return f"{slot.period_s!r}+{slot.offset_s!r}"
