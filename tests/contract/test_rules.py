"""What every rule kind promises, whatever it looks at.

A test class a kind inherits `RuleContract` and says how to show an engine a normal state, an alarm,
and an edge: something between the two, which keeps an alarm that is active and raises none.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from batteryd.domain.alarm import AlarmEvent, Change
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Layout, Snapshot, failed_snapshot, parse_column
from batteryd.domain.warranty import LifeDates, WarrantyBasis, WarrantyTerms
from batteryd.rules.engine import Engine
from batteryd.rules.table import RULES
from batteryd.rules.watch import UNSEEN_S_MAX
from batteryd.warranty.coverage import assess
from tests.builders import NOON_S, SMALL_RACK, make_layout, make_snapshot
from tests.racks import layout_of
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


class Shown:
    """Rules of a kind, and how an engine that has them is shown a state."""

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


class RuleContract(Shown):
    """Inherited by the test class of every kind."""

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


class OnSnapshots(Shown):
    """For kinds that judge values: `state` may be "unknown", where nothing of them is known."""

    unknown_steps = 20

    def test_what_is_unknown_neither_raises_nor_returns(self, engine):
        unknown, at_s = ["unknown"] * self.unknown_steps, NOON_S
        seen = []
        for states in (unknown, ["normal"] * 20, ["alarm"] * 20, unknown, ["normal"] * 40):
            seen.append(self.run(engine, *states, from_s=at_s))
            at_s += len(states) * self.every_s
        before, learning, raised, active, over = seen

        assert (before, learning, active) == ([], [], [])
        assert [(e.change, e.key) for e in over] == [(Change.RETURNED, raised[0].key)]

    def test_a_layout_that_does_not_show_its_place_ends_the_alarm_after_a_day(self, engine):
        raised = self.run(engine, *["alarm"] * 20)
        layout = Layout.of([parse_column("-:soc_pct")])
        at_s = NOON_S + 20 * self.every_s

        def shown(at_s):
            poll = Snapshot("rack-1", at_s, layout, np.array([60.0]), np.zeros(1, dtype=np.uint8))
            return engine.evaluate(poll, at_s)

        stands, ended = shown(at_s), shown(at_s + UNSEEN_S_MAX)

        assert stands == ()
        assert [(e.change, e.key) for e in ended] == [(Change.RETURNED, raised[0].key)]
        assert ended[0].why.startswith("no longer watched")

    def test_a_layout_that_still_shows_its_place_keeps_the_alarm(self, engine):
        raised = self.run(engine, *["alarm"] * 20)
        later_s = NOON_S + 20 * self.every_s

        self.change_layout()
        still = self.run(engine, *["alarm"] * 20, from_s=later_s)
        over = self.run(engine, *["normal"] * 20, from_s=later_s + 20 * self.every_s)

        assert (len(raised), still) == (1, [])
        assert [(e.change, e.key) for e in over] == [(Change.RETURNED, raised[0].key)]

    def change_layout(self):
        raise NotImplementedError


class OnAValue(OnSnapshots):
    """For kinds that judge one value; `column` is where, `values` has it by state."""

    column: str
    values: Mapping[str, float | None]
    geometry = SMALL_RACK

    def show(self, engine, state, at_s):
        values = {self.column: self.values.get(state)}
        return engine.evaluate(
            make_snapshot(at_s=at_s, values=values, geometry=self.geometry), at_s
        )

    def change_layout(self):
        self.geometry = replace(SMALL_RACK, cell_count_per_module=5)


class TestLimitHigh(OnAValue, RuleContract):
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
    column, values = "s1/m02/t1:temperature_c", DEGREES


class TestLimitLow(OnAValue, RuleContract):
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
    column, values = "s1/m03/c02:cell_voltage_v", VOLTS


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


class OnARack(OnSnapshots):
    """For kinds that compare: every state is a stretch of polls of a rack that learned before."""

    every_s = 60.0
    poll_s = 10.0
    learn_s = 4 * 3600.0
    shape = (8, 2, 2)

    @pytest.fixture
    def engine(self) -> Engine:
        engine = make_engine(self.rules)
        for at_s in range(int(NOON_S - self.learn_s), int(NOON_S), int(self.every_s)):
            assert self.show(engine, "normal", at_s) == ()
        return engine

    def show(self, engine, state, at_s):
        polls = int(self.every_s / self.poll_s)
        return tuple(
            event
            for number in range(polls)
            for event in self._polled(engine, state, at_s + number * self.poll_s, number)
        )

    def change(self, state, rack, heat, volts, at_s, number):
        raise NotImplementedError

    def _polled(self, engine, state, at_s, number):
        modules, sensors, cells = self.shape
        ripple = 0.1 * (int(at_s / self.poll_s) % 2)  # no sensor stands still
        heat, volts = np.full((modules, sensors), 24.3), np.full((modules, cells), 4.081)
        heat += ripple
        rack = {"current_a": 0.0, "soc_pct": 90.0, "ambient_c": 23.0}
        if state == "unknown":
            rack, heat, volts = dict.fromkeys(rack, np.nan), heat * np.nan, volts * np.nan
        else:
            self.change(state, rack, heat, volts, at_s, number)
        values = np.concatenate((list(rack.values()), heat.ravel(), volts.ravel()))
        quality = np.where(np.isnan(values), Quality.MISSING, Quality.GOOD).astype(np.uint8)
        poll = Snapshot("rack-1", at_s, layout_of(self.shape), values, quality)
        return engine.evaluate(poll, at_s)

    def change_layout(self):
        modules, sensors, cells = self.shape
        self.shape = (modules, sensors, cells + 1)


def rule_of(kind: str, keys: str = "") -> str:
    return f'[rule.watched]\nkind = "{kind}"\naction = "Go and look."\n{keys}'


class TestHeatPeer(OnARack, RuleContract):
    kind = "heat_peer"
    rules = rule_of(kind)
    every_s = 120.0

    def change(self, state, rack, heat, volts, at_s, number):
        heat[2] += {"normal": 0.0, "edge": 1.2, "alarm": 6.0}[state]

    def test_it_never_flaps_at_the_edge(self, engine):
        before = self.run(engine, *["normal", "edge"] * 30)
        raised = self.run(engine, *["alarm"] * 10, from_s=NOON_S + 60 * self.every_s)
        active = self.run(engine, *["edge", "alarm"] * 30, from_s=NOON_S + 70 * self.every_s)

        assert (before, {e.change for e in raised}, active) == ([], {Change.RAISED}, [])


class TestHeatRise(OnARack, RuleContract):
    kind = "heat_rise"
    rules = rule_of(kind, "on_delay_s = 60.0\noff_delay_s = 240.0")
    learn_s = 1200.0
    risen_k = 0.0

    def change(self, state, rack, heat, volts, at_s, number):
        k_per_min = {"normal": None, "edge": 0.35, "alarm": 1.0}[state]
        self.risen_k = 0.0 if k_per_min is None else self.risen_k + k_per_min / 6
        heat[2] += self.risen_k


class TestHeatDrift(OnARack, RuleContract):
    kind = "heat_drift"
    rules = rule_of(kind, "slack_k = 1.5\nslack_coarse_k = 1.5\noff_delay_s = 600.0")
    every_s, poll_s = 600.0, 30.0

    def change(self, state, rack, heat, volts, at_s, number):
        heat[2, 1] += {"normal": 0.0, "edge": 1.0, "alarm": 3.5}[state]


class TestHeatRoom(OnARack, RuleContract):
    kind = "heat_room"
    rules = rule_of(kind, "off_delay_s = 240.0")
    learn_s = 2 * 3600.0

    def change(self, state, rack, heat, volts, at_s, number):
        rack["ambient_c"] += {"normal": 0.0, "edge": 3.0, "alarm": 7.0}[state]


class TestHeatCooling(OnARack, RuleContract):
    kind = "heat_cooling"
    rules = rule_of(kind)
    every_s, poll_s = 600.0, 30.0
    learn_s = 5 * 3600.0

    def change(self, state, rack, heat, volts, at_s, number):
        heat += {"normal": 0.0, "edge": 1.2, "alarm": 3.0}[state]


class TestHeatCharge(OnARack, RuleContract):
    """What is normal at rest is learned at rest, what is judged is judged on charge."""

    kind = "heat_charge"
    rules = rule_of(kind, "on_delay_s = 600.0")
    every_s, poll_s = 600.0, 30.0

    def change(self, state, rack, heat, volts, at_s, number):
        rack["current_a"] = 60.0 if at_s >= NOON_S else 0.0
        heat[2] += {"normal": 0.0, "edge": 2.6, "alarm": 4.0}[state]


class TestHeatPattern(OnARack, RuleContract):
    kind = "heat_pattern"
    rules = rule_of(kind)
    every_s, poll_s = 600.0, 30.0
    shape = (12, 2, 2)

    def change(self, state, rack, heat, volts, at_s, number):
        heat[:5] += {"normal": 0.0, "edge": 1.2, "alarm": 3.0}[state]


class TestSensorCold(OnARack, RuleContract):
    kind = "sensor_cold"
    rules = rule_of(kind, "on_delay_s = 600.0")
    every_s, poll_s = 600.0, 30.0

    def change(self, state, rack, heat, volts, at_s, number):
        heat[2, 0] -= {"normal": 0.0, "edge": 2.2, "alarm": 8.0}[state]


class TestSensorStuck(OnARack, RuleContract):
    """The rack moves by 4 K, up and down, all the time."""

    kind = "sensor_stuck"
    rules = rule_of(kind)
    every_s, poll_s = 600.0, 30.0

    def change(self, state, rack, heat, volts, at_s, number):
        heat += 2.0 * np.sin(2 * np.pi * at_s / 7200.0)
        if state != "normal":
            heat[2, 0] = 24.0


class TestSensorInvalid(OnARack, RuleContract):
    """A missing reading now and then is the edge; two wild ones in ten minutes are an alarm.

    What is missing for hours is what this kind is about; here it is missing for less than one.
    """

    kind = "sensor_invalid"
    unknown_steps = 4
    rules = rule_of(kind)
    every_s, poll_s = 600.0, 30.0

    def change(self, state, rack, heat, volts, at_s, number):
        if state == "edge" and number == 5:
            heat[2, 0] = np.nan
        if state == "alarm" and number in (5, 15):
            heat[2, 0] = 99.0


class TestCellLeak(OnARack, RuleContract):
    kind = "cell_leak"
    rules = rule_of(kind)
    every_s, poll_s = 600.0, 30.0

    def change(self, state, rack, heat, volts, at_s, number):
        volts[3, 1] -= {"normal": 0.0, "edge": 0.004, "alarm": 0.012}[state]


class TestCellFastLeak(OnARack, RuleContract):
    kind = "cell_fast_leak"
    rules = rule_of(kind)
    every_s, poll_s = 600.0, 30.0

    def change(self, state, rack, heat, volts, at_s, number):
        volts[3, 1] -= {"normal": 0.0, "edge": 0.02, "alarm": 0.06}[state]


class TestCellJoint(OnARack, RuleContract):
    """Four minutes without load, then three of a discharge."""

    kind = "cell_joint"
    rules = rule_of(kind)
    every_s = 420.0

    def change(self, state, rack, heat, volts, at_s, number):
        if number >= 24:
            rack["current_a"] = -120.0
            mohm = {"normal": 0.0, "edge": 0.15, "alarm": 0.8}[state]
            volts[3, 1] -= 0.12 * mohm


def test_every_kind_is_held_to_the_contract():
    assert {contract.kind for contract in RuleContract.__subclasses__()} == set(RULES)


def test_every_kind_that_judges_values_is_held_to_what_unknown_means():
    judging = {c.kind for c in RuleContract.__subclasses__() if issubclass(c, OnSnapshots)}

    assert judging == set(RULES) - {"silence", "warranty"}  # for these, unknown is the matter
