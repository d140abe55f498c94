"""Reports that come by themselves: which are due, making them, mailing them until they are taken.

A schedule is due at the first of its times after it was last made (or, never made, first known); so
a daemon that was away at six o'clock makes the report when it is back, once. What was made is a
record of the ledger, and so is that its mail was taken: a crash between the two mails it again,
with the same Message-ID. A report that cannot be made is tried again after a while.
"""

import asyncio
import logging
import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from batteryd.clock import Clock
from batteryd.domain.made_report import FileMail, MadeReport
from batteryd.errors import BatterydError, DeliveryError
from batteryd.settings.model import Schedule
from batteryd.store.ledger import Ledger
from batteryd.store.records import RecordKind

_log = logging.getLogger(__name__)

MADE_REPORTS = RecordKind("made-report", MadeReport)
ACTOR = "batteryd"

RETRY_S = 600.0  # after a report could not be made, or its mail was not taken
MAIL_ATTEMPTS_MAX = 144  # a day of them

MakeReport = Callable[[Schedule, Path, float], tuple[Path, ...]]  # into a folder, at an instant


class FileChannel(Protocol):
    """A channel that takes files."""

    async def send_files(self, mail: FileMail) -> None:
        """Hand over a mail with files.

        Raises:
            DeliveryError: it was not taken.
        """
        ...


class Schedules:
    """Makes and mails what is due; `step` is one look at all of it."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        make: MakeReport,
        folder: Path,  # of schedules that name none
        channel: Callable[[str], FileChannel | None],
        clock: Clock,
    ) -> None:
        self.trouble: dict[str, str] = {}  # by schedule: why its newest report is not there
        self._ledger = ledger
        self._make = make
        self._folder = folder
        self._channel = channel
        self._clock = clock
        self._not_before_s: dict[str, float] = {}

    async def step(self, schedules: Mapping[str, Schedule]) -> None:
        """Make what is due, then mail what waits."""
        self.trouble = {name: why for name, why in self.trouble.items() if name in schedules}
        for name, schedule in schedules.items():
            now_s = self._clock.now_s()
            if now_s < self._not_before_s.get(name, 0.0):
                continue
            since_s = await asyncio.to_thread(self._since_s, name, now_s)
            if next_due_s(schedule, after_s=since_s) <= now_s:
                await self._attempt(name, schedule, now_s=now_s)
        await self._mail_waiting()

    async def _attempt(self, name: str, schedule: Schedule, *, now_s: float) -> None:
        try:
            made = await asyncio.to_thread(self._made, name, schedule, now_s)
        except (BatterydError, OSError) as error:
            self._not_before_s[name] = now_s + RETRY_S
            self.trouble[name] = f"The scheduled report {name} cannot be made: {error}"
            _log.error("scheduled report not made schedule=%s error=%r", name, str(error))
            return
        self.trouble.pop(name, None)
        _log.warning("scheduled report made schedule=%s files=%d", name, len(made.files))

    def _made(self, name: str, schedule: Schedule, now_s: float) -> MadeReport:
        home = schedule.folder or self._folder
        folder = home / f"{name}-{_stamp(now_s)}"
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as unfinished:
            # Half a report would be counted as one of those that are kept.
            unfinished.callback(shutil.rmtree, folder, ignore_errors=True)
            files = self._make(schedule, folder, now_s)
            made = MadeReport(
                schedule=name,
                report=schedule.report,
                as_of=day_of(schedule, now_s=now_s),
                made_at_s=now_s,
                files=tuple(map(str, files)),
                mail=schedule.mail,
            )
            with self._ledger.transaction(now_s) as tx:
                tx.records.put(MADE_REPORTS, folder.name, made, actor=ACTOR, action="made")
            unfinished.pop_all()
        _prune(home, name, kept_max=schedule.kept_max)
        return made

    def _since_s(self, name: str, now_s: float) -> float:
        """Return when a schedule was last made, or else first known."""
        made = self._ledger.records.current(MADE_REPORTS, prefix=f"{name}-").values()
        last_s = max((m.made_at_s for m in made if m.schedule == name), default=None)
        if last_s is not None:
            return last_s
        key = f"schedule {name} known since"
        known_s = self._ledger.meta(key)
        if known_s is not None:
            return float(known_s)
        with self._ledger.transaction(now_s) as tx:
            tx.put_meta(key, repr(now_s))
        return now_s

    async def _mail_waiting(self) -> None:
        current = await asyncio.to_thread(self._ledger.records.current, MADE_REPORTS)
        for record_id, made in current.items():
            waits_s = made.made_at_s + made.attempts * RETRY_S
            is_due = made.waits_to_be_mailed and waits_s <= self._clock.now_s()
            if is_due and made.attempts < MAIL_ATTEMPTS_MAX:
                told = await self._mailed(record_id, made)
                await asyncio.to_thread(self._remember, record_id, told)

    async def _mailed(self, record_id: str, made: MadeReport) -> MadeReport:
        channel = self._channel(made.mail or "")
        attempt = replace(made, attempts=made.attempts + 1)
        if channel is None:
            return replace(attempt, error=f"there is no channel {made.mail} of kind smtp")
        try:
            await channel.send_files(_mail_of(record_id, made))
        except DeliveryError as error:
            attempts = MAIL_ATTEMPTS_MAX if error.permanent else attempt.attempts
            return replace(attempt, attempts=attempts, error=str(error))
        return replace(attempt, mailed_at_s=self._clock.now_s(), error="")

    def _remember(self, record_id: str, made: MadeReport) -> None:
        action = "mailed" if made.mailed_at_s is not None else "not mailed"
        with self._ledger.transaction(self._clock.now_s()) as tx:
            tx.records.put(MADE_REPORTS, record_id, made, actor=ACTOR, action=action)


def next_due_s(schedule: Schedule, *, after_s: float) -> float:
    """Return the first time of a schedule after an instant, seconds since the epoch."""
    zone = ZoneInfo(schedule.time_zone)
    trigger = CronTrigger.from_crontab(schedule.when, timezone=zone)
    # The trigger's own question is "at or after", in whole seconds.
    due = trigger.get_next_fire_time(None, datetime.fromtimestamp(after_s + 1, zone))
    return float("inf") if due is None else due.timestamp()


def day_of(schedule: Schedule, *, now_s: float) -> date:
    """Return the day that a report made now is as of."""
    return datetime.fromtimestamp(now_s, ZoneInfo(schedule.time_zone)).date()


def _mail_of(record_id: str, made: MadeReport) -> FileMail:
    names = [Path(file).name for file in made.files]
    listed = "\n".join(f"  {name}" for name in names)
    text = (
        f"The {made.report} report as of {made.as_of},"
        f" made by batteryd on the schedule {made.schedule}.\n\n"
        f"{listed}\n\n"
        "The manifest names the SHA-256 of each file and is signed. To verify:\n"
        f"  batteryd report verify {names[0]}\n"
    )
    subject = f"{made.report.capitalize()} report as of {made.as_of}"
    return FileMail(f"{record_id}@{made.made_at_s}", subject, text, made.files, made.made_at_s)


def _stamp(now_s: float) -> str:
    return datetime.fromtimestamp(now_s, UTC).strftime("%Y%m%dT%H%M%SZ")


def _prune(home: Path, name: str, *, kept_max: int) -> None:
    """Remove the oldest folders of a schedule; their names sort by time."""
    pattern = f"{name}-????????T??????Z"
    for folder in sorted(home.glob(pattern))[:-kept_max]:
        shutil.rmtree(folder, ignore_errors=True)
