"""One asset under watch: its rules, what they were compiled to, and what they have raised.

The watch keeps the book of what is active, from the events that pass through it. So evaluators can
be thrown away and made anew at any time: when the layout changes, when the rules change, after the
daemon slept, and when one of them raises an exception.

An exception in one rule must not cost the events of the others, which count them as told. So this
is the outermost loop over rules, and the one place in `rules` that catches everything: what failed
becomes an alarm (`rule_failed`), and its evaluator starts anew with the next snapshot. That alarm
stays until the rules are loaded again, as a rule that fails now and then is not well.

What a device no longer shows is not over: the wires that told of the heat may have burnt in it.
So its alarm stands until it is shown again and judged, or for a day (`UNSEEN_S_MAX`). What the
rules no longer watch ends at once.

What an evaluator has learned goes over to its successor, except after an exception: who knows
whether it was not the learned state that broke it.
"""

import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import WHOLE_BATTERY, Component, Scope
from batteryd.domain.inventory import Asset
from batteryd.domain.snapshot import EMPTY_LAYOUT, Layout, Snapshot
from batteryd.domain.warranty import WarrantyAssessment
from batteryd.rules.folding import Folding
from batteryd.rules.kind import (
    NEVER_S,
    Evaluator,
    Learned,
    Learner,
    Rule,
    Standing,
    Subject,
    is_learner,
)
from batteryd.rules.table import RULES

RULE_FAILED = "rule_failed"
FRESH_S = 60.0  # an older snapshot is judged no second time
UNSEEN_S_MAX = 86_400.0  # as long as work is held after an alarm
TRACEBACK_LENGTH_MAX = 4000  # characters of it that an event carries


