"""The warranty report of a site: its register's history in the ledger, and what else was recorded.

Both times of the register are honoured. `as_of` is the day that is asked about: entries that count
on it, findings that were open on it, services as they stood, use until its end. `known_at_s` is the
instant whose knowledge is asked for: what was recorded later is left out.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cache
from math import ceil
from zoneinfo import ZoneInfo

import batteryd
from batteryd.app.warranty.case import case_of
from batteryd.app.warranty.register import RegisterView, register_view
from batteryd.app.warranty.use import UseUntil
from batteryd.domain.inventory import Asset, AssetKind, Inventory, Service
from batteryd.domain.work import Finding
from batteryd.registrar.history import nameplates, services_as_of
from batteryd.report.warranty import (
    LedgerHead,
    Made,
    Provenance,
    WarrantyReport,
    build_warranty_report,
)
from batteryd.report.warranty_case import WarrantyCase
from batteryd.settings.load import Configuration
from batteryd.store.journal import Journal
from batteryd.store.ledger import Ledger
from batteryd.store.records import FINDINGS, Records
from batteryd.warranty.conflicts import conflicts_of
from batteryd.warranty.instants import instant

_WHAT = {AssetKind.BATTERY: "a battery of the inventory", AssetKind.UPS: "a UPS"}


@dataclass(frozen=True, slots=True)
class Installation:
    """Where a report is gathered from. No journal: the daemon never polled anything."""

    configuration: Configuration
    ledger: Ledger
    journal: Journal | None

    @property
    def assets(self) -> Mapping[str, Asset]:
        """What is polled now."""
        return self.configuration.inventory.assets

    @property
    def rule_set_sha256(self) -> str | None:
        """The digest of `rules.toml`."""
        found = self.configuration
        return found.digests.get(str(found.settings.files.rules))


@dataclass(frozen=True, slots=True)
class Question:
    """What a report is asked. `known_at_s` None: with everything that is known."""

    as_of: date
    time_zone: str = "UTC"  # in which the day ends
    known_at_s: float | None = None

    @property
    def until_s(self) -> float:
        """The end of the day, or the instant of knowledge where that is earlier."""
        last = datetime.combine(self.as_of, time.max, ZoneInfo(self.time_zone))
        ends_s = float(ceil(last.timestamp()))
        return ends_s if self.known_at_s is None else min(ends_s, self.known_at_s)


def report_of_ledger(site: Installation, question: Question, *, made: Made) -> WarrantyReport:
    """Return the report of everything that was in the register on the day.

    Raises:
        StoreError: ledger or journal cannot be read.
    """
    provenance, excluded, cases = _gathered(site, question)
    return build_warranty_report(
        cases,
        provenance=provenance,
        made=made,
        polled={a.asset_id: _WHAT[a.kind] for a in site.assets.values()},
        excluded=excluded,
    )


def _gathered(
    site: Installation, question: Question
) -> tuple[Provenance, Mapping[str, str], Iterator[WarrantyCase]]:
    head = site.ledger.head()
    view = register_view(site.ledger.records, day=question.as_of, known_at_s=question.known_at_s)
    known_at_s = question.known_at_s
    provenance = Provenance(
        as_of=question.as_of,
        time_zone=question.time_zone,
        version=batteryd.__version__,
        register_revision=view.revision,
        sources=view.sources,
        known_at=None if known_at_s is None else instant(known_at_s),
        rule_set_sha256=site.rule_set_sha256,
        ledger_head=None if head is None else LedgerHead(head.seq, head.hash),
        columns_left_empty=() if site.journal is not None else ("conditions",),
    )
    return provenance, view.excluded, _cases(site, question, view)


def _cases(site: Installation, question: Question, view: RegisterView) -> Iterator[WarrantyCase]:
    records, known_at_s = site.ledger.records, question.known_at_s
    devices = nameplates(records, known_at_s=known_at_s)
    findings = _open_findings(records, question)
    services_of = _services(records, question)
    use = (
        None
        if site.journal is None
        else UseUntil(site.journal, site.ledger, until_s=question.until_s)
    )
    assets = site.assets
    for asset_id, revision in view.counting.items():
        entry, battery = revision.value, revision.value.battery
        conflicts = conflicts_of(battery, devices.get(asset_id))
        case = replace(
            case_of(entry, as_of=question.as_of, conflicts=tuple(c.text for c in conflicts)),
            effective_on=entry.effective_on,
            register_seq=revision.seq,
            recorded_at_s=revision.at_s,
            findings=tuple(findings.get(asset_id, ())),
            services=services_of(battery.ups_id, battery.room_id),
        )
        if use is None:
            yield case
            continue
        threats = use.threats(battery, assets.get(asset_id), as_of=question.as_of)
        yield replace(case, conditions=threats, is_observed=use.is_observed(asset_id))


def _open_findings(records: Records, question: Question) -> dict[str, list[Finding]]:
    """Return the findings that were open at the end of the day, by asset id, oldest first."""
    found: dict[str, list[Finding]] = defaultdict(list)
    known = records.current(FINDINGS, known_at_s=question.known_at_s).values()
    for finding in sorted(known, key=lambda f: (f.opened_on, f.finding_id)):
        closed_on = finding.closed_on
        if finding.opened_on <= question.as_of and (
            closed_on is None or closed_on > question.as_of
        ):
            found[finding.asset_id].append(finding)
    return found


def _services(
    records: Records, question: Question
) -> Callable[[str | None, str], tuple[Service, ...]]:
    """Return what answers which services a UPS and a room reach; batteries share few of these."""
    day = question.as_of
    rows = services_as_of(records, day=day, known_at_s=question.known_at_s)
    inventory = Inventory(services=rows)

    @cache
    def services_of(ups_id: str | None, room_id: str) -> tuple[Service, ...]:
        reached = inventory.services_of(ups_id=ups_id, room_id=room_id, day=day)
        # Reached by its UPS and by its room it is still one service, of its most important grade.
        return tuple({service.name: service for service in reversed(reached)}.values())[::-1]

    return services_of
