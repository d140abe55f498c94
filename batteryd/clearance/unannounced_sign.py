"""A sign of work: what was seen, where, as what it was seen before, and between which two instants.

A sign is no proof. A contactor opens by a protection trip as well, and a rack falls silent because
its power supply died; what batteryd says of a sign is what it saw. Nobody sees the instant itself:
between the last look before and the first look after there is a poll interval, or the hours in
which a device did not answer, so both ends are told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, Protocol

from batteryd.clearance.wording import instant
from batteryd.domain.component import Component, parse_component
from batteryd.domain.message import component_words
from batteryd.domain.snapshot import Snapshot


class SignKind(StrEnum):
    """What can be seen of work that nobody announced."""

    CONTACTOR_OPENED = "contactor_opened"
    BREAKER_OPENED = "breaker_opened"
    DOOR_OPENED = "door_opened"
    MODULE_VANISHED = "module_vanished"
    RACK_VANISHED = "rack_vanished"
    CURRENT_PINNED = "current_pinned"


_SAID = MappingProxyType(
    {
        SignKind.CONTACTOR_OPENED: "contactor opened {when}",
        SignKind.BREAKER_OPENED: "breaker opened {when}",
        SignKind.DOOR_OPENED: "cabinet door opened {when}",
        SignKind.MODULE_VANISHED: "vanished {when} ({before} before, {after} since)",
        SignKind.RACK_VANISHED: "went silent {when}, while others around it answer",
        SignKind.CURRENT_PINNED: (
            "current fell from {before} to {after} {when} and stays there, while the racks beside"
            " it carry current"
        ),
    }
)


class SignKey(NamedTuple):
    """One thing that can be seen at one place: it is seen once until it is back."""

    asset_id: str
    kind: SignKind
    component: Component


@dataclass(frozen=True, slots=True)
class Sign:
    """Something changed as it does when people work on a battery, or it is back (`is_over`)."""

    key: SignKey
    before: str  # "closed", "answers", "21.4 A"
    after: str  # "open", "silent", "0.0 A"
    before_at_s: float  # the last look before
    at_s: float  # the first look after
    seen: Mapping[str, object] = field(default_factory=dict)  # JSON-able: what it rests on
    is_over: bool = False

    @property
    def text(self) -> str:
        """Return what was seen: `contactor opened between … and …`."""
        where = component_words(self.key.component)
        when = f"between {instant(self.before_at_s)} and {instant(self.at_s)}"
        said = _SAID[self.key.kind].format(when=when, before=self.before, after=self.after)
        return f"{where}: {said}" if where else said

    def as_evidence(self) -> dict[str, object]:
        """Return plain JSON values; `sign_of` reads them back."""
        return {
            "kind": self.key.kind.value,
            "component": str(self.key.component),
            "before": self.before,
            "after": self.after,
            "before_at_s": self.before_at_s,
            "at_s": self.at_s,
            "seen": dict(self.seen),
        }


def sign_of(asset_id: str, evidence: object) -> Sign | None:
    """Return the sign that `as_evidence` wrote; None where it was not written by it."""
    match evidence:
        case {
            "kind": str(kind), "component": str(component),
            "before": str(before), "after": str(after),
            "before_at_s": int() | float() as before_at_s, "at_s": int() | float() as at_s,
            "seen": dict(seen),
        } if kind in set(SignKind):  # fmt: skip
            key = SignKey(asset_id, SignKind(kind), parse_component(component))
            return Sign(key, before, after, float(before_at_s), float(at_s), seen)
        case _:
            return None


class Detector(Protocol):
    """Looks for one group of signs at every battery. What it sees first is how things are."""

    def step(self, snapshot: Snapshot) -> list[Sign]:
        """Take note of a poll, a failed one too; return what began and what is over."""
        ...

    def restore(self, sign: Sign) -> None:
        """Take over, after a start, a sign that stood: its end is still to be seen."""
        ...

    def forget(self, asset_id: str) -> None:
        """Drop what is remembered of an asset that is not watched any more."""
        ...
