"""One cause, one alarm: what a restart has to know of it."""

from batteryd.domain.alarm import Change, Priority
from tests.builders import NOON_S
from tests.racks import HOUR_S, Rack, engine_for, judged
from tests.rulebooks import alarms_of


def leak_then_heat(at_h, heat, volts):
    volts[1, 2] -= 0.014 * max(0.0, at_h - 4.0)
    heat[1] += min(2.5, 4.0 * max(0.0, at_h - 6.0)) + min(6.0, 30.0 * max(0.0, at_h - 8.0))


def test_what_was_added_before_a_restart_is_told_once_it_becomes_critical():
    rack = Rack()
    polls = list(rack.snapshots(8.5, leak_then_heat))
    cut = next(i for i, p in enumerate(polls) if p.observed_at_s >= NOON_S + 7.5 * HOUR_S)
    before = engine_for(rack)
    told = judged(rack, iter(polls[:cut]), before)
    after = engine_for(rack)
    after.learn_from("rack-1", before.learned("rack-1"))
    after.restore(alarms_of(told), now_s=polls[cut].observed_at_s)

    events = judged(rack, iter(polls[cut:]), after)

    assert {e.key.rule for e in told if not e.is_addition} == {"cell_leaking"}
    critical = [e for e in events if e.priority is Priority.CRITICAL]
    assert [(e.change, e.key.rule, e.is_addition) for e in critical] == [
        (Change.RAISED, "cell_leaking", False)
    ]
