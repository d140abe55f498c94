"""What every rule can be told: the shapes that the settings of all kinds are made of.

A number that depends on the priority stands in a table with the priorities as keys:
`setpoint = { medium = 40.0, critical = 50.0 }`. A priority that is not named does not occur.
"""

from typing import Annotated, ClassVar, Literal

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


class RuleSettings(Parameters):
    """What the settings of every kind begin with.

    An override (for a chemistry, profile, site or battery) replaces whole keys. The keys in `FIXED`
    stand in the rule itself alone: what a rule is about does not differ from battery to battery.
    """

    FIXED: ClassVar[frozenset[str]] = frozenset({"auto_acknowledge"})

    enabled: bool = True
    auto_acknowledge: bool = False  # a return to normal needs no acknowledgement
    action: str = ""  # the first thing to do, said with every alarm
