"""Which entries of the register's history a report is about, and which batteries it leaves out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

from batteryd.domain.register import RegisterEntry
from batteryd.store.records import REGISTER, Records, Revision
from batteryd.warranty.register import counting


@dataclass(frozen=True, slots=True)
class RegisterView:
    """The register as of a day, as it was known at an instant."""

    counting: Mapping[str, Revision[RegisterEntry]]  # by asset id; those that are there
    excluded: Mapping[str, str]  # asset id -> why it is not there on that day
    revision: str  # the last ledger entry about the register, of those that were known

    @property
    def sources(self) -> dict[str, str]:
        """SHA-256 of each file or answer that the entries came from, by its name."""
        found = {(r.value.source, r.value.source_sha256) for r in self.counting.values()}
        names = [name for name, _ in found]
        # The same file, imported again after it had changed, is two sources.
        return {
            name if names.count(name) == 1 else f"{name} ({sha256[:8]})": sha256
            for name, sha256 in sorted(found)
        }


class _Counted(NamedTuple):
    """A revision, as `counting` wants to see it."""

    revision: Revision[RegisterEntry]

    @property
    def effective_on(self) -> date:
        return self.revision.value.effective_on

    @property
    def is_retired(self) -> bool:
        return self.revision.value.is_retired


class _Recorded(NamedTuple):
    record_id: str
    value: _Counted


def register_view(records: Records, *, day: date, known_at_s: float | None) -> RegisterView:
    """Return the register as of a day, as it was known at an instant; None: as it is known now."""
    revisions = tuple(records.revisions(REGISTER, known_at_s=known_at_s))
    found = counting((_Recorded(r.record_id, _Counted(r)) for r in revisions), day=day)
    there = {name: c.revision for name, c in found.items() if not c.is_retired}
    excluded = {
        name: f"left the register on {c.effective_on}" for name, c in found.items() if c.is_retired
    }
    for revision in reversed(revisions):
        if revision.record_id not in found:
            excluded[revision.record_id] = f"in the register from {revision.value.effective_on}"
    return RegisterView(there, excluded, _text(revisions[-1]) if revisions else "nothing recorded")


def _text(revision: Revision[RegisterEntry]) -> str:
    at = datetime.fromtimestamp(revision.at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return f"ledger entry {revision.seq} of {at}"
