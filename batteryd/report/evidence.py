"""The evidence package of a battery: everything that was recorded about it, as files.

A maker who is asked to pay wants to see for himself: what the register said and when, every alarm
with its values, every finding, the work and its clearances, how the battery went over the years,
and the entries of the audit chain that all of it is taken from, with their hashes. The files are
plain CSV and JSON, so that no program of ours is needed to read them.
"""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from batteryd.domain.conditions import ConditionFinding
from batteryd.domain.history import RecordedEvent
from batteryd.domain.inventory import Battery
from batteryd.domain.work import Finding, WorkOrder
from batteryd.report.trend import TrendTable, trend_csv, trend_svg

_EVENT_COLUMNS = (
    "entry", "at", "action", "component", "rule", "priority", "value", "setpoint", "why", "actor",
    "comment",
)  # fmt: skip


class ChainEntry(NamedTuple):
    """An entry of the audit chain as it is stored; its hash covers all fields before it."""

    seq: int
    at: str
    actor: str
    action: str
    subject: str
    detail_json: str
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that there is about one battery."""

    battery: Battery
    place: str
    zone: str  # IANA name
    since_s: float | None  # None: everything that is kept
    made_at_s: float
    records: Mapping[str, object]  # JSON-able, by the name of the file: register, findings, ...
    counts: Mapping[str, int]  # what the records hold, for people
    findings: tuple[Finding, ...]  # as they stand now
    conditions: tuple[ConditionFinding, ...]
    orders: tuple[WorkOrder, ...]  # work on it, as it stands now
    events: tuple[RecordedEvent, ...]  # oldest first
    trends: tuple[TrendTable, ...]
    chain: tuple[ChainEntry, ...]  # the entries about it, in their order
    ledger_seq: int  # the newest entry of the whole chain
    ledger_hash: str


def evidence_files(evidence: Evidence) -> dict[str, bytes]:
    """Return the files by name, all but the cover and the manifest."""
    files = {f"{name}.json": _json(record) for name, record in evidence.records.items()}
    files["alarms.csv"] = _events_csv(evidence.events)
    files["audit.jsonl"] = b"".join(_json_line(entry._asdict()) for entry in evidence.chain)
    files["audit-head.json"] = _json({"seq": evidence.ledger_seq, "hash": evidence.ledger_hash})
    for trend in evidence.trends:
        files[f"trends/{trend.quantity}.csv"] = trend_csv(trend)
        if not trend.is_empty:
            files[picture_name(trend)] = trend_svg(trend, zone=evidence.zone)
    return dict(sorted(files.items()))


def picture_name(trend: TrendTable) -> str:
    """Return what the picture of a trend is called."""
    return f"trends/{trend.quantity}.svg"


def _events_csv(events: tuple[RecordedEvent, ...]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_EVENT_COLUMNS)
    for event in events:
        at = datetime.fromtimestamp(event.at_s, UTC).isoformat(timespec="milliseconds")
        writer.writerow(
            (
                event.event_id, at.replace("+00:00", "Z"), event.action, event.key.component,
                event.key.rule, event.priority.text, event.value, event.setpoint, event.why,
                event.actor, event.comment,
            )
        )  # fmt: skip
    return text.getvalue().encode()


def _json(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
    return f"{text}\n".encode()


def _json_line(value: object) -> bytes:
    return f"{json.dumps(value, ensure_ascii=False, allow_nan=False)}\n".encode()
