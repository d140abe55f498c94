"""Makes the warranty report that a schedule asks for: every format into one folder, each signed."""

from pathlib import Path

from batteryd.app.schedules import ACTOR, day_of
from batteryd.app.warranty.making import made_now
from batteryd.app.warranty.of_ledger import Installation, Question, report_of_ledger
from batteryd.report.manifest import Signer
from batteryd.report.warranty_file import issue_warranty_report
from batteryd.settings.model import Schedule


def make_scheduled(
    site: Installation, schedule: Schedule, *, folder: Path, now_s: float, signer: Signer | None
) -> tuple[Path, ...]:
    """Write the report as of today, as the schedule's time zone has it; return every file.

    Raises:
        BatterydError: ledger or journal cannot be read, or a file cannot be written.
    """
    question = Question(day_of(schedule, now_s=now_s), time_zone=schedule.time_zone)
    report = report_of_ledger(site, question, made=made_now(now_s, by=ACTOR))
    files = (
        issue_warranty_report(
            report, folder / f"warranty-{question.as_of}.{form}", form=form, signer=signer
        )
        for form in schedule.formats
    )
    return tuple(path for written in files for path in written)
