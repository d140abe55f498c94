"""The warranty report on paper: first what a manager needs, last what an auditor needs.

The CSV is the report; paper is a view of it. It groups by site and room, says a start date and its
basis in one cell, and leaves columns out. It never leaves a battery out without saying so: where
there are more than `ROWS_MAX`, those plainly in warranty are counted instead of listed.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from batteryd.domain.warranty import WarrantyStatus
from batteryd.report import paper_words as words
from batteryd.report.cells import Cell
from batteryd.report.timeline import Expiry
from batteryd.report.warranty import Population, Provenance, WarrantyReport

ROWS_MAX = 2500  # 2 s and 500 MB in the press, and more pages than anybody reads
NEXT_SHOWN = 12
UNKNOWN_SHOWN = 8
NAMES_SHOWN = 12

STATUS_MEANINGS = {
    WarrantyStatus.EXPIRED: "the last covered day is before the as-of day",
    WarrantyStatus.EXPIRING: "covered on the as-of day, 365 days or fewer are left",
    WarrantyStatus.IN_WARRANTY: "covered on the as-of day, more than 365 days are left",
    WarrantyStatus.UNKNOWN: "a date, a basis or a term is missing; it is never taken for cover",
}
NOT_LOOKED_UP = "–"


class Line(NamedTuple):
    """One battery on paper; None is what nobody could look up."""

    asset_id: str
    site: str
    room: str
    rack: str
    make: str
    serial_number: str
    start: str
    term: str
    status: WarrantyStatus
    last_day: date | None
    days_left: int | None
    reason: str
    findings_open: int | None
    remarks: tuple[str, ...]

    @property
    def is_plain(self) -> bool:
        """Whether it is in warranty and nothing else is to be said of it."""
        has_finding = bool(self.findings_open)
        return self.status is WarrantyStatus.IN_WARRANTY and not has_finding and not self.remarks


def lines_of(report: WarrantyReport) -> tuple[Line, ...]:
    """Return the rows of a report, in their order."""
    names = [column.name for column in report.columns]
    return tuple(_line(dict(zip(names, row, strict=True))) for row in report.rows)


def expiries_of(lines: Sequence[Line]) -> Iterator[Expiry]:
    """Return what the timeline shows."""
    return (Expiry(line.status, line.last_day) for line in lines)


def warranty_page(
    report: WarrantyReport, lines: Sequence[Line], *, csv_sha256: str
) -> dict[str, object]:
    """Return what the template prints, all of it as text."""
    source = report.header.provenance
    listed, omission = listed_of(lines)
    return {
        "total": f"{len(lines):,}",
        "made": _made(report),
        "revision": source.register_revision,
        "tiles": [
            {"status": status.value, "name": _name(status), "count": f"{count:,}"}
            for status in STATUS_MEANINGS
            for count in (report.summary.by_status[status.value],)
        ],
        "next": [_next_row(line) for line in _next_to_end(lines)],
        "unknown": list(_unknown_sentences(report, lines)),
        "population": list(_population_sentences(report.header.population)),
        "sites": _site_rows(report),
        "made_from": list(_made_from(source, report)),
        "omission": omission,
        "rooms": [
            {
                "name": " · ".join(filter(None, place)) or "place unknown",
                "rows": [_register_row(line) for line in found],
            }
            for place, found in groupby(listed, key=attrgetter("site", "room"))
        ],
        "meanings": [[_name(status), said] for status, said in STATUS_MEANINGS.items()],
        "hashes": [
            ["CSV, the report itself", csv_sha256],
            *(["Ledger, newest entry", f"{head.seq}: {head.hash}"]
              for head in (source.ledger_head,) if head is not None),
            *([f"Source {name}", digest] for name, digest in source.sources.items()),
        ],
    }  # fmt: skip


def listed_of(lines: Sequence[Line]) -> tuple[Sequence[Line], str]:
    """Return the batteries that are listed one by one, and what is said of the others."""
    if len(lines) <= ROWS_MAX:
        return lines, ""
    notable = [line for line in lines if not line.is_plain]
    said = (
        f"Of {len(lines):,} batteries, the {len(lines) - len(notable):,} that are in warranty"
        " with nothing else to be said of them are counted and not listed here."
    )
    if len(notable) > ROWS_MAX:
        said += f" Of the others, the first {ROWS_MAX:,} are listed."
    return notable[:ROWS_MAX], f"{said} The CSV has them all."


def _line(cells: dict[str, Cell]) -> Line:
    def text(name: str) -> str:
        return "" if cells[name] is None else str(cells[name])

    last_day, days_left, open_count = (
        cells[name] for name in ("warranty_last_day", "days_left", "findings_open")
    )
    return Line(
        asset_id=text("asset_id"),
        site=text("site"),
        room=text("room"),
        rack=text("rack"),
        make=" ".join(filter(None, (text("manufacturer"), text("model")))),
        serial_number=text("serial_number"),
        start=_start(cells),
        term=_term(cells),
        status=WarrantyStatus(text("status")),
        last_day=last_day if isinstance(last_day, date) else None,
        days_left=days_left if isinstance(days_left, int) else None,
        reason=text("warranty_reason"),
        findings_open=open_count if isinstance(open_count, int) else None,
        remarks=tuple(_remarks(cells)),
    )


def _start(cells: dict[str, Cell]) -> str:
    basis = cells["warranty_basis"]
    if basis is None:
        return "" if cells["warranty_ends_on"] else words.UNKNOWN
    return f"{basis} {cells[f'{basis}_on'] or words.UNKNOWN}"


def _term(cells: dict[str, Cell]) -> str:
    extension = cells["warranty_extension_months"]
    more = "" if extension is None else f" + {extension}"
    if cells["warranty_ends_on"] is not None:
        return f"to {cells['warranty_ends_on']}{more and f'{more} months'}"
    if cells["warranty_months"] is None:
        return words.UNKNOWN
    return f"{cells['warranty_months']}{more} months"


def _remarks(cells: dict[str, Cell]) -> Iterator[str]:
    for name in ("conditions", "conflicts"):
        found = cells[name]
        if isinstance(found, tuple) and found:
            yield f"{len(found)} {name.removesuffix('s')}{'s' if len(found) > 1 else ''}"
    flags = cells["data_quality"]
    if isinstance(flags, tuple):
        # `conflict` is counted above, with how many there are.
        yield from (flag for flag in flags if flag != "conflict")


def _next_to_end(lines: Sequence[Line]) -> list[Line]:
    running = [line for line in lines if line.days_left is not None and line.days_left >= 0]
    running.sort(key=lambda line: (line.days_left, line.asset_id))
    return running[:NEXT_SHOWN]


def _next_row(line: Line) -> list[str]:
    return [
        words.day(line.last_day), str(line.days_left), line.asset_id,
        " · ".join(filter(None, (line.site, line.room, line.rack))), line.make,
    ]  # fmt: skip


def _unknown_sentences(report: WarrantyReport, lines: Sequence[Line]) -> Iterator[str]:
    unknown = [line for line in lines if line.status is WarrantyStatus.UNKNOWN]
    if unknown:
        names = _some([line.asset_id for line in unknown], UNKNOWN_SHOWN)
        yield f"Warranty of {len(unknown):,} unknown: {names}."
    for flag, count in report.summary.by_flag.items():
        yield f"{flag}: {count:,}"
    left_empty = report.header.provenance.columns_left_empty
    if left_empty:
        yield f"Not looked up, and printed as {NOT_LOOKED_UP}: {', '.join(left_empty)}."


def _population_sentences(population: Population) -> Iterator[str]:
    yield f"In the register: {population.in_register:,}."
    if population.polled is None:
        yield "What is polled is not known to this report."
    else:
        yield (
            f"Polled: {population.polled:,}. Both: {population.both:,}."
            f" Only in the register: {population.register_only:,}."
        )
    found = [f"{name} ({what})" for name, what in population.polled_only.items()]
    if found:
        yield f"Polled and not in the register: {len(found):,}: {_some(found, NAMES_SHOWN)}."
    left_out = [f"{name} ({why})" for name, why in population.excluded.items()]
    if left_out:
        yield f"Left out of this report: {len(left_out):,}: {_some(left_out, NAMES_SHOWN)}."
    else:
        yield "Nothing of the register is left out."


def _site_rows(report: WarrantyReport) -> list[list[str]]:
    return [
        [
            site or "unknown",
            *(f"{counts[status.value]:,}" for status in STATUS_MEANINGS),
            f"{sum(counts.values()):,}",
        ]
        for site, counts in report.summary.by_site.items()
    ]


def _made_from(source: Provenance, report: WarrantyReport) -> Iterator[list[str]]:
    yield ["As of", f"{source.as_of} ({source.time_zone}), cover of that day included"]
    yield ["Known at", source.known_at or "everything recorded when this was made"]
    yield ["Made", _made(report)]
    yield ["Clock of the host", report.made.clock]
    yield ["Version", f"batteryd {source.version}"]
    yield ["Register revision", source.register_revision]
    yield ["Rule set", source.rule_set_sha256 or "none was used"]


def _made(report: WarrantyReport) -> str:
    at = words.instant(report.made.at_s, report.header.provenance.time_zone)
    return f"{at} by {report.made.by}"


def _register_row(line: Line) -> dict[str, str]:
    return {
        "asset_id": line.asset_id,
        "rack": line.rack,
        "make": line.make,
        "serial_number": line.serial_number,
        "start": line.start,
        "term": line.term,
        "last_day": words.day(line.last_day),
        "days_left": words.UNKNOWN if line.days_left is None else str(line.days_left),
        "status": line.status.value,
        "name": _name(line.status),
        "findings": NOT_LOOKED_UP if line.findings_open is None else str(line.findings_open),
        "remarks": ", ".join(line.remarks),
    }


def _name(status: WarrantyStatus) -> str:
    return status.value.replace("_", " ")


def _some(names: Sequence[str], shown: int) -> str:
    more = f" and {len(names) - shown:,} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
