"""The settings of the rule kind `limit`, and what is a mistake in them."""

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from batteryd.domain.alarm import Priority
from batteryd.domain.component import Scope
from batteryd.domain.quantity import QUANTITIES
from batteryd.mistakes import unknown_text
from batteryd.rules.parameters import Delays, Levels, Looser, RuleSettings, covering


def _number_quantity(name: str) -> str:
    if name not in QUANTITIES:
        raise ValueError(unknown_text("quantity", name, known=QUANTITIES))
    if QUANTITIES[name].is_bits:
        raise ValueError("a quantity that is a number, not a set of bits")
    return name


def _same_unit(names: tuple[str, ...]) -> tuple[str, ...]:
    if len({QUANTITIES[name].unit for name in names}) != 1:
        raise ValueError("one or more quantities, all with the same unit")
    return names


NumberQuantity = Annotated[str, AfterValidator(_number_quantity)]


class LimitSettings(RuleSettings):
    """`high`: an alarm at or above a setpoint. `low`: at or below one.

    A rule without any setpoint watches nothing; its overrides may bring one.
    """

    FIXED: ClassVar = RuleSettings.FIXED | {"quantities", "direction", "scope"}
    AT_WORK: ClassVar = RuleSettings.AT_WORK | {
        "setpoint", "tighten_by", "deadband", "on_delay_s", "off_delay_s", "jump", "says",
    }  # fmt: skip
    AT_WORK_ONLY: ClassVar = frozenset({"tighten_by"})

    quantities: Annotated[
        tuple[NumberQuantity, ...], Field(strict=False), AfterValidator(_same_unit)
    ]
    direction: Literal["high", "low"]
    setpoint: Levels = Levels()
    tighten_by: Annotated[float, Field(ge=0)] = 0.0  # during work: so much earlier, in every layer
    deadband: Annotated[float, Field(ge=0)] = 0.0  # how far back a value must be to return
    on_delay_s: Delays = Levels()  # a priority that is not named is immediate
    off_delay_s: Annotated[float, Field(ge=0)] = 0.0
    jump: Annotated[float, Field(ge=0)] = 0.0  # 0: every reading counts at once
    scope: Annotated[Scope, Field(strict=False)] | None = None  # None: that of the component
    says: str = ""  # what a flag or an enumeration means when it is reached

    @property
    def sign(self) -> int:
        """Factor that turns every comparison into "at or above"."""
        return 1 if self.direction == "high" else -1

    @property
    def limits(self) -> Mapping[Priority, float]:
        """The setpoints that are in force, the least urgent first."""
        shift = self.sign * self.tighten_by
        return {priority: n - shift for priority, n in self.setpoint.by_priority.items()}

    def delay_s(self, priority: Priority) -> float:
        """Return how long a setpoint has to be reached."""
        return self.on_delay_s.by_priority.get(priority, 0.0)

    def looser_in(self, at_work: Self) -> Iterator[Looser]:
        """Yield what would let more pass: a limit reached later, or left sooner."""
        yield from super().looser_in(at_work)
        # What `tighten_by` adds on top is not counted: it must not make up for a looser setpoint.
        for priority, by in covering(self.setpoint, at_work.setpoint, sign=self.sign).items():
            before_s = self.delay_s(priority)
            if not by:
                strict = self.setpoint.by_priority[priority]
                yield Looser("setpoint", f"a limit as strict as {priority.text} {strict:g}")
            elif min(map(at_work.delay_s, by)) > before_s:
                yield Looser("on_delay_s", f"at most {before_s:g} s for {priority.text}")
        for key in ("deadband", "off_delay_s"):
            if getattr(at_work, key) < getattr(self, key):
                yield Looser(key, f"{getattr(self, key):g} or more: an alarm ends no sooner")
        if (at_work.jump or math.inf) < (self.jump or math.inf):
            or_more = f"{self.jump:g} or more, or " if self.jump else ""
            yield Looser("jump", f"{or_more}0: no more readings are held back")

    @model_validator(mode="after")
    def _setpoints_can_be_reached_in_order(self) -> Self:
        given = list(self.setpoint.by_priority.values())
        if given != sorted(set(given), reverse=self.direction == "low"):
            order = "rises" if self.direction == "high" else "falls"
            raise ValueError(f"a setpoint that {order} from low over medium and high to critical")
        reached = self.limits.values()
        for row in (QUANTITIES[name] for name in self.quantities):
            if not all(row.plausible_min <= number <= row.plausible_max for number in reached):
                span = f"{row.plausible_min:g} to {row.plausible_max:g} {row.unit}".strip()
                raise ValueError(f"setpoints that {row.name} can reach: {span}")
        return self
