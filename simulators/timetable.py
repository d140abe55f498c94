"""Rows of a scenario's timetable: at which simulated time who does what, or what goes wrong.

`action` says which kind of row it is. Times count from the start of the scenario.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from batteryd.domain.component import Component, parse_component
from batteryd.domain.quantity import QUANTITIES
from simulators.faults import FAULT_KINDS, Fault, FaultKind, Parameter
from simulators.scenario_tables import Id, NotNegative, Positive, Table


def _component(text: str) -> str:
    parse_component(text)
    return text


def _quantity(name: str) -> str:
    if name not in QUANTITIES:
        raise ValueError(f"one of {', '.join(QUANTITIES)}")
    return name


def _fault_name(name: str) -> str:
    if name not in FAULT_KINDS:
        raise ValueError(f"one of {', '.join(FAULT_KINDS)}")
    return name


FaultName = Annotated[str, AfterValidator(_fault_name)]
ComponentText = Annotated[str, AfterValidator(_component)]
QuantityName = Annotated[str, AfterValidator(_quantity)]


class Entry(Table):
    """What all rows of the timetable have: when, and whom they are about."""

    minute: NotNegative = 0.0
    second: NotNegative = 0.0
    target: Id

    @property
    def at_s(self) -> float:
        """Simulated seconds after the start."""
        return 60.0 * self.minute + self.second


class FaultEntry(Entry):
    """A fault begins; with `lasts_s` it ends by itself."""

    action: Literal["fault"]
    fault: FaultName
    component: ComponentText = "-"
    quantity: QuantityName | None = None
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    lasts_s: Positive | None = None

    @property
    def kind(self) -> FaultKind:
        """The row of the fault table."""
        return FAULT_KINDS[self.fault]

    @property
    def place(self) -> Component:
        """Where in the target."""
        return parse_component(self.component)

    def begun(self) -> Fault:
        """Return the fault itself."""
        return Fault(self.kind, self.target, self.place, self.quantity, self.parameters)


class ClearEntry(Entry):
    """Faults of a target end: those of one name, or all."""

    action: Literal["clear"]
    fault: FaultName | None = None


class LoadEntry(Entry):
    """A UPS's load changes."""

    action: Literal["load"]
    load_kw: NotNegative


class MainsEntry(Entry):
    """A UPS's mains fails or comes back."""

    action: Literal["mains"]
    present: bool


class SwitchEntry(Entry):
    """Somebody opens or closes a rack's contactor or breaker, or a UPS's battery breaker."""

    action: Literal["open", "close"]
    part: Literal["both", "contactor", "breaker"] = "both"


TimetableEntry = Annotated[
    FaultEntry | ClearEntry | LoadEntry | MainsEntry | SwitchEntry, Field(discriminator="action")
]
