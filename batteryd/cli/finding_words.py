"""Findings as people and programs read them."""

from typing import TYPE_CHECKING

from batteryd.cli.frame import instant
from batteryd.domain.work import Finding

if TYPE_CHECKING:
    from batteryd.store.records import Revision


def finding_lines(finding: Finding) -> list[str]:
    """Return a finding as people read it."""
    lines = [
        f"{finding.finding_id:<5} {finding.asset_id:<20} since {finding.opened_on}  {finding.text}",
        f"      noted by {finding.opened_by}{_paper(finding.document, finding.document_sha256)}",
    ]
    if finding.closed_on is not None:
        paper = _paper(None, finding.evidence_sha256)
        lines.append(
            f"      closed {finding.closed_on} by {finding.closed_by}: {finding.evidence}{paper}"
        )
    return lines


def finding_as_json(finding: Finding) -> dict[str, object]:
    """Return a finding, JSON-able; null is what nobody said."""
    return {
        "finding_id": finding.finding_id,
        "asset_id": finding.asset_id,
        "is_open": finding.closed_on is None,
        "opened_on": finding.opened_on.isoformat(),
        "opened_by": finding.opened_by,
        "text": finding.text,
        "document": finding.document,
        "document_sha256": finding.document_sha256,
        "closed_on": None if finding.closed_on is None else finding.closed_on.isoformat(),
        "closed_by": finding.closed_by or None,
        "evidence": finding.evidence or None,
        "evidence_sha256": finding.evidence_sha256,
    }


def step_as_json(revision: "Revision[Finding]") -> dict[str, object]:
    """Return one entry of a finding's history, JSON-able."""
    return {
        "seq": revision.seq,
        "at": instant(revision.at_s),
        "actor": revision.actor,
        "action": revision.action,
        "comment": revision.comment,
    }


def _paper(document: str | None, sha256: str | None) -> str:
    return f", {document or 'document'} (SHA-256 {sha256[:16]}…)" if sha256 else ""
