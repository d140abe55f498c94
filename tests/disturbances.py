"""What buses, sensors and clocks do to polls on their way: a detector must not mind any of it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Snapshot
from tests.builders import NOON_S
from tests.racks import HOUR_S

Polls = Iterable[Snapshot]

# What a wild reading may be: anything that the register can hold, and what is seen most.
WILD = {
    "temperature_c": ((-40.0, 125.0), (100.0, -40.0)),
    "cell_voltage_v": ((0.0, 5.0), (53.0, 0.0)),
}


def with_missing(polls: Polls, *, share: float = 0.05, seed: int = 3) -> Iterator[Snapshot]:
    """Lose readings, of every column alike."""
    chance = np.random.default_rng(seed)
    for poll in polls:
        is_lost = chance.random(len(poll.values)) < share
        yield replace(
            poll,
            values=np.where(is_lost, np.nan, poll.values),
            quality=np.where(is_lost, Quality.MISSING, poll.quality).astype(np.uint8),
        )


def with_spikes(polls: Polls, *, share: float = 0.01, seed: int = 4) -> Iterator[Snapshot]:
    """Make readings of sensors and cells wild for a poll; one in four is a usual wild one."""
    chance = np.random.default_rng(seed)
    for poll in polls:
        values = poll.values.copy()
        for quantity, ((lowest, highest), usual) in WILD.items():
            columns = poll.layout.indices(quantity)
            wild = columns[chance.random(len(columns)) < share]
            values[wild] = np.where(
                chance.random(len(wild)) < 0.25,
                chance.choice(usual, len(wild)),
                chance.uniform(lowest, highest, len(wild)),
            )
        yield replace(poll, values=values)


def with_gaps(polls: Polls, *spans_h: tuple[float, float]) -> Iterator[Snapshot]:
    """Leave out polls from so many hours to so many."""
    for poll in polls:
        at_h = (poll.observed_at_s - NOON_S) / HOUR_S
        if not any(from_h <= at_h < to_h for from_h, to_h in spans_h):
            yield poll


def with_clock_steps(polls: Polls, *steps: tuple[float, float]) -> Iterator[Snapshot]:
    """Step the clock at so many hours by so many seconds."""
    for poll in polls:
        at_h = (poll.observed_at_s - NOON_S) / HOUR_S
        off_s = sum(by_s for from_h, by_s in steps if at_h >= from_h)
        yield replace(poll, observed_at_s=poll.observed_at_s + off_s)
