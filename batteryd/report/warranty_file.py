"""Writes a warranty report in any of its formats, and puts it into the world signed."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from batteryd.report.csv_file import write_csv
from batteryd.report.issue import issue
from batteryd.report.json_file import header_as_json, made_as_json, write_json
from batteryd.report.manifest import Signer
from batteryd.report.warranty import WarrantyReport
from batteryd.report.warranty_pdf import warranty_pdf
from batteryd.report.xlsx_file import write_xlsx


def write_pdf(report: WarrantyReport, out: BinaryIO) -> None:
    """Write the report as it is printed."""
    out.write(warranty_pdf(report))


WRITERS: Mapping[str, Callable[[WarrantyReport, BinaryIO], None]] = MappingProxyType(
    {"csv": write_csv, "json": write_json, "xlsx": write_xlsx, "pdf": write_pdf}
)


def issue_warranty_report(
    report: WarrantyReport, path: Path, *, form: str, signer: Signer | None
) -> tuple[Path, ...]:
    """Write a report with its manifest; return every file, the report first.

    Args:
        report: what to write.
        path: where; files that are there are replaced.
        form: one of `WRITERS`.
        signer: who signs; None: nobody, and the manifest says so.

    Raises:
        ConfigError: a file cannot be written there.
        ReportError: the report does not fit the format.
        TypesettingError: it could not be set in type.
    """
    return issue(
        path,
        partial(WRITERS[form], report),
        header=header_as_json(report.header),
        made=made_as_json(report.made),
        signer=signer,
    )
