"""The warranty report as a PDF."""

import hashlib
import io

from batteryd.report.csv_file import write_csv
from batteryd.report.timeline import timeline_svg
from batteryd.report.typeset import Head, typeset
from batteryd.report.warranty import WarrantyReport
from batteryd.report.warranty_paper import expiries_of, lines_of, warranty_page

_TAGGED_ROWS_MAX = 500


def warranty_pdf(report: WarrantyReport) -> bytes:
    """Return the report for people; at most `warranty_paper.ROWS_MAX` batteries one by one.

    Raises:
        TypesettingError: it could not be set in type.
    """
    lines = lines_of(report)
    source = report.header.provenance
    head = Head(
        title=report.header.title,
        subject=f"{len(lines):,} batteries",
        as_of=f"as of {source.as_of} ({source.time_zone})",
        at_s=report.made.at_s,
        version=source.version,
    )
    return typeset(
        "warranty",
        warranty_page(report, lines, csv_sha256=_csv_sha256(report)),
        head=head,
        images={"timeline.svg": timeline_svg(expiries_of(lines), as_of=source.as_of)},
        is_tagged=len(lines) <= _TAGGED_ROWS_MAX,
    )


def _csv_sha256(report: WarrantyReport) -> str:
    """Return the digest of the canonical form: paper names the file that it is a view of."""
    text = io.BytesIO()
    write_csv(report, text)
    return hashlib.sha256(text.getbuffer()).hexdigest()
