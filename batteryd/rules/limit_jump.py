"""Readings that come out of nowhere, and how long a limit doubts them.

Sensors show 100 °C for a single read, now and then for two. Where a rule has a `jump`, a value that
moved by more of a sudden raises no priority that has no on-delay, until `STAYS_READINGS` in a row
are beyond a setpoint, or two that are `STAYS_S` apart agree. Neither does a value that has nothing
before it, after a start or a gap: nobody knows whether it moved. Delays run from the first reading
on.

A real emergency loses 20 s by that, polled every 10 s, and a minute at worst: of an asset that is
polled more rarely than every `RARE_S` each reading counts. While people work there nothing is
doubted (docs/decisions/006).
"""

import itertools
import math
from collections.abc import Iterable

from batteryd.domain.alarm import Priority
from batteryd.domain.snapshot import Snapshot
from batteryd.rules.limit_program import Point

RARE_S = 60.0  # a poll interval
NEAR_S = 150.0  # readings further apart say nothing of one another
STAYS_READINGS, STAYS_S = 3, 60.0
BEFORE = 6  # snapshots to remember: some of them may lack the value

Reading = tuple[float, float]  # instant, value


def believed(
    point: Point, column: int, snapshots: Iterable[Snapshot], *, doubts: bool
) -> Priority | None:
    """Return the priority that the last of some snapshots, oldest first, may raise by a column."""
    readings = [(s.observed_at_s, float(s.values[column])) for s in snapshots]
    reached = point.reached(readings[-1][1])
    is_doubted = doubts and point.settings.jump > 0
    if reached is None or not is_doubted or not _is_sudden(point, readings):
        return reached
    waiting = (p for p, delay_s in point.on_delay_s.items() if p <= reached and delay_s > 0)
    return max(waiting, default=None)


def _is_sudden(point: Point, readings: list[Reading]) -> bool:
    """Whether the last reading is beyond by a jump, and has not stayed there yet."""
    jump, (now_s, now) = point.settings.jump, readings[-1]
    near = [(s, n) for s, n in readings if 0 <= now_s - s <= NEAR_S and not math.isnan(n)]
    beyond = list(itertools.takewhile(lambda r: point.reached(r[1]) is not None, near[::-1]))
    steps = [abs(after - before) for (_, before), (_, after) in itertools.pairwise(near)]
    if len(beyond) < len(near) and all(step <= jump for step in steps):
        return False
    agreeing = (s for s, n in beyond if abs(n - now) <= jump)
    return len(beyond) < STAYS_READINGS and now_s - min(agreeing, default=now_s) < STAYS_S
