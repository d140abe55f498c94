"""What the register says: what was true on a day, as it was known at an instant.

Theory. Two times belong to every entry and are never mixed up. `effective_on` is the day from which
it is true. When it was recorded is where it stands in the ledger. "What was true on the day of the
move, as we knew it then" and "... as we know it today" are two questions, and an auditor asks both.

Among the entries of one battery that were known at the instant and are effective by the day, the
greatest `effective_on` counts; of several with the same one, that which was recorded last: it
corrects the others. An entry that says the battery left the register on its day counts like any
other, and the battery is then not there.

    recorded     effective     says
    2014-09-01   2014-08-20    120 months of warranty                    (A)
    2019-03-12   2014-08-20    96 months: the contract was misread       (B, corrects A)
    2022-06-30   2022-08-20    24 months more: an extension was bought   (C)
    2025-10-02   2025-09-26    retired                                   (D)

    true on | known at   2015-01-01   2020-01-01   2023-01-01   2025-10-01   2025-10-03
    2014-08-19           -            -            -            -            -
    2016-01-01           A            B            B            B            B
    2022-08-20           A            B            C            C            C
    2025-09-26           A            B            C            C            -

Whoever calls hands in what was known, in the order of recording (`records.revisions` with
`known_at_s`); nothing here knows of instants.
"""

from collections.abc import Iterable
from datetime import date
from typing import Generic, Protocol, TypeVar

from batteryd.domain.warranty import LifeDates


class Effective(Protocol):
    """What counts from a day on: an entry of the register, or of a service."""

    @property
    def effective_on(self) -> date:
        """The day from which it is true."""

    @property
    def is_retired(self) -> bool:
        """Whether it says that its thing is no longer there."""


Entry = TypeVar("Entry", bound=Effective)
EntryOut = TypeVar("EntryOut", bound=Effective, covariant=True)


class Recorded(Protocol, Generic[EntryOut]):
    """An entry as the ledger has it, under the id of what it is about."""

    @property
    def record_id(self) -> str:
        """The id."""

    @property
    def value(self) -> EntryOut:
        """The entry."""


def as_of(revisions: Iterable[Recorded[Entry]], *, day: date) -> dict[str, Entry]:
    """Return the entry that counts on a day, by id, of everything that is there on it.

    `revisions` are all that were known, in the order in which they were recorded.
    """
    found = counting(revisions, day=day)
    return {name: entry for name, entry in found.items() if not entry.is_retired}


def counting(revisions: Iterable[Recorded[Entry]], *, day: date) -> dict[str, Entry]:
    """Return the entry that counts on a day, by id; also those which say that a thing left."""
    found: dict[str, Entry] = {}
    for revision in revisions:
        entry = revision.value
        if entry.effective_on > day:
            continue
        held = found.get(revision.record_id)
        if held is None or held.effective_on <= entry.effective_on:
            found[revision.record_id] = entry
    return found


def arrived_on(dates: LifeDates, *, at_latest: date) -> date:
    """Return the day from which a battery that the register never had is in it.

    That is the day on which it came to the site, as far as its dates say; so that a register which
    is kept from today on still answers for the years before.
    """
    known = (dates.delivered_on, dates.installed_on, dates.commissioned_on, dates.manufactured_on)
    return min(next((day for day in known if day is not None), at_latest), at_latest)
