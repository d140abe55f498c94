"""The warranty report: one row a battery, as of a day, and where every row comes from.

The report is a value. CSV, JSON, XLSX and PDF are views of it, and CSV is the canonical one: the
same register, ledger and day give the same bytes. What differs from one making to the next (when,
by whom, how the host's clock was) is `made`, which stands in the manifest and on paper, never in
the rows.

The population is reconciled with what is polled: a battery that the register does not know is not
forgotten because nobody wrote it down, and one that is left out of the report is named with the
reason.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from batteryd.domain.warranty import WarrantyStatus
from batteryd.report.cells import Row
from batteryd.report.warranty_case import WarrantyCase
from batteryd.report.warranty_columns import COLUMNS, Column

_INDEX = {column.name: index for index, column in enumerate(COLUMNS)}
_ASSET, _SITE, _ROOM = _INDEX["asset_id"], _INDEX["site"], _INDEX["room"]
_STATUS, _LAST_DAY = _INDEX["status"], _INDEX["warranty_last_day"]
_FLAGS = _INDEX["data_quality"]


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """The newest entry of the audit chain: whoever keeps it notices when the chain gets shorter."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a report was made from. Equal provenance means equal rows."""

    as_of: date
    time_zone: str  # of `as_of`, IANA name
    version: str  # of batteryd
    register_revision: str  # SHA-256 of a file, or the ledger entry that changed it last
    sources: Mapping[str, str]  # SHA-256 of the files that were read, by name
    known_at: str | None = None  # UTC, ISO 8601; None: everything known when it was made
    rule_set_sha256: str | None = None
    ledger_head: LedgerHead | None = None  # None: made without a ledger
    columns_left_empty: tuple[str, ...] = ()  # what nobody could look up, e.g. without a ledger


@dataclass(frozen=True, slots=True)
class Population:
    """The register held against what is polled. None: what is polled is not known."""

    in_register: int
    polled: int | None
    both: int | None
    register_only: int | None
    polled_only: Mapping[str, str]  # asset id -> what it is
    excluded: Mapping[str, str]  # asset id of the register -> why it has no row


@dataclass(frozen=True, slots=True)
class Header:
    """What stands above the rows."""

    title: str
    provenance: Provenance
    population: Population


@dataclass(frozen=True, slots=True)
class Summary:
    """The rows, counted. Every status is there, those without a battery too."""

    by_status: Mapping[str, int]
    by_site: Mapping[str, Mapping[str, int]]  # site -> status -> batteries
    expiring_by_month: Mapping[str, int]  # "2026-03" -> batteries whose cover ends in it
    by_flag: Mapping[str, int]  # data-quality code -> batteries


@dataclass(frozen=True, slots=True)
class Made:
    """One making of a report, which its contents do not depend on."""

    at_s: float
    by: str
    clock: str  # of the host: "synchronised" or "unknown"


@dataclass(frozen=True, slots=True)
class WarrantyReport:
    """A report, complete. Rows are ordered by site, room and asset id, codepoint by codepoint."""

    header: Header
    summary: Summary
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    made: Made


def build_warranty_report(
    cases: Iterable[WarrantyCase],
    *,
    provenance: Provenance,
    made: Made,
    polled: Mapping[str, str] | None = None,
    excluded: Mapping[str, str] | None = None,
) -> WarrantyReport:
    """Return the report of these cases; they are looked at once, in any order.

    `polled` says what the daemon polls (asset id -> what it is); `excluded` which batteries of the
    register have no case, and why.
    """
    rows = [tuple([column.cell(case) for column in COLUMNS]) for case in cases]
    rows.sort(key=lambda row: (row[_SITE], row[_ROOM], row[_ASSET]))
    population = _population(rows, polled=polled, excluded=excluded or {})
    return WarrantyReport(
        header=Header("Warranty report", provenance, population),
        summary=_summary(rows),
        columns=COLUMNS,
        rows=tuple(rows),
        made=made,
    )


def _population(
    rows: list[Row], *, polled: Mapping[str, str] | None, excluded: Mapping[str, str]
) -> Population:
    registered = {row[_ASSET] for row in rows} | excluded.keys()
    if polled is None:
        return Population(len(registered), None, None, None, {}, dict(sorted(excluded.items())))
    both = len(registered & polled.keys())
    return Population(
        in_register=len(registered),
        polled=len(polled),
        both=both,
        register_only=len(registered) - both,
        polled_only={name: polled[name] for name in sorted(polled.keys() - registered)},
        excluded=dict(sorted(excluded.items())),
    )


def _summary(rows: list[Row]) -> Summary:
    at = Counter((row[_SITE], row[_STATUS]) for row in rows)
    sites = sorted({str(site) for site, _ in at})
    by_site = {site: {s.value: at[site, s.value] for s in WarrantyStatus} for site in sites}
    months = Counter(
        f"{row[_LAST_DAY]:%Y-%m}" for row in rows if row[_STATUS] == WarrantyStatus.EXPIRING
    )
    flags = Counter(
        flag for row in rows if isinstance(codes := row[_FLAGS], tuple) for flag in codes
    )
    return Summary(
        by_status={
            s.value: sum(counts[s.value] for counts in by_site.values()) for s in WarrantyStatus
        },
        by_site=by_site,
        expiring_by_month=dict(sorted(months.items())),
        by_flag=dict(sorted(flags.items())),
    )
