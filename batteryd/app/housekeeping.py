"""What has to be done now and then beside polling: one row a job.

Periods are seconds of the daemon's clock. A job runs in the monitor's thread, which is the only
writer of the journal, unless it may hang on something outside (a mount of another machine). A job
that fails comes again at its next time; none may end the daemon. It is told once in the log, stands
in `trouble` for as long as it fails, and is told once more when it works again.

While a job has the monitor's thread, nothing is judged. So a job that may be long is cut into
pieces, and every piece takes its turn in that thread: what was polled meanwhile has one in between.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from batteryd.clock import Clock
from batteryd.errors import StoreError

_log = logging.getLogger(__name__)

PERIOD_REAL_S_MIN = 1.0  # however fast the clock runs
PIECES_MAX = 1_000  # of one run; the next goes on

Work = Callable[[], object]
InThread = Callable[[Work], Awaitable[object]]


class Job(NamedTuple):
    """Something that is done again and again."""

    name: str
    period_s: float
    work: Work
    may_hang: bool = False  # then in a thread of its own
    in_pieces: bool = False  # `work` does one, and returns nothing where nothing was left to do


class Housekeeping:
    """Runs the jobs, each at its period."""

    def __init__(self, jobs: Sequence[Job], *, clock: Clock, in_thread: InThread) -> None:
        self._jobs = jobs
        self._clock = clock
        self._in_thread = in_thread
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._failing: dict[str, str] = {}  # what went wrong, by job

    @property
    def trouble(self) -> tuple[str, ...]:
        """Return which jobs do not work at present, for the page and `batteryd status`."""
        return tuple(
            f"batteryd cannot {name}, and tries again: {why}" for name, why in self._failing.items()
        )

    def start(self) -> None:
        """Begin; needs a running event loop."""
        for job in self._jobs:
            period_real_s = max(PERIOD_REAL_S_MIN, job.period_s / self._clock.rate)
            self._scheduler.add_job(
                self._run,
                IntervalTrigger(seconds=period_real_s, timezone="UTC"),
                args=(job,),
                name=job.name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Begin no more jobs."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def _run(self, job: Job) -> None:
        try:
            for _ in range(PIECES_MAX if job.in_pieces else 1):
                if not await self._turn(job):
                    break
        except Exception as error:  # noqa: BLE001  outermost of a job: it must not end the others
            self._failed(job, error)
        else:
            if self._failing.pop(job.name, None) is not None:
                _log.warning("housekeeping works again job=%r", job.name)

    def _failed(self, job: Job, error: Exception) -> None:
        is_known, is_of_store = job.name in self._failing, isinstance(error, StoreError)
        self._failing[job.name] = str(error) if is_of_store else f"{type(error).__name__}: {error}"
        if is_known:
            return
        if is_of_store:
            _log.warning("housekeeping failed job=%r error=%r", job.name, str(error))
        else:
            _log.error("housekeeping broke job=%r", job.name, exc_info=error)

    async def _turn(self, job: Job) -> object:
        if job.may_hang:
            return await asyncio.to_thread(job.work)
        return await self._in_thread(job.work)
