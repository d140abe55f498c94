"""What every rule can be told: the shapes that the settings of all kinds are made of.

A number that depends on the priority stands in a table with the priorities as keys:
`setpoint = { medium = 40.0, critical = 50.0 }`. A priority that is not named does not occur.

While people work on a battery its limits tighten: settings know what of theirs would be looser in
others (`looser_in`), so that a file whose `[rule.NAME.work]` loosens anything is refused.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict

from batteryd.domain.alarm import PRIORITY_BY_TEXT, Priority

PriorityText = Literal["low", "medium", "high", "critical"]


class Parameters(BaseModel):
    """Strict: a misspelt key, a text for a number or `nan` is a mistake, never a default."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Levels(Parameters):
    """One number a priority."""

    low: float | None = None
    medium: float | None = None
    high: float | None = None
    critical: float | None = None

    @property
    def by_priority(self) -> dict[Priority, float]:
        """The numbers that are given, the least urgent first."""
        given = ((p, getattr(self, text)) for text, p in PRIORITY_BY_TEXT.items())
        return {p: number for p, number in given if number is not None}


def _not_negative(levels: Levels) -> Levels:
    if any(number < 0 for number in levels.by_priority.values()):
        raise ValueError("numbers of 0 or more")
    return levels


Delays = Annotated[Levels, AfterValidator(_not_negative)]


class Looser(NamedTuple):
    """A key that would let more pass than before, and what it may be."""

    key: str
    allowed: str


class RuleSettings(Parameters):
    """What the settings of every kind begin with.

    An override (for a chemistry, profile, site or battery) replaces whole keys. The keys in `FIXED`
    stand in the rule itself alone: what a rule is about does not differ from battery to battery.
    """

    FIXED: ClassVar[frozenset[str]] = frozenset({"auto_acknowledge", "protects_life"})
    AT_WORK: ClassVar[frozenset[str]] = frozenset({"enabled", "action"})  # keys of the work layer
    AT_WORK_ONLY: ClassVar[frozenset[str]] = frozenset()

    enabled: bool = True
    auto_acknowledge: bool = False  # a return to normal needs no acknowledgement
    protects_life: bool = False  # a critical alarm can be kept from nobody
    action: str = ""  # the first thing to do, said with every alarm

    def looser_in(self, at_work: Self) -> Iterator[Looser]:
        """Yield what would let more pass if `at_work` were in force in the place of these."""
        if self.enabled and not at_work.enabled:
            yield Looser("enabled", "true: work switches no rule off")


def covering(before: Levels, after: Levels, *, sign: int) -> Mapping[Priority, list[Priority]]:
    """Return, by priority of `before`, those of `after` that are as urgent and reached as early.

    With `sign` 1 a lower number is reached earlier, with -1 a higher one. An empty list: `after`
    would let pass what `before` does not.
    """
    return {
        priority: [
            p for p, n in after.by_priority.items() if p >= priority and sign * n <= sign * number
        ]
        for priority, number in before.by_priority.items()
    }
