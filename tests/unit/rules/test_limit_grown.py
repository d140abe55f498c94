"""A limit's alarm that a detector has made grow: the limit itself has not come so far."""

from batteryd.domain.alarm import Change, Priority
from tests.builders import NOON_S
from tests.racks import HOUR_S, Rack, engine_for, judged
from tests.rulebooks import alarms_of

STARTS_AGAIN_H = 2.0


def test_a_critical_limit_is_told_after_a_restart_though_a_detector_was_critical_before_it():
    def change(at_h, heat, volts):
        heat[2] += 2.6 * (at_h > 0.5)  # 41 °C: the alarm is that of the limit
        heat[2] += 7.0 * min(1.0, 3.0 * max(0.0, at_h - 1.0))  # and grows, far above its peers
        heat[2] += 8.0 * min(1.0, 3.0 * max(0.0, at_h - 2.5))  # to 56 °C

    rack = Rack(ambient_c=lambda hours: 37.0)
    polls = list(rack.snapshots(3.0, change))
    cut = next(i for i, p in enumerate(polls) if p.observed_at_s > NOON_S + STARTS_AGAIN_H * HOUR_S)
    before, after = engine_for(rack), engine_for(rack)
    told = judged(rack, iter(polls[:cut]), before)
    after.learn_from("rack-1", before.learned("rack-1"))
    after.restore(alarms_of(told), now_s=polls[cut].observed_at_s)

    events = judged(rack, iter(polls[cut:]), after)

    grown = [
        e for e in told if e.priority is Priority.CRITICAL and str(e.key.component) == "s1/m03"
    ]
    assert {(e.key.rule, e.change, e.setpoint) for e in grown} == {
        ("module_temperature", Change.RAISED, 8.0)  # above its peers
    }
    assert [
        (e.setpoint, e.is_addition)
        for e in events
        if e.key.rule == "module_temperature" and e.setpoint == 50.0
    ] == [(50.0, False)]
