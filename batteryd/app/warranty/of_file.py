"""The warranty report of a register's file: no daemon, no ledger, nothing but what the file says.

A file has no history and knows of no findings and no devices. Those columns are left empty, and the
header says which they are.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import batteryd
from batteryd.app.warranty.case import case_of
from batteryd.report.warranty import Made, Provenance, WarrantyReport, build_warranty_report
from batteryd.report.warranty_case import WarrantyCase
from batteryd.settings.files import SourceFile
from batteryd.settings.register_entries import WrittenEntry, read_entries
from batteryd.warranty.conflicts import conflicts_of

LEFT_EMPTY = (
    "findings_open", "findings", "conditions", "services", "effective_on", "register_seq",
    "register_recorded_at",
)  # fmt: skip


def report_of_file(file: SourceFile, *, as_of: date, time_zone: str, made: Made) -> WarrantyReport:
    """Return the report of what a register's file says.

    Raises:
        ConfigError: with every mistake in it.
    """
    sha256 = file.sha256
    provenance = Provenance(
        as_of=as_of,
        time_zone=time_zone,
        version=batteryd.__version__,
        register_revision=f"file {sha256}",
        sources={file.path.name: sha256},
        columns_left_empty=LEFT_EMPTY,
    )
    return build_warranty_report(_cases(file, as_of=as_of), provenance=provenance, made=made)


def _cases(file: SourceFile, *, as_of: date) -> Iterator[WarrantyCase]:
    for written in read_entries(file):
        yield _case(written, as_of=as_of)


def _case(written: WrittenEntry, *, as_of: date) -> WarrantyCase:
    entry = written.entry
    conflicts = (conflict.text for conflict in conflicts_of(entry.battery, None))
    case = case_of(entry, as_of=as_of, conflicts=(*conflicts, *written.contradictions))
    if entry.battery.source is not None:
        return case
    return replace(case, profile=written.profile, address=written.address)
