"""Inspection findings: what an inspector noted stays open until a named person closes it.

A finding holds work (PW-02), stands on the battery's page and in the warranty report, for as long
as it is open; "the next inspection said normal" closes nothing. Closing takes a name and what was
measured or replaced. Both steps are revisions of one record, so the ledger keeps who said what.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from batteryd.domain.work import Finding


def next_finding_id(taken: Iterable[str]) -> str:
    """Return `F-1`, `F-2` ...: one more than the highest number there is."""
    numbers = [int(taken_id.removeprefix("F-")) for taken_id in taken]
    return f"F-{max(numbers, default=0) + 1}"


def closed(
    finding: Finding, *, on: date, by: str, evidence: str, evidence_sha256: str | None = None
) -> Finding:
    """Return a finding as it is closed. Ask `refusal_to_close` first."""
    return replace(
        finding, closed_on=on, closed_by=by, evidence=evidence, evidence_sha256=evidence_sha256
    )


def refusal_to_close(finding: Finding, *, on: date) -> str | None:
    """Return why a finding cannot be closed on a day; None where it can."""
    if finding.closed_on is not None:
        return f"{finding.finding_id} was closed on {finding.closed_on} by {finding.closed_by}"
    if on < finding.opened_on:
        return f"{finding.finding_id} was opened on {finding.opened_on}, after {on}"
    return None
