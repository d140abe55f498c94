"""A burst passes at once; what comes after it, at the pace that is allowed."""

from hypothesis import given
from hypothesis import strategies as st

from batteryd.devices.allowance import Allowance


def test_a_burst_passes_and_then_one_a_second():
    allowance = Allowance(per_s=1.0, burst=3)

    at_once = [allowance.take(at_s=100.0) for _ in range(5)]
    later = [allowance.take(at_s=100.0 + after_s) for after_s in (0.5, 1.0, 1.5, 2.0)]

    assert at_once == [True, True, True, False, False]
    assert later == [False, True, False, True]


def test_rest_is_not_saved_up_beyond_a_burst():
    allowance = Allowance(per_s=1.0, burst=2)

    assert [allowance.take(at_s=3600.0) for _ in range(4)] == [True, True, False, False]


@given(st.lists(st.floats(0, 10), max_size=200))
def test_no_more_passes_than_burst_and_pace_allow(waits_s):
    allowance = Allowance(per_s=2.0, burst=5)
    at_s, passed = 50.0, 0

    for wait_s in waits_s:
        at_s += wait_s
        passed += allowance.take(at_s=at_s)

    assert passed <= 5 + 2.0 * sum(waits_s) + 1e-6