class Watch:
    """All rules of one subject. `asset` is None for a battery that is in the register only."""

    def __init__(self, subject: Subject, rules: tuple[Rule, ...], *, asset: Asset | None) -> None:
        self.subject = subject
        self.rules = rules
        self.asset = asset
        self.standing: dict[AlarmKey, Standing] = {}
        self.due_at_s = -NEVER_S  # when `tick` will have something to say
        self._layout = EMPTY_LAYOUT  # until the first good poll
        self._last_good: Snapshot | None = None
        self._folding = Folding(rules)
        self._evaluators: dict[str, Evaluator] = {}  # by kind, or by family of kinds
        self._learned: dict[str, Learned] = {}  # for evaluators that are still to be made
        self._of_other_layout: dict[str, Learned] = {}  # that did not fit the present one
        self._anew: dict[str, str] = {}  # why learning has begun anew, by family of kinds
        self._unseen: dict[AlarmKey, float] = {}  # since when its place is not shown
        self._to_make = self._kinds()  # whose evaluator has to be made (anew) before it is asked

    def is_about(self, subject: Subject, rules: tuple[Rule, ...], *, asset: Asset | None) -> bool:
        """Whether this watch does just as well for these; one with a failed rule does not."""
        has_failed = self._key(RULE_FAILED) in self.standing
        return (self.subject, self.rules, self.asset) == (subject, rules, asset) and not has_failed

    def step(self, snapshot: Snapshot, *, layout: Layout, now_s: float) -> Sequence[AlarmEvent]:
        """Judge a snapshot; `layout` is the one instance that stands for all equal ones."""
        if not snapshot.is_failed:
            self._last_good = snapshot
            if layout is not self._layout:
                self._layout, self._to_make = layout, self._kinds()
        events = self._make(now_s) if self._to_make else []
        for kind, evaluator in tuple(self._evaluators.items()):
            events += self._guarded(kind, partial(evaluator.step, snapshot, now_s=now_s), now_s)
        if self._unseen:
            events += self._given_up(now_s)
        if events or not self._folding.is_empty:
            events = self._folding.fold(events, self.standing, now_s=now_s)
        return self._noted(events)

    def tick(self, now_s: float) -> Sequence[AlarmEvent]:
        """Judge that time has passed. Only needed once `due_at_s` is reached."""
        events = self._make(now_s) if self._to_make else []
        for kind, evaluator in tuple(self._evaluators.items()):
            if evaluator.due_at_s <= now_s:
                events += self._guarded(kind, partial(evaluator.tick, now_s), now_s)
        return self._noted(events)

    def assess(self, assessment: WarrantyAssessment, now_s: float) -> Sequence[AlarmEvent]:
        """Judge a warranty assessment."""
        events: list[AlarmEvent] = []
        for rule in self.rules:
            judge = RULES[rule.kind].assess
            if judge is not None:
                standing = self.standing.get(self._key(rule.name))
                judged = partial(judge, rule, self.subject, assessment, standing, now_s)
                events += self._guarded(rule.kind, judged, now_s)
        return self._noted(events)

    def adopt(self, standing: Mapping[AlarmKey, Standing], now_s: float) -> Sequence[AlarmEvent]:
        """Take over active alarms; return the ends of those that nothing watches any more."""
        rules = {r.name for r in self.rules if self.asset is not None or RULES[r.kind].assess}
        self.standing |= standing
        self._to_make, self.due_at_s = self._kinds(), -NEVER_S
        return self._noted(
            [
                end_of(key, stands, at_s=now_s)
                for key, stands in standing.items()
                if key.rule not in rules or key.site_id != self.subject.site_id
            ]
        )

    def change_rules(
        self, subject: Subject, rules: tuple[Rule, ...], now_s: float
    ) -> Sequence[AlarmEvent]:
        """Go on with other rules for the same asset, and judge by them what was read last."""
        self.subject = subject
        if rules == self.rules:
            self._set_learning()
            return ()
        self._learned = dict(self.learned())
        self._folding = Folding(rules)
        self.rules = rules
        self._evaluators.clear()
        events = list(self.adopt(self.standing, now_s))
        last = self._last_good
        if last is not None and 0 <= now_s - last.observed_at_s <= FRESH_S:
            events += self.step(last, layout=self._layout, now_s=now_s)
        return events

    def learned(self) -> Mapping[str, Learned]:
        """Return what there is to keep of this asset, by family of kinds."""
        known = dict(self._learned)
        for kind, evaluator in self._evaluators.items():
            if is_learner(evaluator) and kind not in known:
                known[kind] = evaluator.learned()
        return known

    def begun_anew(self) -> Mapping[str, str]:
        """Return why learning has begun anew since the last call, by family of kinds."""
        anew, self._anew = self._anew, {}
        return anew

    def learn_from(self, learned: Mapping[str, Learned]) -> None:
        """Go on from what was learned before; what does not fit is left alone."""
        self._learned = dict(learned)
        self.restart()

    def forget(self, why: str, now_s: float) -> Sequence[AlarmEvent]:
        """Learn everything anew; other evaluators go on.

        What was raised by what is now forgotten ends: it would stand for ever, as nothing is
        learned of a place in alarm. What is out of the way by itself is raised again at once.
        """
        learners = [kind for kind, e in self._evaluators.items() if is_learner(e)]
        for kind in learners:
            del self._evaluators[kind]
        self._learned.clear()
        self._of_other_layout.clear()
        self._to_make = tuple(dict.fromkeys((*self._to_make, *learners)))
        rules = {rule.name for rule in self.rules if evaluator_name(rule.kind) in learners}
        ends = [
            replace(end_of(key, stands, at_s=now_s), why=why, evidence={"reason": "reset"})
            for key, stands in {**self.standing, **self._folding.folded}.items()
            if key.rule in rules
        ]
        return self._noted(self._folding.fold(ends, self.standing, now_s=now_s))

    def restart(self) -> None:
        """Let what counts time begin anew: nobody has looked for a while."""
        self._to_make, self.due_at_s = self._kinds(), -NEVER_S

    def _set_learning(self) -> None:
        for evaluator in self._evaluators.values():
            if is_learner(evaluator):
                evaluator.is_learning = not self.subject.at_work

    def _kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(evaluator_name(rule.kind) for rule in self.rules))

    def _make(self, now_s: float) -> list[AlarmEvent]:
        kinds, self._to_make = self._to_make, ()
        events: list[AlarmEvent] = []
        for kind in kinds:
            events += self._guarded(kind, partial(self._compile, kind, now_s), now_s)
        return events

    def _compile(self, kind: str, now_s: float) -> Sequence[AlarmEvent]:
        """Make an evaluator; return the ends of alarms that its layout can no longer show."""
        before = self._evaluators.pop(kind, None)
        if is_learner(before) and kind not in self._learned:
            self._learned[kind] = before.learned()
        rules = tuple(rule for rule in self.rules if evaluator_name(rule.kind) == kind)
        compile_rules = RULES[rules[0].kind].compile
        if compile_rules is None or self.asset is None:
            return ()
        names = {rule.name for rule in rules}
        standing = {key: s for key, s in self.standing.items() if key.rule in names}
        evaluator = compile_rules(rules, self.asset, self._layout)
        if evaluator is not None:
            self._evaluators[kind] = evaluator
            if is_learner(evaluator) and self._layout is not EMPTY_LAYOUT:
                self._teach(kind, evaluator)
        lost = standing.keys() if evaluator is None else evaluator.adopt(standing)
        if self._layout is EMPTY_LAYOUT:  # nobody knows yet what this asset has to show
            return ()
        return [end_of(key, standing[key], at_s=now_s) for key in self._not_watched(lost, now_s)]

    def _not_watched(self, lost: Collection[AlarmKey], now_s: float) -> list[AlarmKey]:
        """Return what the rules no longer watch; what the device does not show waits."""
        unseen = {key for key in lost if not self._is_shown(key)}
        for key in unseen:
            self._unseen.setdefault(key, now_s)
        return [key for key in lost if key not in unseen]

    def _given_up(self, now_s: float) -> list[AlarmEvent]:
        """Return the ends of alarms whose places have not been shown for too long."""
        self._unseen = {
            key: since_s
            for key, since_s in self._unseen.items()
            if key in self.standing and not self._is_shown(key)
        }
        late = [key for key, since_s in self._unseen.items() if now_s - since_s >= UNSEEN_S_MAX]
        return [end_of(key, self.standing[key], at_s=now_s) for key in late]

    def _is_shown(self, key: AlarmKey) -> bool:
        return (key.component, self.standing[key].quantity) in _shown_by(self._layout)

    def _teach(self, kind: str, evaluator: Learner) -> None:
        evaluator.is_learning = not self.subject.at_work
        known = self._learned.pop(kind, None)
        if known is None or evaluator.learn_from(known):
            return
        # A device that shows something else for a while is known again when it is back.
        before, self._of_other_layout[kind] = self._of_other_layout.get(kind), known
        if before is None or not evaluator.learn_from(before):
            self._anew[kind] = "what was learned before does not fit"

    def _guarded(
        self, kind: str, judge: Callable[[], Sequence[AlarmEvent]], now_s: float
    ) -> Sequence[AlarmEvent]:
        try:
            return judge()
        except Exception as error:  # noqa: BLE001  the outermost loop over rules: see above
            if is_learner(self._evaluators.pop(kind, None)):
                self._anew[kind] = f"a rule failed ({type(error).__name__})"
            self._to_make = (*self._to_make, kind)
            return self._failure(kind, error, now_s)

    def _failure(self, kind: str, error: Exception, now_s: float) -> Sequence[AlarmEvent]:
        key = self._key(RULE_FAILED)
        if key in self.standing:
            return ()
        text = f"{type(error).__name__}: {error}"
        lines = "".join(traceback.format_exception(error))
        return (
            AlarmEvent(
                key=key,
                change=Change.RAISED,
                at_s=now_s,
                scope=Scope.BATTERY,
                priority=Priority.HIGH,
                quantity="",
                value=None,
                setpoint=None,
                why=f"rules of kind {kind} could not be evaluated and may miss alarms ({text})",
                action="Watch this battery by other means; report the error; reload the rules.",
                evidence={"kind": kind, "traceback": lines[-TRACEBACK_LENGTH_MAX:]},
            ),
        )

    def _noted(self, events: Sequence[AlarmEvent]) -> Sequence[AlarmEvent]:
        for event in events:
            match event.change:
                case Change.RAISED:
                    before = self.standing.get(event.key)
                    raised_at_s = event.at_s if before is None else before.raised_at_s
                    self.standing[event.key] = Standing.of(event, raised_at_s=raised_at_s)
                case Change.RETURNED:
                    self.standing.pop(event.key, None)
        due = (evaluator.due_at_s for evaluator in self._evaluators.values())
        self.due_at_s = -NEVER_S if self._to_make else min(due, default=NEVER_S)
        return events

    def _key(self, rule: str) -> AlarmKey:
        return AlarmKey(self.subject.site_id, self.subject.asset_id, WHOLE_BATTERY, rule)


@lru_cache(maxsize=64)
def _shown_by(layout: Layout) -> frozenset[tuple[Component, str]]:
    """Return of which places a layout shows which quantities, also as parts of a whole."""
    return frozenset(
        (place, column.quantity)
        for column in layout.columns
        for place in _and_wholes(column.component)
    )


def _and_wholes(part: Component) -> tuple[Component, ...]:
    return part, part.parent_module, Component(part.string), WHOLE_BATTERY


def evaluator_name(kind: str) -> str:
    """Return what the evaluator of a kind goes by: its family, if it has one."""
    return RULES[kind].family or kind


def end_of(key: AlarmKey, standing: Standing, *, at_s: float) -> AlarmEvent:
    """Return the event that ends an alarm because nothing watches it any more."""
    why = "no longer watched: the rules, the register or what the device shows have changed"
    end = standing.as_event(key, Change.RETURNED, at_s=at_s, why=why)
    return replace(end, action="", evidence={"reason": "not_watched"})
