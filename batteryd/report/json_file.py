"""A report as JSON: header, summary, columns and rows in one object, always the same bytes."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import BinaryIO

from batteryd.report.cells import Cell, Row
from batteryd.report.warranty import Header, Made, Population, Summary, WarrantyReport


def write_json(report: WarrantyReport, out: BinaryIO) -> None:
    """Write the report; one line a row, so that two reports can be compared line by line."""
    head = {
        "header": header_as_json(report.header),
        "summary": summary_as_json(report.summary),
        "columns": [{"name": c.name, "kind": c.kind.value} for c in report.columns],
    }
    out.write(_text(head)[:-1].encode() + b',"rows":[')
    for number, row in enumerate(report.rows):
        out.write(b",\n" if number else b"\n")
        out.write(_text(row_as_json(report, row)).encode())
    out.write(b"\n]}\n")


def row_as_json(report: WarrantyReport, row: Row) -> dict[str, object]:
    """Return a row by the names of its columns."""
    return {c.name: _plain(cell) for c, cell in zip(report.columns, row, strict=True)}


def header_as_json(header: Header) -> dict[str, object]:
    """Return what stands above the rows."""
    made_from, head = header.provenance, header.provenance.ledger_head
    return {
        "title": header.title,
        "as_of": made_from.as_of.isoformat(),
        "time_zone": made_from.time_zone,
        "known_at": made_from.known_at,
        "version": made_from.version,
        "rule_set_sha256": made_from.rule_set_sha256,
        "register_revision": made_from.register_revision,
        "sources": dict(made_from.sources),
        "ledger_head": None if head is None else {"seq": head.seq, "hash": head.hash},
        "columns_left_empty": list(made_from.columns_left_empty),
        "population": _population_as_json(header.population),
    }


def summary_as_json(summary: Summary) -> dict[str, object]:
    """Return the counts."""
    return {
        "by_status": dict(summary.by_status),
        "by_site": {site: dict(counts) for site, counts in summary.by_site.items()},
        "expiring_by_month": dict(summary.expiring_by_month),
        "by_flag": dict(summary.by_flag),
    }


def made_as_json(made: Made) -> dict[str, object]:
    """Return one making of a report."""
    at = datetime.fromtimestamp(made.at_s, UTC).isoformat(timespec="seconds")
    return {"at": at.replace("+00:00", "Z"), "by": made.by, "clock": made.clock}


def _population_as_json(population: Population) -> dict[str, object]:
    return {
        "in_register": population.in_register,
        "polled": population.polled,
        "both": population.both,
        "register_only": population.register_only,
        "polled_only": dict(population.polled_only),
        "excluded": dict(population.excluded),
    }


def _plain(cell: Cell) -> object:
    return cell if isinstance(cell, str | int | float | tuple) or cell is None else str(cell)


def _text(value: Mapping[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
