"""The frame that a kind of rule fits into.

A kind is a row of `table.RULES`: how its settings are checked, and how its rules become code. What
a kind watches is either snapshots or warranty assessments:

* `compile` takes all rules of the kind that apply to one asset, with the layout of its snapshots,
  and returns one `Evaluator`, which keeps what it must remember of that asset. All rules at once,
  because one pass over a snapshot for twenty limits is twenty times cheaper than twenty passes.
* `assess` compares one warranty assessment with what stands at present and needs no memory.

Kinds that look at the same features of a snapshot are a `family`: their rules are compiled to one
evaluator together, which computes the features once and sees what all of them have to say.

The engine keeps the book of what is active (`Standing`), so that an evaluator can be made anew at
any time (after a restart, a reload, a new layout) and `adopt` what its predecessor had raised. An
evaluator reports a change once; the engine never asks twice.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeGuard

from batteryd.domain.alarm import Alarm, AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import Scope
from batteryd.domain.inventory import Asset, Chemistry, Inventory
from batteryd.domain.snapshot import Layout, Snapshot
from batteryd.domain.warranty import WarrantyAssessment
from batteryd.rules.parameters import RuleSettings

NEVER_S = math.inf
POLL_INTERVAL_S = 10.0  # where nobody has said how often an asset is polled


class Subject(NamedTuple):
    """What a rule can be overridden by: who it is about."""

    asset_id: str
    site_id: str
    chemistry: Chemistry | None = None
    profile: str = ""
    at_work: bool = False  # people work on it, on its DC bus or in its room

    @classmethod
    def of(cls, asset: Asset) -> "Subject":
        """Return the subject that a polled asset is."""
        return cls(asset.asset_id, asset.site_id, asset.chemistry, asset.source.profile)

    @classmethod
    def unpolled_of(cls, inventory: Inventory) -> "tuple[Subject, ...]":
        """Return the batteries that are in the register only: their warranty is watched."""
        return tuple(
            cls(battery.asset_id, inventory.rooms[battery.room_id].site_id, battery.chemistry)
            for battery in inventory.batteries.values()
            if battery.source is None
        )


class Rule(NamedTuple):
    """One rule as it applies to one subject."""

    name: str
    kind: str
    settings: RuleSettings
    origin: str = ""  # whose override is in force, in words; "" for the rule itself


@dataclass(frozen=True, slots=True)
class Standing:
    """An alarm that is active: the most that was ever said of it since it was raised."""

    scope: Scope
    priority: Priority
    quantity: str
    setpoint: float | None
    raised_at_s: float
    evidence: Mapping[str, object] = field(default_factory=dict)
    value: float | None = None
    why: str = ""
    action: str = ""

    @classmethod
    def of(cls, said: AlarmEvent | Alarm, *, raised_at_s: float) -> "Standing":
        """Return what an event (or a row of the ledger) leaves standing."""
        return cls(
            said.scope,
            said.priority,
            said.quantity,
            said.setpoint,
            raised_at_s,
            said.evidence,
            said.value,
            said.why,
            said.action,
        )

    def as_event(self, key: AlarmKey, change: Change, *, at_s: float, why: str) -> AlarmEvent:
        """Return the event that tells of it at an instant, in the words of that instant."""
        return AlarmEvent(
            key=key,
            change=change,
            at_s=at_s,
            scope=self.scope,
            priority=self.priority,
            quantity=self.quantity,
            value=None if change is Change.RETURNED else self.value,
            setpoint=self.setpoint,
            why=why,
            action=self.action,
            evidence=self.evidence,
        )


class Evaluator(Protocol):
    """The rules of one kind, compiled for one asset and layout."""

    due_at_s: float  # when `tick` will have something to say; NEVER_S where it never has

    def step(self, snapshot: Snapshot, *, now_s: float) -> Sequence[AlarmEvent]:
        """Judge a snapshot, a failed one too. What is unknown neither raises nor returns."""
        ...

    def tick(self, now_s: float) -> Sequence[AlarmEvent]:
        """Judge that time has passed without a snapshot. Called once `due_at_s` is reached."""
        ...

    def adopt(self, standing: Mapping[AlarmKey, Standing]) -> Collection[AlarmKey]:
        """Take over alarms that are active; return the keys that can no longer be watched."""
        ...


Learned = Mapping[str, object]  # numbers, texts and numpy arrays, by name
LEARNED_VERSION, LEARNED_LAYOUT = "version", "layout_id"  # entries that every `Learned` has


class Learner(Protocol):
    """An evaluator whose memory outlives it: what it took days to learn of one asset.

    Buffers and running delays are no part of it: they start anew after any gap. What is learned is
    kept over restarts, reloads, gaps and clocks that jump, and shown to people.
    """

    is_learning: bool  # False while people work there: that is not normal

    def learned(self) -> Learned:
        """Return a copy of what has been learned, with `version` (int) and `layout_id` (text)."""
        ...

    def learn_from(self, learned: Learned) -> bool:
        """Go on from what was learned before; call it before the first `step`.

        False: it is of another version or layout, and was left alone; learning starts anew.
        """
        ...


def is_learner(evaluator: object) -> TypeGuard[Learner]:
    """Whether an evaluator has anything to learn.

    Python 3.11 takes 10 µs for `isinstance` of a protocol: half of what making the rules of a small
    device took, ten thousand times at a start.
    """
    return hasattr(evaluator, "learned")


Compile = Callable[[tuple[Rule, ...], Asset, Layout], Evaluator | None]
Assess = Callable[[Rule, Subject, WarrantyAssessment, Standing | None, float], Sequence[AlarmEvent]]


class RuleKind(NamedTuple):
    """A row of `RULES`."""

    settings: type[RuleSettings]
    compile: Compile | None = None  # None from a call of it: nothing in this layout to watch
    assess: Assess | None = None
    family: str = ""  # kinds with the same family share one evaluator; "": it has its own


def poll_interval_s(asset: Asset) -> float:
    """Return how often an asset is polled, as far as anybody has said."""
    return asset.source.poll_interval_s or POLL_INTERVAL_S
