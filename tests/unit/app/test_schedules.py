"""Scheduled reports: when they are due, what is kept of them, and their way to their readers."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pytest

from batteryd.app.schedules import MADE_REPORTS, RETRY_S, Schedules, day_of, next_due_s
from batteryd.domain.made_report import FileMail
from batteryd.errors import DeliveryError, StoreError
from batteryd.settings.model import Schedule
from batteryd.store.ledger import Ledger

SEOUL_MONTHLY = Schedule(time_zone="Asia/Seoul", mail="mail")


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@dataclass
class SetClock:
    """A clock that stands until it is set."""

    time_s: float
    rate: float = 1.0

    def now_s(self) -> float:
        return self.time_s

    def monotonic_s(self) -> float:
        return self.time_s

    async def sleep(self, duration_s: float) -> None:
        self.time_s += duration_s


@dataclass
class Postbox:
    """Takes mail, or refuses it with what it is told to."""

    mails: list[FileMail] = field(default_factory=list)
    refusal: DeliveryError | None = None

    async def send_files(self, mail: FileMail) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.mails.append(mail)


@dataclass
class Site:
    """A ledger, a clock, a postbox, and a report that is one small file."""

    ledger: Ledger
    folder: Path
    clock: SetClock
    postbox: Postbox = field(default_factory=Postbox)
    made_at_s: list[float] = field(default_factory=list)
    failure: Exception | None = None

    def make(self, schedule: Schedule, folder: Path, now_s: float) -> tuple[Path, ...]:
        path = folder / "warranty.csv"
        path.write_text(f"{day_of(schedule, now_s=now_s)}\n")
        if self.failure is not None:
            raise self.failure
        self.made_at_s.append(now_s)
        return (path,)

    def schedules(self) -> Schedules:
        """Return them as a daemon that has just started has them."""
        return Schedules(
            self.ledger,
            make=self.make,
            folder=self.folder,
            channel={"mail": self.postbox}.get,
            clock=self.clock,
        )


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with closing(Ledger(tmp_path / "ledger.db")) as ledger:
        yield Site(ledger, tmp_path / "reports", SetClock(at("2026-11-23T12:00:00+09:00")))


@pytest.mark.parametrize(
    ("when", "zone", "after", "due"),
    [
        ("0 6 1 * *", "Asia/Seoul", "2026-11-23T12:00:00+09:00", "2026-12-01T06:00:00+09:00"),
        ("0 6 1 * *", "Asia/Seoul", "2026-12-01T05:59:58+09:00", "2026-12-01T06:00:00+09:00"),
        ("0 6 1 * *", "Asia/Seoul", "2026-12-01T06:00:00+09:00", "2027-01-01T06:00:00+09:00"),
        ("0 6 1 * *", "UTC", "2026-12-01T06:00:00+09:00", "2026-12-01T06:00:00+00:00"),
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00+01:00", "2026-03-29T03:30:00+02:00"),
    ],
)
def test_a_schedule_is_due_in_its_own_zone(when: str, zone: str, after: str, due: str) -> None:
    schedule = Schedule(when=when, time_zone=zone)

    assert next_due_s(schedule, after_s=at(after)) == at(due)


async def test_a_report_is_made_once_when_it_is_due_and_as_of_its_zones_day(site: Site) -> None:
    schedules = site.schedules()
    await schedules.step({"monthly": SEOUL_MONTHLY})
    assert site.made_at_s == []

    site.clock.time_s = at("2026-12-01T06:00:30+09:00")
    await schedules.step({"monthly": SEOUL_MONTHLY})
    await schedules.step({"monthly": SEOUL_MONTHLY})

    (made,) = site.ledger.records.current(MADE_REPORTS).values()
    assert site.made_at_s == [site.clock.time_s]
    assert made.as_of == date(2026, 12, 1)
    assert Path(made.files[0]).read_text() == "2026-12-01\n"


async def test_a_daemon_that_was_away_makes_what_it_missed_once_it_is_back(site: Site) -> None:
    await site.schedules().step({"monthly": SEOUL_MONTHLY})

    site.clock.time_s = at("2027-03-05T09:00:00+09:00")
    await site.schedules().step({"monthly": SEOUL_MONTHLY})
    await site.schedules().step({"monthly": SEOUL_MONTHLY})

    assert site.made_at_s == [site.clock.time_s]


async def test_a_report_is_mailed_until_it_is_taken_and_then_no_more(site: Site) -> None:
    schedules = site.schedules()
    await schedules.step({"monthly": SEOUL_MONTHLY})
    site.postbox.refusal = DeliveryError("451 try again later", permanent=False)
    site.clock.time_s = at("2026-12-01T06:00:00+09:00")
    await schedules.step({"monthly": SEOUL_MONTHLY})

    site.postbox.refusal = None
    await schedules.step({"monthly": SEOUL_MONTHLY})
    assert site.postbox.mails == []
    site.clock.time_s += RETRY_S
    await schedules.step({"monthly": SEOUL_MONTHLY})
    site.clock.time_s += RETRY_S
    await site.schedules().step({"monthly": SEOUL_MONTHLY})

    (mail,) = site.postbox.mails
    assert [Path(file).name for file in mail.files] == ["warranty.csv"]
    assert mail.subject == "Warranty report as of 2026-12-01"
    (made,) = site.ledger.records.current(MADE_REPORTS).values()
    assert (made.attempts, made.error, made.waits_to_be_mailed) == (2, "", False)


async def test_a_mail_that_can_never_be_taken_is_not_tried_again(site: Site) -> None:
    schedules = site.schedules()
    await schedules.step({"monthly": SEOUL_MONTHLY})
    site.postbox.refusal = DeliveryError("550 no such user", permanent=True)
    site.clock.time_s = at("2026-12-01T06:00:00+09:00")
    await schedules.step({"monthly": SEOUL_MONTHLY})

    site.postbox.refusal = None
    site.clock.time_s += 10 * RETRY_S
    await schedules.step({"monthly": SEOUL_MONTHLY})

    assert site.postbox.mails == []
    (made,) = site.ledger.records.current(MADE_REPORTS).values()
    assert made.error == "550 no such user"


async def test_a_report_that_cannot_be_made_is_told_and_tried_again(site: Site) -> None:
    schedules = site.schedules()
    await schedules.step({"monthly": SEOUL_MONTHLY})
    site.failure = StoreError("disk I/O error")
    site.clock.time_s = at("2026-12-01T06:00:00+09:00")
    await schedules.step({"monthly": SEOUL_MONTHLY})
    assert "disk I/O error" in schedules.trouble["monthly"]

    site.failure = None
    await schedules.step({"monthly": SEOUL_MONTHLY})
    assert site.made_at_s == []
    site.clock.time_s += RETRY_S
    await schedules.step({"monthly": SEOUL_MONTHLY})

    assert len(site.made_at_s) == 1
    assert schedules.trouble == {}


async def test_what_could_not_be_finished_is_not_left_behind(site: Site) -> None:
    schedules = site.schedules()
    await schedules.step({"monthly": SEOUL_MONTHLY})
    site.failure = StoreError("disk I/O error")
    site.clock.time_s = at("2026-12-01T06:00:00+09:00")

    await schedules.step({"monthly": SEOUL_MONTHLY})

    assert list(site.folder.iterdir()) == []


async def test_a_schedule_that_is_gone_is_no_trouble_any_more(site: Site) -> None:
    schedules = site.schedules()
    await schedules.step({"monthly": SEOUL_MONTHLY})
    site.failure = StoreError("disk I/O error")
    site.clock.time_s = at("2026-12-01T06:00:00+09:00")
    await schedules.step({"monthly": SEOUL_MONTHLY})
    assert schedules.trouble

    await schedules.step({})

    assert schedules.trouble == {}


async def test_only_the_newest_reports_of_a_schedule_are_kept(site: Site) -> None:
    daily = Schedule(when="0 6 * * *", kept_max=2)
    other = site.folder / "daily-2-20260101T000000Z"
    other.mkdir(parents=True)
    schedules = site.schedules()
    await schedules.step({"daily": daily})

    for day in (24, 25, 26):
        site.clock.time_s = at(f"2026-11-{day}T06:00:00+00:00")
        await schedules.step({"daily": daily})

    names = sorted(path.name for path in site.folder.iterdir())
    assert names == ["daily-2-20260101T000000Z", "daily-20261125T060000Z", "daily-20261126T060000Z"]
