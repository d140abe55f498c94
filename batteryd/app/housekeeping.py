"""What has to be done now and then beside polling: one row a job.

The jobs are APScheduler's; what they do runs in the monitor's thread, which is the only writer of
the journal. Periods are seconds of the daemon's clock. A job that fails is told and comes again at
its next time; none may end the daemon.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from batteryd.clock import Clock
from batteryd.errors import StoreError
from batteryd.monitor import Monitor
from batteryd.store.retention import Retention
from batteryd.store.rollup import Rollup

_log = logging.getLogger(__name__)

PERIOD_REAL_S_MIN = 1.0  # however fast the clock runs
ROLLUP_STEPS_MAX = 200  # of one run; the next goes on

InThread = Callable[[Callable[[], None]], Awaitable[None]]


class Housekeeping:
    """Roll-ups, retention, warranty days, and shelf times that end."""

    def __init__(
        self,
        *,
        monitor: Monitor,
        rollup: Rollup,
        retention: Retention,
        clock: Clock,
        in_thread: InThread,
    ) -> None:
        self._monitor = monitor
        self._rollup = rollup
        self._retention = retention
        self._clock = clock
        self._in_thread = in_thread
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._jobs = (
            ("assess warranties", 600.0, self.assess_warranties),
            ("end shelf times", 30.0, self.end_shelf_times),
            ("roll up", 60.0, self.roll_up),
            ("hold to limits", 300.0, self.hold_to_limits),
        )

    def start(self) -> None:
        """Begin; needs a running event loop."""
        for name, period_s, work in self._jobs:
            period_real_s = max(PERIOD_REAL_S_MIN, period_s / self._clock.rate)
            self._scheduler.add_job(
                self._run,
                IntervalTrigger(seconds=period_real_s, timezone="UTC"),
                args=(name, work),
                name=name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Begin no more jobs."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def assess_warranties(self) -> None:
        """See which batteries are covered today; days end at each site's own midnight."""
        self._monitor.assess_warranties(now_s=self._clock.now_s())

    def end_shelf_times(self) -> None:
        """Take alarms off the shelf whose time is over."""
        self._monitor.end_shelf_times(now_s=self._clock.now_s())

    def roll_up(self) -> None:
        """Fold new polls into minutes and hours."""
        for _ in range(ROLLUP_STEPS_MAX):
            if not self._rollup.step():
                return

    def hold_to_limits(self) -> None:
        """Forget what is older, or larger, than the settings allow."""
        self._retention.sweep(self._clock.now_s())

    async def _run(self, name: str, work: Callable[[], None]) -> None:
        try:
            await self._in_thread(work)
        except StoreError as error:
            _log.warning("housekeeping failed job=%r error=%r", name, str(error))
        except asyncio.CancelledError:
            raise
        except Exception:  # noqa: BLE001  outermost of a job: its mistake must not end the others
            _log.error("housekeeping broke job=%r", name, exc_info=True)
