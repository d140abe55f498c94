"""A month of a small rack with random trouble, and what must hold at every minute of it."""

import random

import numpy as np
import pytest

from batteryd.domain.alarm import Alarm, AlarmEvent, AlarmKey, Change, Condition
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Layout, Snapshot, failed_snapshot, parse_column
from batteryd.rules import lifecycle
from batteryd.rules.engine import Engine
from batteryd.rules.lifecycle_table import Reason
from tests.builders import NOON_S
from tests.rulebooks import make_asset, shipped_rulebook

MONTH_S = 30 * 86400
POLL_S = 60
QUIET_S = 3 * 3600  # after the last trouble, until every alarm has returned

NORMAL = {
    "s1/m01/t1:temperature_c": 25.0,
    "s1/m01/t2:temperature_c": 25.4,
    "s1/m02/t1:temperature_c": 24.8,
    "s1/m01/c01:cell_voltage_v": 3.652,
    "s1/m02/c01:cell_voltage_v": 3.650,
    "s1:insulation_kohm": 2400.0,
    "s1:ambient_temperature_c": 23.0,
    "s1:gas_alarm": 0.0,
    "s1:door_open": 0.0,
    "-:soh_pct": 91.0,
}
TROUBLE = {  # what a value may become
    "temperature_c": (39.5, 41.0, 52.0, 46.0),
    "cell_voltage_v": (4.27, 2.6, 2.75),
    "insulation_kohm": (480.0, 520.0, 150.0),
    "ambient_temperature_c": (29.0, 36.0, 9.0, 27.5),
    "gas_alarm": (1.0,),
    "door_open": (1.0,),
    "soh_pct": (79.0, 81.0, 69.0),
}
LAYOUT = Layout.of(parse_column(text) for text in NORMAL)


class Rack:
    """A rack whose values go wrong now and then, and come right again."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._values = np.array(list(NORMAL.values()))
        self._quality = np.zeros(len(LAYOUT), dtype=np.uint8)
        self._until_s = np.zeros(len(LAYOUT))
        self._fails_until_s = 0.0

    def poll(self, now_s: float, *, quiet: bool) -> Snapshot:
        if not quiet:
            self._get_into_trouble(now_s)
        over = self._until_s <= now_s
        self._values = np.where(over, list(NORMAL.values()), self._values)
        self._quality = np.where(over, 0, self._quality).astype(np.uint8)
        if now_s < self._fails_until_s:
            return failed_snapshot("rack-1", LAYOUT, at_s=now_s, failure="timeout: no answer")
        values = np.where(self._quality >= Quality.MISSING, np.nan, self._values)
        return Snapshot("rack-1", now_s, LAYOUT, values, self._quality)

    def _get_into_trouble(self, now_s: float) -> None:
        if self._chance.random() < 0.05:
            column = self._chance.randrange(len(LAYOUT))
            self._values[column] = self._chance.choice(TROUBLE[LAYOUT.columns[column].quantity])
            codes = (Quality.GOOD, Quality.GOOD, Quality.MISSING, Quality.UNCONFIRMED_JUMP)
            self._quality[column] = self._chance.choice(codes)
            self._until_s[column] = now_s + self._chance.choice((60, 600, 7200))
        if self._chance.random() < 0.001:
            self._fails_until_s = now_s + self._chance.choice((60, 240, 3600))


class Month:
    """Rules, alarms and an operator; it restarts and reloads now and then, like a daemon."""

    def __init__(self, seed: int) -> None:
        self.alarms: dict[AlarmKey, Alarm] = {}
        self.counts: dict[Reason, int] = {}
        self._book = shipped_rulebook()
        self._asset = make_asset(poll_interval_s=float(POLL_S))
        self._engine = Engine(self._book, [self._asset])
        self._chance = random.Random(seed + 1)

    def live(self, snapshot: Snapshot) -> None:
        now_s = snapshot.observed_at_s
        for half_s in (-30.0, 0.0):
            self._take(self._engine.tick(now_s + half_s))
        self._take(self._engine.evaluate(snapshot, now_s))
        if self._chance.random() < 0.0005:
            self._restart(now_s)
        if self._chance.random() < 0.01:
            self._operate(now_s)

    def _take(self, events: tuple[AlarmEvent, ...]) -> None:
        for event in events:
            before = self.alarms.get(event.key)
            transition = lifecycle.advance(before, event)
            assert not transition.is_refused, (event, before)
            self._check(before, transition.alarm, event)
            self.alarms[event.key] = transition.alarm
            self.counts[transition.reason] = self.counts.get(transition.reason, 0) + 1

    def _check(self, before: Alarm | None, after: Alarm, event: AlarmEvent) -> None:
        was_active = before is not None and before.is_active
        if event.change is Change.RETURNED:
            assert was_active
            assert after.condition is not Condition.NORMAL or (
                before is not None and before.condition is Condition.ACKNOWLEDGED
            )
        elif before is not None and was_active and not event.is_addition:
            assert after.priority > before.priority

    def _restart(self, now_s: float) -> None:
        self._engine = Engine(self._book, [self._asset])
        active = [alarm for alarm in self.alarms.values() if alarm.is_active]
        assert self._engine.restore(active, now_s=now_s) == ()

    def _operate(self, now_s: float) -> None:
        for key, alarm in self.alarms.items():
            self.alarms[key] = lifecycle.acknowledge(alarm, by="Kim", now_s=now_s).alarm


@pytest.mark.parametrize("seed", [1, 20250926])
def test_a_month_of_trouble_keeps_the_books_straight(seed: int) -> None:
    rack, month = Rack(seed), Month(seed)

    for elapsed_s in range(0, MONTH_S, POLL_S):
        quiet = elapsed_s > MONTH_S - QUIET_S
        month.live(rack.poll(NOON_S + elapsed_s, quiet=quiet))

    assert [alarm.key for alarm in month.alarms.values() if alarm.is_active] == []
    assert {alarm.key.rule for alarm in month.alarms.values()} >= {
        "module_temperature",
        "cell_voltage_high",
        "cell_voltage_low",
        "insulation",
        "ambient_high",
        "gas",
        "silence",
    }
    assert month.counts[Reason.RAISED] > 50
    assert month.counts[Reason.WORSENED] > 2
