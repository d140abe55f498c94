"""What one snapshot tells of the points that a clearance looks at.

Only values of good quality count: an uncertain one is shown to people and opens no gate. A column
of the whole battery is taken where the device has one, otherwise the worst over its strings, which
is only known where every string is; a single closed switch is enough to know the worst.
"""

from collections.abc import Iterator

import numpy as np

from batteryd.clearance.checks_isolation import ISOLATION_POINTS
from batteryd.clearance.facts import NO_READING, Reading
from batteryd.domain.component import WHOLE_BATTERY, Scope
from batteryd.domain.quality import UNCERTAIN_FROM
from batteryd.domain.snapshot import Column, Layout, Snapshot

_TEMPERATURES = ("temperature_c", "module_temperature_c_max")


def reading_of(snapshot: Snapshot | None) -> Reading:
    """Return what a snapshot tells; nothing of none, and nothing of a failed poll."""
    if snapshot is None or snapshot.is_failed:
        return NO_READING
    return Reading(
        observed_at_s=snapshot.observed_at_s,
        soc_pct=_highest(snapshot, "soc_pct"),
        voltage_v=_highest(snapshot, "voltage_v"),
        current_a=_strongest(snapshot, "current_a"),
        bus_voltage_v=_highest(snapshot, "bus_voltage_v"),
        contactor_closed=_any_closed(snapshot, "contactor_closed"),
        breaker_closed=_any_closed(snapshot, "breaker_closed"),
        temperature_c_max=_hottest(snapshot),
    )


def points_lacking(layout: Layout | None) -> frozenset[str]:
    """Return the points of isolation that a device has no column for; all, where there is none.

    A failed poll has its layout too: a device that is silent still has its points. Goes into
    `BatteryFacts.points_lacking`.
    """
    names = (point.name for point in ISOLATION_POINTS)
    return frozenset(name for name in names if layout is None or not _places(layout, name))


def _places(layout: Layout, quantity: str) -> list[int]:
    """Return where the whole battery's value stands, or those of its strings."""
    whole = layout.index.get(Column(WHOLE_BATTERY, quantity))
    if whole is not None:
        return [whole]
    found = layout.indices(quantity)
    return [int(at) for at in found if layout.columns[at].component.scope is Scope.RACK]


def _values(snapshot: Snapshot, quantity: str) -> Iterator[float | None]:
    for at in _places(snapshot.layout, quantity):
        is_good = snapshot.quality[at] < UNCERTAIN_FROM
        yield float(snapshot.values[at]) if is_good else None


def _known(snapshot: Snapshot, quantity: str) -> list[float]:
    """Return the values where every one of them is known, otherwise none."""
    values = list(_values(snapshot, quantity))
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else []


def _highest(snapshot: Snapshot, quantity: str) -> float | None:
    return max(_known(snapshot, quantity), default=None)


def _strongest(snapshot: Snapshot, quantity: str) -> float | None:
    return max(_known(snapshot, quantity), key=abs, default=None)


def _any_closed(snapshot: Snapshot, quantity: str) -> bool | None:
    values = list(_values(snapshot, quantity))
    if any(values):
        return True
    return None if None in values or not values else False


def _hottest(snapshot: Snapshot) -> float | None:
    """Return the highest temperature that is good; a broken sensor hides its own place only."""
    places = np.concatenate([snapshot.layout.indices(name) for name in _TEMPERATURES])
    good = places[snapshot.quality[places] < UNCERTAIN_FROM]
    return float(snapshot.values[good].max()) if good.size else None
