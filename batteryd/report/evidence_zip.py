"""Packs the evidence of a battery into one archive that anybody can verify.

A cover sheet for people, the files, a manifest of all of them and its signature. The same evidence
gives the same bytes: names are sorted, and the archive knows no other time than 1980.
"""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from typing import BinaryIO

import batteryd
from batteryd.domain.conditions import ConditionFinding
from batteryd.domain.quantity import QUANTITIES
from batteryd.domain.work import Finding, WorkOrder
from batteryd.report import paper_words as words
from batteryd.report.evidence import Evidence, evidence_files, picture_name
from batteryd.report.manifest import Signer, digest_of, manifest_files
from batteryd.report.typeset import Head, typeset

COVER = "cover.pdf"
MANIFEST = "manifest.json"
PICTURES_MAX = 12  # on the cover; the archive has them all

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip archive can say
_READABLE = 0o644 << 16


def write_evidence(
    evidence: Evidence, out: BinaryIO, *, made_by: str, signer: Signer | None
) -> None:
    """Write the archive.

    Raises:
        TypesettingError: the cover could not be set in type.
    """
    files = evidence_files(evidence)
    files[COVER] = _cover(evidence, files)
    files |= manifest_files(
        MANIFEST,
        (digest_of(name, io.BytesIO(content)) for name, content in sorted(files.items())),
        header=_header(evidence),
        made={"at": words.utc(evidence.made_at_s), "by": made_by},
        signer=signer,
    )
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.external_attr = _READABLE
            entry.create_system = 3  # the same on every machine
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)


def cover_page(evidence: Evidence, files: Mapping[str, bytes]) -> dict[str, object]:
    """Return what the template prints, all of it as text."""
    drawn = [trend for trend in evidence.trends if not trend.is_empty]
    return {
        "battery": _battery_facts(evidence),
        "counts": [[name, f"{count:,}"] for name, count in evidence.counts.items()],
        "ledger": f"entry {evidence.ledger_seq}, {evidence.ledger_hash}",
        "files": [
            [name, f"{len(content):,}", hashlib.sha256(content).hexdigest()]
            for name, content in files.items()
        ],
        "trends": [
            {"name": QUANTITIES[trend.quantity].meaning, "picture": picture_name(trend)}
            for trend in drawn[:PICTURES_MAX]
        ],
        "zone": evidence.zone,
        "missing": [f"{t.quantity}: {t.missing}" for t in evidence.trends if t.missing],
        "findings": [_finding_row(finding) for finding in evidence.findings],
        "conditions": [_condition_row(condition) for condition in evidence.conditions],
        "orders": [_order_row(order, zone=evidence.zone) for order in evidence.orders],
    }


def _cover(evidence: Evidence, files: Mapping[str, bytes]) -> bytes:
    page = cover_page(evidence, files)
    pictures = {name: content for name, content in files.items() if name.endswith(".svg")}
    head = Head(
        title="Evidence of a battery",
        subject=evidence.battery.asset_id,
        as_of=words.instant(evidence.made_at_s, evidence.zone),
        at_s=evidence.made_at_s,
    )
    return typeset("evidence", page, head=head, images=pictures)


def _header(evidence: Evidence) -> dict[str, object]:
    return {
        "title": "Evidence of a battery",
        "asset_id": evidence.battery.asset_id,
        "version": batteryd.__version__,
        "since": None if evidence.since_s is None else words.utc(evidence.since_s),
        "ledger_head": {"seq": evidence.ledger_seq, "hash": evidence.ledger_hash},
    }


def _battery_facts(evidence: Evidence) -> list[list[str]]:
    battery, dates, terms = evidence.battery, evidence.battery.dates, evidence.battery.warranty
    since = evidence.since_s
    facts = {
        "Battery": battery.asset_id,
        "Where": evidence.place,
        "Rack": battery.rack or words.UNKNOWN,
        "Make": " ".join(filter(None, (battery.manufacturer, battery.model))) or words.UNKNOWN,
        "Serial number": battery.serial_number or words.UNKNOWN,
        "Chemistry": words.UNKNOWN if battery.chemistry is None else battery.chemistry.value,
        "Manufactured": words.day(dates.manufactured_on),
        "Delivered": words.day(dates.delivered_on),
        "Installed": words.day(dates.installed_on),
        "Commissioned": words.day(dates.commissioned_on),
        "Contract": terms.document or words.UNKNOWN,
        "Its SHA-256": terms.document_sha256 or words.UNKNOWN,
        "Covers": "everything that is kept" if since is None
        else f"from {words.instant(since, evidence.zone)}",
    }  # fmt: skip
    return [[name, said] for name, said in facts.items()]


def _finding_row(finding: Finding) -> list[str]:
    closed = f"{finding.closed_on} by {finding.closed_by}: {finding.evidence}"
    return [
        finding.finding_id,
        f"{finding.opened_on} by {finding.opened_by}",
        finding.text,
        "open" if finding.closed_on is None else closed,
    ]


def _condition_row(condition: ConditionFinding) -> list[str]:
    return [condition.standing.value.replace("_", " "), condition.text, condition.source]


def _order_row(order: WorkOrder, *, zone: str) -> list[str]:
    planned = words.span(order.starts_at_s, order.ends_at_s, zone)
    return [order.work_order_id, order.kind.value, planned, order.state.value, order.title]
