"""What a device no longer shows is not over; what was reset is judged anew."""

from collections.abc import Iterator

import numpy as np
import pytest

from batteryd.domain.alarm import AlarmEvent, Change
from batteryd.domain.snapshot import Layout, Snapshot
from batteryd.rules.watch import UNSEEN_S_MAX
from tests.builders import NOON_S
from tests.listed import listed
from tests.racks import HOUR_S, Rack, engine_for, judged

GONE_H = 1.0


def without_module(rack: Rack, module: int, *, hours: float, back_h: float) -> Iterator[Snapshot]:
    """Yield polls of a rack whose module heats, and is not shown from `GONE_H` to `back_h`."""
    columns = rack.layout.columns
    kept = np.array([i for i, c in enumerate(columns) if c.component.module != module])
    yield from _shrunk(rack, module, kept, hours=hours, back_h=back_h)


def _shrunk(
    rack: Rack, module: int, kept: np.ndarray, *, hours: float, back_h: float
) -> Iterator[Snapshot]:
    def burns(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        if 0.5 < at_h < back_h:
            heat[module - 1] += 40.0 * min(1.0, (at_h - 0.5) / 0.3)

    smaller = Layout.of(rack.layout.columns[i] for i in kept)
    for poll in rack.snapshots(hours, burns):
        at_h = (poll.observed_at_s - NOON_S) / HOUR_S
        if GONE_H <= at_h < back_h:
            values, quality = poll.values[kept], poll.quality[kept]
            poll = Snapshot(poll.asset_id, poll.observed_at_s, smaller, values, quality)
        yield poll


def without_heat_of_module(
    rack: Rack, module: int, *, hours: float, back_h: float
) -> Iterator[Snapshot]:
    """Yield polls of the same rack, which goes on showing the cells of the module."""
    whole, parts = rack.layout.columns, []
    for column in whole:
        is_gone = column.component.module == module and column.quantity == "temperature_c"
        parts.append(not is_gone)
    kept = np.array(parts).nonzero()[0]
    yield from _shrunk(rack, module, kept, hours=hours, back_h=back_h)


def ends(events: list[AlarmEvent], module: str = "s1/m08") -> list[AlarmEvent]:
    return [e for e in events if str(e.key.component) == module and e.change is Change.RETURNED]


@pytest.mark.parametrize("polls", [without_module, without_heat_of_module])
def test_an_alarm_stands_when_its_module_is_no_longer_shown_and_ends_once_it_is_back_and_cool(
    polls,
):
    rack = Rack()

    events = judged(rack, polls(rack, 8, hours=4.0, back_h=2.5), engine_for(rack))

    critical = [e for e in events if e.setpoint == 50.0 and str(e.key.component) == "s1/m08"]
    assert critical
    assert {(e.at_s - NOON_S) / HOUR_S > 2.5 for e in ends(events)} == {True}


def test_an_alarm_whose_module_is_never_shown_again_ends_after_a_day():
    rack = Rack(poll_s=30.0)
    hours = GONE_H + UNSEEN_S_MAX / HOUR_S + 0.2

    events = judged(rack, without_module(rack, 8, hours=hours, back_h=hours), engine_for(rack))

    over = ends(events)
    assert over
    for end in over:
        waited_s = end.at_s - NOON_S - GONE_H * HOUR_S
        assert UNSEEN_S_MAX <= waited_s <= UNSEEN_S_MAX + 60.0
        assert end.why.startswith("no longer watched")


def test_a_reset_ends_what_rested_on_what_was_learned_and_a_new_sensor_is_learned():
    rack = Rack()
    rack.offsets[:] = 0.0

    def replaced(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat[2, 0] += 3.0 * (at_h > 3.0)  # a new sensor, which is off by 3 K as real ones are

    polls, engine = list(rack.snapshots(9.0, replaced)), engine_for(rack)
    cut, at_s = round(4 * HOUR_S / rack.poll_s), NOON_S + 4 * HOUR_S
    before = judged(rack, iter(polls[:cut]), engine)

    ended = engine.forget("rack-1", "judged anew: reset by Kim: sensor replaced", now_s=at_s)
    after = judged(rack, iter(polls[cut:]), engine)

    raised = [e for e in before if e.key.rule == "module_warmer"]
    assert [str(e.key.component) for e in raised if not e.is_addition] == ["s1/m03"]
    assert [(e.key, e.change, e.why) for e in ended] == [
        (raised[0].key, Change.RETURNED, "judged anew: reset by Kim: sensor replaced")
    ]
    assert after == []


def test_a_reset_ends_what_a_detector_added_to_a_limit_and_the_limit_stands():
    rack = Rack(ambient_c=lambda at_h: 37.0)

    def warm(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat[2] += 2.6 * (3.0 < at_h < 5.0)  # beyond 40 °C, and above its peers

    polls, engine = list(rack.snapshots(6.0, warm)), engine_for(rack)
    cut, at_s = round(4 * HOUR_S / rack.poll_s), NOON_S + 4 * HOUR_S
    before = judged(rack, iter(polls[:cut]), engine)

    ended = engine.forget("rack-1", "judged anew: reset by Kim", now_s=at_s)
    after = judged(rack, iter(polls[cut:]), engine)

    assert {e.key.rule for e in before if e.is_addition} == {"module_temperature"}
    assert ended == ()
    (end,) = ends(after, "s1/m03")
    found = {entry["rule"]: entry.get("over_at_s") for entry in listed(end.evidence["found"])}
    assert found["module_temperature"] == end.at_s
    assert found["module_warmer"] == at_s


def test_a_module_that_is_far_too_warm_is_told_again_after_a_reset():
    rack = Rack()

    def burns(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat[2] += min(7.0, 14.0 * max(0.0, at_h - 3.0))

    polls, engine = list(rack.snapshots(9.0, burns)), engine_for(rack)
    cut, at_s = round(4 * HOUR_S / rack.poll_s), NOON_S + 4 * HOUR_S
    judged(rack, iter(polls[:cut]), engine)

    engine.forget("rack-1", "judged anew", now_s=at_s)
    after = judged(rack, iter(polls[cut:]), engine)

    told = next(e for e in after if e.key.rule == "module_warmer")
    assert str(told.key.component) == "s1/m03"
    assert told.at_s - at_s < 0.2 * HOUR_S
    assert ends(after, "s1/m03") == []
