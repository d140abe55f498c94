"""What a file says against what the register has: added, changed, missing; and what follows.

Nothing leaves the register because a file does not mention it: a missing battery is kept and told,
and is retired only where somebody asks for that. A file that says the same of a battery as the
register does says nothing, whoever said it before: its entry stays, with its approval.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from batteryd.domain.register import RegisterEntry
from batteryd.warranty.register import Recorded, arrived_on, as_of
from batteryd.warranty.register_columns import COLUMN_NAMES, value_text


class CellChange(NamedTuple):
    """One column of one battery; empty text where nothing is said."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """A battery of which something else is said than before."""

    entry: RegisterEntry  # as it is from now on
    cells: tuple[CellChange, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a source says against the register; each in the order in which it was said."""

    added: tuple[RegisterEntry, ...]
    changed: tuple[Change, ...]
    missing: tuple[RegisterEntry, ...]  # in the register, not in the source
    unchanged_count: int
    later: frozenset[str] = frozenset()  # ids with an entry of a later day

    @property
    def entries(self) -> tuple[RegisterEntry, ...]:
        """What has to be recorded for the register to say what the source says."""
        return (*self.added, *(change.entry for change in self.changed))

    @property
    def outlived(self) -> tuple[str, ...]:
        """Batteries for which this counts only until an entry of a later day, already recorded."""
        return tuple(entry.asset_id for entry in self.entries if entry.asset_id in self.later)


def difference(
    revisions: Iterable[Recorded[RegisterEntry]],
    said: Mapping[str, RegisterEntry],
    *,
    is_day_given: bool,
    day: date,
) -> Difference:
    """Hold what a source says against the register as of a day.

    Args:
        revisions: everything that was recorded, in its order.
        said: the source's entries by asset id, all effective on `day`.
        is_day_given: somebody named the day. Otherwise a battery that the register never had is in
            it from the day on which it came.
        day: from which the changes count.
    """
    recorded = list(revisions)
    register = as_of(recorded, day=day)
    ever = {revision.record_id for revision in recorded}
    added = tuple(
        entry if is_day_given or name in ever else _since_it_came(entry)
        for name, entry in said.items()
        if name not in register
    )
    both = [(register[name], entry) for name, entry in said.items() if name in register]
    changed = tuple(
        Change(entry, cells_between(held, entry)) for held, entry in both if _says_else(held, entry)
    )
    return Difference(
        added=added,
        changed=changed,
        missing=tuple(entry for name, entry in register.items() if name not in said),
        unchanged_count=len(both) - len(changed),
        later=frozenset(r.record_id for r in recorded if r.value.effective_on > day),
    )


def cells_between(before: RegisterEntry, after: RegisterEntry) -> tuple[CellChange, ...]:
    """Return the columns in which two entries of a battery differ."""
    cells = (
        CellChange(column, value_text(before, column), value_text(after, column))
        for column in COLUMN_NAMES
    )
    return tuple(cell for cell in cells if cell.before != cell.after)


def retired(
    entry: RegisterEntry, *, day: date, by: str, source: str, source_sha256: str
) -> RegisterEntry:
    """Return the entry which says that a battery left the register on a day."""
    return RegisterEntry(
        battery=entry.battery,
        effective_on=day,
        source=source,
        source_sha256=source_sha256,
        entered_by=by,
        site_id=entry.site_id,
        is_retired=True,
    )


def _says_else(held: RegisterEntry, said: RegisterEntry) -> bool:
    return held.battery != said.battery or held.site_id != said.site_id


def _since_it_came(entry: RegisterEntry) -> RegisterEntry:
    day = arrived_on(entry.battery.dates, at_latest=entry.effective_on)
    return replace(entry, effective_on=day)
