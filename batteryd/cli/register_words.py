"""How the register's differences, history, conflicts and blast radius read, as text and as JSON."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from batteryd.cli.frame import instant
from batteryd.warranty.register_difference import CellChange, Difference, cells_between

if TYPE_CHECKING:
    from batteryd.domain.clearance import ImpactedService
    from batteryd.domain.register import RegisterEntry
    from batteryd.store.records import Revision
    from batteryd.warranty.conflicts import Conflict

_NOTHING = "(empty)"


def difference_lines(found: Difference, *, is_retiring: bool) -> Iterator[str]:
    """Yield what is added, changed and missing, and how much is as it was."""
    yield f"added      {len(found.added)}"
    for entry in found.added:
        yield f"  {entry.asset_id}: counts from {entry.effective_on}"
    yield f"changed    {len(found.changed)}"
    for change in found.changed:
        yield f"  {change.entry.asset_id}: counts from {change.entry.effective_on}"
        yield from (f"    {_cell_text(cell)}" for cell in change.cells)
    fate = "retired" if is_retiring else "kept; --retire-missing retires them"
    yield f"missing    {len(found.missing)}" + (f" ({fate})" if found.missing else "")
    yield from (f"  {entry.asset_id}" for entry in found.missing)
    yield f"unchanged  {found.unchanged_count}"
    for asset_id in found.outlived:
        yield f"  {asset_id}: an entry of a later day is recorded, and counts from that day"


def conflict_lines(conflicts: Iterable["Conflict"]) -> Iterator[str]:
    """Yield one line a conflict."""
    for conflict in conflicts:
        yield f"{conflict.asset_id}, {conflict.fact}: {conflict.text}"


def conflict_as_json(conflict: "Conflict") -> dict[str, object]:
    """Return a conflict as JSON-able values."""
    said = {said.by.value: said.value for said in conflict.said}
    return {
        "asset_id": conflict.asset_id,
        "fact": conflict.fact,
        "contract": said.get("contract"),
        "register": said.get("register"),
        "device": said.get("device"),
        "counts": conflict.counts.value,
        "text": conflict.text,
    }


def history_lines(revisions: Iterable["Revision[RegisterEntry]"]) -> Iterator[str]:
    """Yield what was recorded about a battery, oldest first, each against the one before."""
    for before, revision in _with_the_one_before(revisions):
        entry = revision.value
        yield f"{instant(revision.at_s)}  {revision.action} by {revision.actor}"
        yield f"  counts from {entry.effective_on}; {_people(entry)}"
        yield f"  {entry.source} (sha256 {entry.source_sha256 or 'unknown'})"
        if revision.comment:
            yield f"  {revision.comment}"
        if before is not None:
            yield from (f"    {_cell_text(c)}" for c in cells_between(before.value, entry))


def history_as_json(revisions: Iterable["Revision[RegisterEntry]"]) -> list[dict[str, object]]:
    """Return a history as JSON-able values, oldest first, each with what it changed."""
    return [
        {
            "seq": revision.seq,
            "recorded_at": instant(revision.at_s),
            "actor": revision.actor,
            "action": revision.action,
            "comment": revision.comment,
            "effective_on": revision.value.effective_on.isoformat(),
            "entered_by": revision.value.entered_by,
            "approved_by": revision.value.approved_by,
            "source": revision.value.source,
            "source_sha256": revision.value.source_sha256,
            "changes": [] if before is None else [
                cell._asdict() for cell in cells_between(before.value, revision.value)
            ],
        }
        for before, revision in _with_the_one_before(revisions)
    ]  # fmt: skip


def impact_lines(impact: Iterable["ImpactedService"]) -> Iterator[str]:
    """Yield the services in the order in which they would be restored."""
    for number, service in enumerate(impact, start=1):
        yield f"{number:>3}. grade {service.grade}  {service.name}  (by {service.reached_by})"


def _with_the_one_before(
    revisions: Iterable["Revision[RegisterEntry]"],
) -> Iterator[tuple["Revision[RegisterEntry] | None", "Revision[RegisterEntry]"]]:
    found = tuple(revisions)
    return zip((None, *found), found, strict=False)


def _people(entry: "RegisterEntry") -> str:
    approved = f"approved by {entry.approved_by}" if entry.approved_by else "approved by nobody"
    return f"entered by {entry.entered_by}, {approved}"


def _cell_text(cell: CellChange) -> str:
    return f"{cell.column}: {cell.before or _NOTHING} -> {cell.after or _NOTHING}"
