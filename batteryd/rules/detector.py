"""The frame that a kind of the detection family fits into.

A detector watches one thing about every place of its rack at once: every module, sensor or cell, or
the rack itself. At each poll it is shown what is `Seen`, and judges all its places, or says None
where it has nothing to judge by (most look once a minute). What it remembers are numpy arrays. It
neither keeps delays nor makes events: `Held` and `detection` do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Annotated, ClassVar, NamedTuple, Protocol, Self

import numpy as np
from pydantic import Field, model_validator

from batteryd.domain.alarm import PRIORITY_BY_TEXT, Priority
from batteryd.domain.component import Component, Scope
from batteryd.rules.cells_seen import CellsSeen
from batteryd.rules.heat_seen import HeatSeen
from batteryd.rules.held import Judged
from batteryd.rules.load import Load
from batteryd.rules.parameters import PriorityText, RuleSettings
from batteryd.rules.rack import Bools, Rack

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Rhythm(Enum):
    """When a detector has something new to judge by."""

    POLL = auto()
    MINUTE = auto()
    REST_MEAN = auto()


class DetectorSettings(RuleSettings):
    """What the settings of every detector begin with."""

    priority: PriorityText = "medium"
    on_delay_s: NotNegative = 180.0
    off_delay_s: NotNegative = 600.0

    def priority_of(self, step: int) -> Priority:
        """Return the priority of a step (1 or 2)."""
        return PRIORITY_BY_TEXT[self.priority]


class SteppedSettings(DetectorSettings):
    """Of a detector that has a second, more urgent step."""

    priority_beyond: PriorityText = "critical"

    @model_validator(mode="after")
    def _check_steps(self) -> Self:
        if PRIORITY_BY_TEXT[self.priority_beyond] < PRIORITY_BY_TEXT[self.priority]:
            raise ValueError("a priority_beyond that is as urgent as priority, or more")
        return self

    def priority_of(self, step: int) -> Priority:
        """Return the priority of a step (1 or 2)."""
        return PRIORITY_BY_TEXT[self.priority_beyond if step > 1 else self.priority]


@dataclass(slots=True)
class Seen:
    """One poll of one rack, and what is known of it."""

    rack: Rack
    load: Load
    heat: HeatSeen
    cells: CellsSeen
    shortened: Bools  # cells whose leak is active
    accused: Bools  # modules that an alarm is about, or one of their cells or sensors
    at_s: float = -np.inf
    dt_s: float = 0.0
    soc_pct: float = np.nan
    ambient_c: float = np.nan  # believed, NaN where nobody measures it
    is_minute: bool = False  # `heat` has just closed a minute
    is_rest_mean: bool = False  # `cells` has just closed ten minutes at rest
    is_learning: bool = True
    active: frozenset[int] = frozenset()  # places of the detector that looks, which are in alarm


class Said(NamedTuple):
    """What a detector says of one of its places: the parts of an event."""

    quantity: str
    value: float | None
    setpoint: float | None
    why: str  # what comes after "module 7 of Rack A2"
    evidence: Mapping[str, object]
    setpoint_beyond: float | None = None  # of the second step, where it has one of its own

    def setpoint_of(self, step: int) -> float | None:
        """Return what was exceeded at a step."""
        has_own = step > 1 and self.setpoint_beyond is not None
        return self.setpoint_beyond if has_own else self.setpoint


NOTHING_MORE = Said("", None, None, "", {})  # of an end


class Detector(Protocol):
    """All places of one rack under one rule."""

    REMEMBERED: ClassVar[tuple[str, ...]]
    LOCATES: ClassVar[bool]  # says which module has a cause of its own
    RHYTHM: ClassVar[Rhythm]
    scope: Scope
    places: Sequence[Component]

    def judge(self, seen: Seen) -> Judged | None:
        """Judge all places; None where there is nothing new to judge by."""
        ...

    def say(self, index: int, seen: Seen) -> Said:
        """Say of a place what was just judged."""
        ...

    def restart(self) -> None:
        """Begin buffers anew: nobody has looked for a while. What was learned stays."""
        ...


def steps_of(over: np.ndarray, *, beyond: float | np.ndarray, known: Bools) -> np.ndarray:
    """Return the step of each place: 1 where `over` is above 0, 2 above `beyond`, NaN unknown."""
    steps = (over > 0).astype(float) + (over > beyond)
    steps[~known] = np.nan
    return steps
