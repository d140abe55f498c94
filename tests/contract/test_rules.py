"""What every rule kind promises, whatever it looks at.

A test class a kind inherits `RuleContract` and says how to show an engine a normal state, an alarm,
and an edge: something between the two, which keeps an alarm that is active and raises none.
"""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from batteryd.domain.alarm import AlarmEvent, Change
from batteryd.domain.snapshot import failed_snapshot
from batteryd.domain.warranty import LifeDates, WarrantyBasis, WarrantyTerms
from batteryd.rules.engine import Engine
from batteryd.rules.table import RULES
from batteryd.warranty.coverage import assess
from tests.builders import NOON_S, make_layout, make_snapshot
from tests.rulebooks import alarms_of, make_asset, make_engine, rulebook, told

OTHER_RULE = """
[rule.something_else]
kind = "limit"
quantities = ["humidity_pct"]
direction = "high"
setpoint = { low = 80.0 }
"""

DEGREES = {"normal": 31.0, "edge": 48.6, "alarm": 51.2}
VOLTS = {"normal": 3.61, "edge": 2.75, "alarm": 2.66}
DAYS_LEFT = {"normal": 400, "alarm": 100}


class RuleContract:
    """Inherited by the test class of every kind."""

    kind: str
    rules: str
    every_s = 10.0

    def show(self, engine: Engine, state: str, at_s: float) -> tuple[AlarmEvent, ...]:
        raise NotImplementedError

    def run(self, engine: Engine, *states: str, from_s: float = NOON_S) -> list[AlarmEvent]:
        return [
            event
            for number, state in enumerate(states)
            for event in self.show(engine, state, from_s + number * self.every_s)
        ]

    @pytest.fixture
    def engine(self) -> Engine:
        return make_engine(self.rules)

    def test_it_is_silent_on_normal_data(self, engine):
        assert self.run(engine, *["normal"] * 300) == []

    def test_it_fires_once_however_long_it_lasts(self, engine):
        events = self.run(engine, *["normal"] * 3, *["alarm"] * 30)

        assert [event.change for event in events] == [Change.RAISED]

    def test_it_returns_once_with_the_key_it_was_raised_with(self, engine):
        events = self.run(engine, *["alarm"] * 30, *["normal"] * 30)

        assert [event.change for event in events] == [Change.RAISED, Change.RETURNED]
        assert events[0].key == events[1].key
        assert events[0].priority == events[1].priority
        assert events[0].at_s < events[1].at_s

    def test_it_never_flaps_at_the_edge(self, engine):
        before = self.run(engine, *["normal", "edge"] * 30)
        raised = self.run(engine, *["alarm"] * 10, from_s=NOON_S + 60 * self.every_s)
        active = self.run(engine, *["edge", "alarm"] * 30, from_s=NOON_S + 70 * self.every_s)

        assert (before, len(raised), active) == ([], 1, [])

    def test_it_fires_again_after_it_has_returned(self, engine):
        events = self.run(engine, *(["alarm"] * 20 + ["normal"] * 20) * 3)

        assert [event.change for event in events] == [Change.RAISED, Change.RETURNED] * 3

    def test_after_a_restart_it_neither_raises_twice_nor_forgets_to_return(self, engine):
        raised = self.run(engine, *["alarm"] * 20)
        later_s = NOON_S + 20 * self.every_s

        restarted = make_engine(self.rules)
        restored = restarted.restore(alarms_of(raised), now_s=later_s)
        still = self.run(restarted, *["alarm"] * 20, from_s=later_s)
        over = self.run(restarted, *["normal"] * 20, from_s=later_s + 20 * self.every_s)

        assert (restored, still) == ((), [])
        assert [(e.change, e.key) for e in over] == [(Change.RETURNED, raised[0].key)]

    def test_a_reload_of_the_same_rules_is_not_noticed(self, engine):
        raised = self.run(engine, *["alarm"] * 20)
        later_s = NOON_S + 20 * self.every_s

        reloaded = engine.reload(rulebook(self.rules), [make_asset()], now_s=later_s)
        still = self.run(engine, *["alarm"] * 20, from_s=later_s)

        assert (len(raised), reloaded, still) == (1, (), [])

    def test_a_rule_that_is_gone_after_a_reload_ends_its_alarm(self, engine):
        raised = self.run(engine, *["alarm"] * 20)
        later_s = NOON_S + 20 * self.every_s

        ended = engine.reload(rulebook(OTHER_RULE), [make_asset()], now_s=later_s)

        assert [(e.change, e.key) for e in ended] == [(Change.RETURNED, raised[0].key)]
        assert self.run(engine, *["alarm"] * 20, from_s=later_s) == []

    def test_it_says_why_in_words_and_gives_its_evidence(self, engine):
        events = self.run(engine, *["alarm"] * 20, *["normal"] * 20)

        for event in events:
            assert len(event.why) > 20
            assert "safe" not in event.why
            assert json.loads(json.dumps(event.evidence))
        assert events[0].action == "Go and look."


