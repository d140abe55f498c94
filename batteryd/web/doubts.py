"""Which of a battery's values people should not trust, and why.

An uncertain value is drawn like any other, because it may be true; a bad one is missing. Here they
are told apart, grouped by quantity and reason. What a device simply does not have is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from batteryd.domain.component import Component
from batteryd.domain.quality import QUALITY_TEXT, Quality
from batteryd.domain.snapshot import Snapshot

PLACES_MAX = 6  # that are named; the others are counted

_UNREMARKABLE = frozenset({Quality.GOOD, Quality.NOT_IMPLEMENTED})


@dataclass(frozen=True, slots=True)
class Doubt:
    """Values of one quantity with one reason."""

    quantity: str
    level: str  # uncertain: shown all the same; bad: there is no number
    reason: str
    places: tuple[str, ...]  # `-` is the battery as a whole
    count: int


def doubts_of(snapshot: Snapshot | None) -> tuple[Doubt, ...]:
    """Return what is uncertain first, then what is bad, in the order of the layout."""
    found = () if snapshot is None else _doubts(snapshot)
    return tuple(sorted(found, key=lambda doubt: doubt.level != "uncertain"))


def _doubts(snapshot: Snapshot) -> Iterator[Doubt]:
    places: dict[tuple[str, Quality], list[Component]] = {}
    for at in snapshot.quality.nonzero()[0].tolist():
        component, quantity = snapshot.layout.columns[at]
        places.setdefault((quantity, Quality(snapshot.quality[at])), []).append(component)
    for (quantity, quality), found in places.items():
        if quality not in _UNREMARKABLE:
            named = tuple(str(component) for component in found[:PLACES_MAX])
            yield Doubt(quantity, quality.level, QUALITY_TEXT[quality], named, len(found))
