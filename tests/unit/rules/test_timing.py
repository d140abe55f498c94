"""On-delay, off-delay, growth and gaps of one alarm, as timetables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.domain.alarm import Change, Priority
from batteryd.rules.timing import Timing

M, H, C = Priority.MEDIUM, Priority.HIGH, Priority.CRITICAL


def make_timing(on_delay_s=None, *, off_delay_s=60.0, gap_s=60.0):
    return Timing(on_delay_s or {M: 30.0, C: 0.0}, off_delay_s=off_delay_s, gap_s=gap_s)


def run(timing, *observations):
    """Feed (at_s, reached, is_back); return (at_s, change, priority, for_s) of what changed."""
    changes = []
    for at_s, reached, is_back in observations:
        verdict = timing.step(at_s, reached=reached, is_back=is_back)
        if verdict is not None:
            changes.append((at_s, *verdict))
    return changes


def steady(from_s, to_s, reached, *, is_back=False):
    return [(float(at_s), reached, is_back) for at_s in range(from_s, to_s, 10)]


def test_a_priority_is_raised_once_its_own_delay_is_over():
    found = run(make_timing(), *steady(0, 100, M), *steady(100, 150, C))

    assert found == [(30.0, Change.RAISED, M, 30.0), (100.0, Change.RAISED, C, 0.0)]


def test_a_break_starts_the_on_delay_anew():
    found = run(make_timing(), *steady(0, 30, M), (30.0, None, False), *steady(40, 100, M))

    assert found == [(70.0, Change.RAISED, M, 30.0)]


def test_a_higher_priority_does_not_wait_for_the_lower_ones_delay_nor_lend_it_its_own():
    slow_critical = {M: 0.0, C: 30.0}

    found = run(make_timing(slow_critical), *steady(0, 100, C))

    assert found == [(0.0, Change.RAISED, M, 0.0), (30.0, Change.RAISED, C, 30.0)]


def test_a_priority_that_the_rule_does_not_have_is_never_raised():
    found = run(make_timing({M: 0.0}), *steady(0, 50, C))

    assert found == [(0.0, Change.RAISED, M, 0.0)]


def test_a_priority_never_falls_while_the_alarm_is_active():
    timing = make_timing()

    found = run(timing, *steady(0, 20, C), *steady(20, 200, M), *steady(200, 300, None))

    assert found == [(0.0, Change.RAISED, C, 0.0)]
    assert timing.priority is C


def test_an_alarm_returns_after_the_off_delay_with_the_priority_it_had():
    found = run(make_timing(), *steady(0, 20, C), *steady(20, 120, None, is_back=True))

    assert found[1:] == [(80.0, Change.RETURNED, C, 80.0)]


def test_a_value_inside_the_deadband_starts_the_off_delay_anew():
    found = run(
        make_timing(),
        *steady(0, 20, C),
        *steady(20, 70, None, is_back=True),
        (70.0, None, False),
        *steady(80, 150, None, is_back=True),
    )

    assert found[1:] == [(140.0, Change.RETURNED, C, 140.0)]


@pytest.mark.parametrize("next_at_s", [81.0, 300.0, 10.0, -5.0])
def test_a_gap_or_a_clock_that_ran_back_starts_running_delays_anew(next_at_s):
    timing = make_timing()

    before = run(timing, (10.0, M, False), (20.0, M, False))
    after = run(timing, *((next_at_s + s, M, False) for s in (0.0, 29.0, 30.0)))

    assert before == []
    assert after == [(next_at_s + 30.0, Change.RAISED, M, 30.0)]


def test_a_gap_within_the_limit_counts():
    assert run(make_timing(), (0.0, M, False), (60.0, M, False)) == [(60.0, Change.RAISED, M, 60.0)]


def test_a_gap_loses_nothing_that_is_active():
    timing = make_timing()

    run(timing, (0.0, C, False))
    found = run(timing, (86400.0, C, False), (86410.0, None, True), (86470.0, None, True))

    assert found == [(86470.0, Change.RETURNED, C, 86470.0)]


def test_there_is_nothing_to_remember_once_all_is_normal():
    timing = make_timing()

    seen = []
    for at_s, reached, is_back in [(0, None, True), (10, M, False), (20, None, True)]:
        timing.step(at_s, reached=reached, is_back=is_back)
        seen.append(timing.is_idle)

    assert seen == [True, False, True]


@given(
    st.lists(
        st.tuples(
            st.floats(-10, 200, allow_nan=False), st.sampled_from([None, M, H, C]), st.booleans()
        ),
        max_size=60,
    )
)
def test_whatever_happens_beginnings_and_ends_alternate_and_priorities_only_grow(history):
    timing, at_s, active = make_timing({M: 30.0, H: 10.0, C: 0.0}), 0.0, None

    for elapsed_s, reached, is_back in history:
        at_s += elapsed_s
        verdict = timing.step(at_s, reached=reached, is_back=is_back and reached is None)

        if verdict is None:
            continue
        if verdict.change is Change.RAISED:
            assert active is None or verdict.priority > active
            active = verdict.priority
        else:
            assert verdict.priority is active
            active = None
    assert timing.priority is active
