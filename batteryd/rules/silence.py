"""The rule kind `silence`: no good poll for too long. Silence is data.

What counts is the time since the last good poll, whether failed polls came meanwhile or nothing at
all (a poller that hangs must not look like a device that is well). Every priority has its time;
none of them comes before so many polls are missed, so that an asset polled every five minutes is
not called silent after one. The first good poll ends it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, NamedTuple, Self, cast

from pydantic import Field

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import WHOLE_BATTERY, Scope
from batteryd.domain.inventory import Asset
from batteryd.domain.snapshot import Layout, Snapshot
from batteryd.rules import words
from batteryd.rules.kind import NEVER_S, Rule, Standing, poll_interval_s
from batteryd.rules.parameters import Delays, Looser, RuleSettings, covering


class SilenceSettings(RuleSettings):
    """Both have to be over: so many polls missed, and so many seconds without a good one."""

    AT_WORK: ClassVar = RuleSettings.AT_WORK | {"polls", "after_s"}

    polls: Annotated[int, Field(ge=2)]  # 1 would be an alarm between two good polls
    after_s: Delays

    def looser_in(self, at_work: Self) -> Iterator[Looser]:
        """Yield what would let more pass: more patience than before."""
        yield from super().looser_in(at_work)
        if at_work.polls > self.polls:
            yield Looser("polls", f"at most {self.polls}")
        for priority, by in covering(self.after_s, at_work.after_s, sign=1).items():
            if not by:
                before_s = self.after_s.by_priority[priority]
                yield Looser("after_s", f"at most {before_s:g} s for {priority.text}")


def compile_silence(rules: tuple[Rule, ...], asset: Asset, layout: Layout) -> "Silence":
    """Compile the silence rules of an asset; they need no layout."""
    return Silence(rules, asset)


class Silence:
    """How long an asset has not answered, and what its rules have said of it."""

    def __init__(self, rules: tuple[Rule, ...], asset: Asset) -> None:
        self.due_at_s = -NEVER_S  # the first tick starts the count
        self._asset = asset
        self._rules = {rule.name: rule for rule in rules}
        self._steps = sorted(step for rule in rules for step in _steps_of(rule, asset))
        self._active: dict[str, Priority] = {}
        self._heard_at_s = NEVER_S  # "not yet": the first look, good or bad, counts from itself
        self._has_answered = False  # since this evaluator was made
        self._failure = ""

    def step(self, snapshot: Snapshot, *, now_s: float) -> Sequence[AlarmEvent]:
        """Take note of a poll."""
        at_s = snapshot.observed_at_s
        self._heard_at_s = min(self._heard_at_s, at_s)
        if snapshot.failure is not None:
            self._failure = snapshot.failure
            return self.tick(at_s)
        events = [self._end(name, at_s) for name in self._active]
        self._active.clear()
        self._heard_at_s, self._has_answered, self._failure = at_s, True, ""
        self.due_at_s = at_s + self._steps[0].after_s if self._steps else NEVER_S
        return events

    def tick(self, now_s: float) -> Sequence[AlarmEvent]:
        """Take note that it is now, and still no good poll."""
        self._heard_at_s = min(self._heard_at_s, now_s)  # the clock may have run back
        silent_s = now_s - self._heard_at_s
        grown: dict[str, _Step] = {}
        for step in self._steps:
            if silent_s >= step.after_s and step.priority > self._active.get(step.name, 0):
                self._active[step.name] = step.priority
                grown[step.name] = step
        waiting = (step.after_s for step in self._steps if step.after_s > silent_s)
        self.due_at_s = self._heard_at_s + min(waiting, default=NEVER_S)
        return [self._beginning(step, now_s) for step in grown.values()]

    def adopt(self, standing: Mapping[AlarmKey, Standing]) -> Collection[AlarmKey]:
        """Take over active alarms, and since when it has been silent."""
        for key, stands in standing.items():
            self._active[key.rule] = stands.priority
            heard_at_s = stands.evidence.get("heard_at_s")
            if isinstance(heard_at_s, float):
                self._heard_at_s = heard_at_s
        return ()

    def _beginning(self, step: "_Step", at_s: float) -> AlarmEvent:
        silent = words.duration(at_s - self._heard_at_s)
        since = "since" if self._has_answered else "since batteryd began to ask at"
        because = f" ({self._failure})" if self._failure else ""
        return self._event(
            step.name,
            at_s,
            change=Change.RAISED,
            priority=step.priority,
            setpoint=step.after_s,
            why=f"{self._asset.name}: no answer for {silent}, "
            f"{since} {words.instant(self._heard_at_s)}{because}",
        )

    def _end(self, name: str, at_s: float) -> AlarmEvent:
        lasted = words.duration(at_s - self._heard_at_s)
        return self._event(
            name,
            at_s,
            change=Change.RETURNED,
            priority=self._active[name],
            setpoint=None,
            why=f"{self._asset.name}: answers again after {lasted}",
        )

    def _event(
        self,
        name: str,
        at_s: float,
        *,
        change: Change,
        priority: Priority,
        setpoint: float | None,
        why: str,
    ) -> AlarmEvent:
        return AlarmEvent(
            key=AlarmKey(self._asset.site_id, self._asset.asset_id, WHOLE_BATTERY, name),
            change=change,
            at_s=at_s,
            scope=Scope.BATTERY,
            priority=priority,
            quantity="",
            value=round(at_s - self._heard_at_s, 3),
            setpoint=setpoint,
            why=why,
            action=self._rules[name].settings.action,
            evidence={"heard_at_s": self._heard_at_s, "failure": self._failure},
        )


class _Step(NamedTuple):
    after_s: float
    priority: Priority
    name: str


def _steps_of(rule: Rule, asset: Asset) -> Iterator[_Step]:
    settings = cast(SilenceSettings, rule.settings)
    missed_s = settings.polls * poll_interval_s(asset)
    for priority, after_s in settings.after_s.by_priority.items():
        yield _Step(max(missed_s, after_s), priority, rule.name)
