"""On-delays and off-delays of all places of a rule at once."""

import numpy as np
import pytest

from batteryd.domain.alarm import Change
from batteryd.rules.held import Held, Judged
from batteryd.rules.memory import recollect, remind

NAN = float("nan")
PLACES = 3


def make_held(*, on_delay_s: float = 180.0, off_delay_s: float = 600.0) -> Held:
    return Held(PLACES, on_delay_s=on_delay_s, off_delay_s=off_delay_s)


def turns(held: Held, *steps: float, minute: int = 0) -> list[tuple[int, Change, int]]:
    """Let the second place stand at so many steps, a minute each; return when what changed."""
    found = []
    for number, step in enumerate(steps, minute):
        judged = Judged(np.array([0.0, step, 0.0]), np.array([True, step == 0, True]))
        for turn in held.take(judged, at_s=60.0 * number):
            assert turn.place == 1
            found.append((number, turn.change, turn.step))
    return found


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((1, 1, 1), []),
        ((1, 1, 1, 1, 1), [(3, Change.RAISED, 1)]),
        ((1, 1, 0, 1, 1, 1), []),
        ((1, 1, NAN, 1), [(3, Change.RAISED, 1)]),
        ((1, 2, 2, 2, 2), [(3, Change.RAISED, 1), (4, Change.RAISED, 2)]),
        ((2, 1, 2, 2), [(3, Change.RAISED, 1)]),
        ((1, 1, 1, 1, *[0] * 10, 1), [(3, Change.RAISED, 1)]),
        ((1, 1, 1, 1, *[0] * 11), [(3, Change.RAISED, 1), (14, Change.RETURNED, 1)]),
        ((1, 1, 1, 1, *[NAN] * 11), [(3, Change.RAISED, 1)]),
    ],
)
def test_a_step_is_raised_once_it_was_reached_for_the_delay_and_returns_once_it_was_back(
    steps: tuple[float, ...], expected: list[tuple[int, Change, int]]
) -> None:
    assert turns(make_held(), *steps) == expected


def test_a_gap_lets_delays_begin_anew_and_keeps_what_is_active() -> None:
    held = make_held()
    turns(held, 1, 1, 1)

    held.restart()

    assert turns(held, 1, 1, 1, 1, minute=20) == [(23, Change.RAISED, 1)]
    held.restart()
    assert held.active_places == {1}


def test_a_pause_lets_what_was_reached_go_on() -> None:
    held = make_held()
    turns(held, 1, 1)

    held.pause()

    assert turns(held, 1, minute=6) == [(6, Change.RAISED, 1)]


def test_no_alarm_returns_by_a_time_in_which_nobody_looked() -> None:
    held = make_held()
    turns(held, 1, 1, 1, 1, 0, 0)

    held.pause()

    assert turns(held, *[0] * 10, minute=12) == []
    assert turns(held, 0, minute=22) == [(22, Change.RETURNED, 1)]


def test_delays_that_run_outlive_a_restart_and_what_is_active_is_adopted() -> None:
    before, after = make_held(), make_held()
    turns(before, 1, 1)

    assert remind({"held": after}, recollect({"held": before}))
    after.adopt(2, step=1, raised_at_s=0.0)

    assert after.active_places == {2}
    judged = Judged(np.array([0.0, 1.0, 1.0]), np.zeros(PLACES, bool))
    assert [(t.place, t.change, t.for_s) for t in after.take(judged, at_s=180.0)] == [
        (1, Change.RAISED, 180.0)
    ]


def test_delays_of_places_that_do_not_exist_are_left_out() -> None:
    held = make_held()

    held.table = np.array(
        [[1.0, 0.0, NAN, NAN], [7.0, 0.0, NAN, NAN], [-1.0, 0.0, NAN, NAN], [NAN, 0.0, NAN, NAN]]
    )

    assert held.pending.tolist() == [False, True, False]