class TestLimitHigh(RuleContract):
    kind = "limit"
    rules = """
    [rule.module_temperature]
    kind = "limit"
    quantities = ["temperature_c"]
    direction = "high"
    setpoint = { critical = 50.0 }
    deadband = 2.0
    on_delay_s = { critical = 30.0 }
    off_delay_s = 60.0
    action = "Go and look."
    """

    def show(self, engine, state, at_s):
        values = {"s1/m02/t1:temperature_c": DEGREES[state]}
        return engine.evaluate(make_snapshot(at_s=at_s, values=values), at_s)


class TestLimitLow(RuleContract):
    kind = "limit"
    rules = """
    [rule.cell_voltage_low]
    kind = "limit"
    quantities = ["cell_voltage_v"]
    direction = "low"
    setpoint = { high = 2.7 }
    deadband = 0.1
    off_delay_s = 60.0
    action = "Go and look."
    """

    def show(self, engine, state, at_s):
        values = {"s1/m03/c02:cell_voltage_v": VOLTS[state]}
        return engine.evaluate(make_snapshot(at_s=at_s, values=values), at_s)


class TestSilence(RuleContract):
    """At the edge a poll fails now and then, or none comes; two in a row stay under the limit."""

    kind = "silence"
    rules = """
    [rule.silence]
    kind = "silence"
    polls = 3
    after_s = { medium = 0.0 }
    action = "Go and look."
    """

    def show(self, engine, state, at_s):
        ticked = engine.tick(at_s)
        if state == "edge":
            return ticked
        poll = make_snapshot(at_s=at_s)
        if state == "alarm":
            poll = failed_snapshot("rack-1", make_layout(), at_s=at_s, failure="timeout: no answer")
        return (*ticked, *engine.evaluate(poll, at_s))


class TestWarranty(RuleContract):
    """Normal is a contract that was extended; the edge is two years passing day by day."""

    kind = "warranty"
    every_s = 86400.0
    rules = """
    [rule.warranty]
    kind = "warranty"
    steps = [{ days_left = 180, priority = "medium" }]
    unknown = "low"
    action = "Go and look."
    """

    def show(self, engine, state, at_s):
        today = datetime.fromtimestamp(at_s, UTC).date()
        terms = WarrantyTerms(ends_on=today + timedelta(days=DAYS_LEFT[state]))
        return engine.assess([assess("rack-1", terms, LifeDates(), today)], at_s)

    def test_it_never_flaps_at_the_edge(self, engine):
        terms = WarrantyTerms(basis=WarrantyBasis.INSTALLED, months=120)
        dates = LifeDates(installed_on=date(2014, 8, 20))
        days = (date(2023, 8, 20) + timedelta(days=n) for n in range(800))

        events = [
            event
            for number, day in enumerate(days)
            for event in engine.assess(
                [assess("rack-1", terms, dates, day)], NOON_S + number * self.every_s
            )
        ]

        assert told(events) == [("raised", "warranty", "-", "medium")]
        assert events[0].value == 180


def test_every_kind_is_held_to_the_contract():
    assert {contract.kind for contract in RuleContract.__subclasses__()} == set(RULES)
